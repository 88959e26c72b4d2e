"""Projects as TOML: operators, the parameters that differ from their defaults, and outputs.

fps = 60
realtime = true

[operators.kinectazure1]
type = "KinectAzureTOP"
sensor = "take.mkv"
playback = { loop = true }

[operators.bodies]
type = "KinectAzureCHOP"
top = "kinectazure1"

[[outputs]]
from = "bodies"
to = "osc://127.0.0.1:7000"
"""

import json
import os
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import NamedTuple

import msgspec

from bodychan.errors import OperatorError, did_you_mean
from bodychan.operators.catalog import kind_of
from bodychan.operators.chop import CHOP
from bodychan.operators.kinect.playback import Playback
from bodychan.operators.kinect.top import KinectAzureTOP
from bodychan.operators.operator import Network
from bodychan.operators.parameters import Kind
from bodychan.operators.timeline import checked_rate
from bodychan.plugins import scheme_of

_KEYS = ("fps", "realtime", "operators", "outputs")
_HEADER = re.compile(r"\s*\[\[?([^\[\]]+)\]\]?\s*(#.*)?")
_KEY = re.compile(r"""\s*["']?([\w-]+)["']?\s*=""")


class OutputLine(NamedTuple):
    """Where the channels of an operator are to go: its name, and what `open_output` takes."""

    source: str
    target: str


def dump(network: Network, outputs: Sequence[OutputLine], folder: Path) -> str:
    """Write operators and outputs as text that `ProjectFile` reads in a folder."""
    lines = [f"fps = {_value(float(network.fps))}", f"realtime = {_value(network.realtime)}"]
    for operator in network.ops("*"):
        lines += ["", f"[operators.{operator.name}]", f"type = {_value(type(operator).__name__)}"]
        for parameter, value in operator.pars():
            if value != parameter.default:
                if parameter.kind is Kind.FILE:
                    value = _seen_from(folder, str(value), parameter.name)
                lines.append(f"{parameter.name} = {_value(value)}")
        if isinstance(operator, CHOP) and operator.export:
            lines.append("export = true")
        if isinstance(operator, KinectAzureTOP) and operator.playback != Playback():
            lines.append(f"playback = {_inline(operator.playback)}")
    for source, target in outputs:
        target = _seen_from(folder, target, "to")
        lines += ["", "[[outputs]]", f"from = {_value(source)}", f"to = {_value(target)}"]
    return "\n".join(lines) + "\n"


