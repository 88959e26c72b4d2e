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
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, fields
from typing import NamedTuple

import msgspec

from bodychan.errors import OperatorError, did_you_mean
from bodychan.operators.catalog import kind_of
from bodychan.operators.chop import CHOP
from bodychan.operators.kinect.playback import Playback
from bodychan.operators.kinect.top import KinectAzureTOP
from bodychan.operators.operator import Network

_KEYS = ("fps", "realtime", "operators", "outputs")
_HEADER = re.compile(r"\s*\[\[?([^\[\]]+)\]\]?\s*(#.*)?")
_KEY = re.compile(r"""\s*["']?([\w-]+)["']?\s*=""")


class OutputLine(NamedTuple):
    """Where the channels of an operator are to go: its name, and what `open_output` takes."""

    source: str
    target: str


def dump(network: Network, outputs: Sequence[OutputLine]) -> str:
    """Write operators and outputs as text that `ProjectFile` reads."""
    lines = [f"fps = {_value(float(network.fps))}", f"realtime = {_value(network.realtime)}"]
    for operator in network.ops("*"):
        lines += ["", f"[operators.{operator.name}]", f"type = {_value(type(operator).__name__)}"]
        for parameter, value in operator.pars():
            if value != parameter.default:
                lines.append(f"{parameter.name} = {_value(value)}")
        if isinstance(operator, CHOP) and operator.export:
            lines.append("export = true")
        if isinstance(operator, KinectAzureTOP) and operator.playback != Playback():
            lines.append(f"playback = {_inline(operator.playback)}")
    for output in outputs:
        lines += ["", "[[outputs]]", f"from = {_value(output.source)}", f"to = {_value(output.target)}"]
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
        fps = self._content.get("fps", 60.0)
        if isinstance(fps, bool) or not isinstance(fps, int | float) or not 0 < fps <= 1000:
            raise self._error(("fps",), f"fps is {fps!r}: give a number up to 1000")
        self.fps = float(fps)
        self.realtime = self._flag(self._content.get("realtime", False), ("realtime",))

    def fill(self, network: Network) -> list[OutputLine]:
        """Make the operators in an empty network; give the outputs.

        Raises:
            OperatorError: the file names what does not exist; the message says in which line, and what is
                near.
        """
        for name, values in self._table(self._content.get("operators", {}), ("operators",)).items():
            self._operator(network, name, self._table(values, ("operators", name)))
        outputs = self._content.get("outputs", [])
        if not isinstance(outputs, list):
            raise self._error(("outputs",), "outputs is not a list: write [[outputs]] before each")
        places = [(output, (f"outputs#{place}",)) for place, output in enumerate(outputs)]
        return [self._output(network, self._table(output, at), at) for output, at in places]

    def _operator(self, network: Network, name: str, values: Mapping[str, object]) -> None:
        at = ("operators", name)
        kind = values.get("type")
        if not isinstance(kind, str):
            raise self._error(at, f"operator '{name}' has no type: write type = \"KinectAzureCHOP\"")
        extra = {}
        try:
            found = kind_of(kind)
        except OperatorError as error:
            raise self._error((*at, "type"), str(error)) from error
        if issubclass(found, KinectAzureTOP) and "playback" in values:
            extra["playback"] = self._playback(values["playback"], (*at, "playback"))
        try:
            operator = network.create(found, name, **extra)
        except OperatorError as error:
            raise self._error(at, str(error)) from error
        for key, value in values.items():
            if key == "export" and isinstance(operator, CHOP):
                operator.export = self._flag(value, (*at, key))
            elif key != "type" and key not in extra:
                try:
                    setattr(operator.par, key, value)
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
            playback = msgspec.convert(values, Playback)
        except msgspec.ValidationError as error:
            raise self._error(at, f"playback: {error}") from error
        if playback.start < 0 or playback.speed <= 0 or (playback.duration or 1) <= 0:
            raise self._error(at, "playback: start must be 0 or more, speed and duration more than 0")
        return playback

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
    """Give the line of every header and key; tomllib tells none once it has parsed."""
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


def _value(value: object) -> str:
    """Write a value as TOML does; its strings are JSON's, but for one character."""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return str(value).lower() if isinstance(value, bool) else repr(value)


def _inline(playback: Playback) -> str:
    changed = {k: v for k, v in asdict(playback).items() if v != getattr(Playback(), k)}
    return "{ " + ", ".join(f"{key} = {_value(value)}" for key, value in changed.items()) + " }"