class ProjectFile:
    """A project as TOML text: its `fps` and `realtime`, and what `fill` makes of the rest.

    Args:
        text: TOML.
        name: of the file, for messages, which say in which line they were caused.

    Raises:
        OperatorError: the text is no TOML, or has keys that mean nothing.
    """

    def __init__(self, text: str, name: str) -> None:
        self._name = name
        self._lines = dict(_places(text))
        try:
            self._content: Mapping[str, object] = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise OperatorError(f"{name} is not TOML: {error}") from error
        self._known(self._content, _KEYS, ())
        try:
            self.fps = checked_rate(self._content.get("fps", 60.0))
        except OperatorError as error:
            raise self._error(("fps",), str(error)) from error
        self.realtime = self._flag(self._content.get("realtime", False), ("realtime",))

    def fill(self, network: Network, folder: Path) -> list[OutputLine]:
        """Make the operators in an empty network; return the outputs.

        Args:
            network: where the operators go.
            folder: what relative paths are relative to.

        Raises:
            OperatorError: the file names what does not exist; the message says in which line, and what is
                near.
        """
        for name, values in self._table(self._content.get("operators", {}), ("operators",)).items():
            self._operator(network, name, self._table(values, ("operators", name)), folder)
        outputs = self._content.get("outputs", [])
        if not isinstance(outputs, list):
            raise self._error(("outputs",), "outputs is not a list: write [[outputs]] before each")
        places = [(output, (f"outputs#{place}",)) for place, output in enumerate(outputs)]
        lines = [self._output(network, self._table(output, at), at) for output, at in places]
        return [OutputLine(source, _found_from(folder, target, "to")) for source, target in lines]

    def _operator(self, network: Network, name: str, values: Mapping[str, object], folder: Path) -> None:
        at = ("operators", name)
        kind = values.get("type")
        if not isinstance(kind, str):
            raise self._error(at, f"operator '{name}' has no type: write type = \"KinectAzureCHOP\"")
        try:
            found = kind_of(kind)
        except OperatorError as error:
            raise self._error((*at, "type"), str(error)) from error
        try:
            operator = network.create(found, name)
        except OperatorError as error:
            raise self._error(at, str(error)) from error
        files = {row.name for row in found.parameters if row.kind is Kind.FILE}
        for key, value in values.items():
            if key == "type":
                continue
            if key in found.attributes:
                attribute = self._playback if key == "playback" else self._flag
                setattr(operator, key, attribute(value, (*at, key)))
                continue
            try:
                path = key in files and isinstance(value, str)
                setattr(operator.par, key, _found_from(folder, str(value), key) if path else value)
            except OperatorError as error:
                raise self._error((*at, key), str(error)) from error

    def _flag(self, value: object, at: tuple[str, ...]) -> bool:
        if not isinstance(value, bool):
            raise self._error(at, f"{at[-1]} is {value!r}: write true or false")
        return value

    def _playback(self, value: object, at: tuple[str, ...]) -> Playback:
        values = self._table(value, at)
        self._known(values, [field.name for field in fields(Playback)], at)
        try:
            return msgspec.convert(values, Playback)
        except (msgspec.ValidationError, OperatorError) as error:
            raise self._error(at, f"playback: {error}") from error

    def _output(self, network: Network, values: Mapping[str, object], at: tuple[str, ...]) -> OutputLine:
        self._known(values, ("from", "to"), at)
        source, target = values.get("from"), values.get("to")
        if not isinstance(source, str) or not isinstance(target, str):
            raise self._error(at, 'an output needs two texts: from = "OPERATOR" and to = "TARGET"')
        try:
            operator = network.op(source)
        except OperatorError as error:
            raise self._error((*at, "from"), str(error)) from error
        if not isinstance(operator, CHOP):
            raise self._error((*at, "from"), f"{operator.path} has no channels to put out: name a CHOP")
        return OutputLine(source, target)

    def _table(self, value: object, at: tuple[str, ...]) -> Mapping[str, object]:
        if not isinstance(value, dict):
            raise self._error(at, f"'{at[-1]}' is not a table: write [{'.'.join(at)}] and its keys below")
        return value

    def _known(self, values: Mapping[str, object], names: Sequence[str], at: tuple[str, ...]) -> None:
        for key in values:
            if key not in names:
                raise self._error((*at, key), f"no key '{key}' here: {did_you_mean(key, names)}")

    def _error(self, at: tuple[str, ...], message: str) -> OperatorError:
        """Make an error that names the line of a key, or of the nearest thing around it."""
        while at and at not in self._lines:
            at = at[:-1]
        line = f", line {self._lines[at]}" if at else ""
        return OperatorError(f"{self._name}{line}: {message}")


def _places(text: str) -> Iterator[tuple[tuple[str, ...], int]]:
    """Return the line of every header and key; tomllib tells none once it has parsed."""
    section: tuple[str, ...] = ()
    outputs = -1
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.fullmatch(line):
            section = tuple(part.strip(" \t\"'") for part in header[1].split("."))
            if line.lstrip().startswith("[["):
                outputs += 1
                section = (f"{section[0]}#{outputs}",)
            yield section, number
        elif key := _KEY.match(line):
            yield (*section, key[1]), number


def _is_path(text: str, key: str) -> bool:
    # As a sensor or an output a bare word is no path: a serial number, an index, `terminal`.
    bare = text.isalnum() and key in ("sensor", "to")
    return bool(text) and not scheme_of(text) and not bare


def _found_from(folder: Path, text: str, key: str) -> str:
    """Return a path that is relative to the folder as the working directory finds it."""
    return str(folder / text) if _is_path(text, key) and folder != Path() else text


def _seen_from(folder: Path, text: str, key: str) -> str:
    """Return a path that the working directory finds as somebody in the folder finds it."""
    here, base = Path.cwd(), Path(os.path.normpath(Path.cwd() / folder))
    if not _is_path(text, key) or Path(text).is_absolute() or base == here:
        return text
    path = Path(os.path.normpath(here / text))
    return path.relative_to(base).as_posix() if path.is_relative_to(base) else str(path)


def _value(value: object) -> str:
    """Write a value as TOML does; its strings are JSON's, but for one character."""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return str(value).lower() if isinstance(value, bool) else repr(value)


def _inline(playback: Playback) -> str:
    changed = {k: v for k, v in asdict(playback).items() if v != getattr(Playback(), k)}
    return "{ " + ", ".join(f"{key} = {_value(value)}" for key, value in changed.items()) + " }"
