"""Exports: channels that drive parameters of operators and attributes of registered Python objects."""

import csv
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from bodychan.channels.channels import Channels
from bodychan.errors import OperatorError, ParameterError
from bodychan.operators.operator import Network, Operator
from bodychan.operators.parameters import Kind

_COLUMNS = ("path", "parameter", "channel")


class ExportRow(NamedTuple):
    """One row of an export table: which channel (name, or index from 0) drives what."""

    path: str
    parameter: str
    channel: str | int
    enable: bool = True


class Link(NamedTuple):
    """A channel, by its row, and what it drives."""

    row: int
    target: object
    parameter: str
    path: str


def read_table(path: str) -> tuple[ExportRow, ...]:
    """Read an export table: a .csv with the columns path, parameter, channel and enable, or a .toml of them.

    In TOML every row is an `[[export]]`; `enable` may be left out.

    Raises:
        OperatorError: the file cannot be read, or is not such a table.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
        if path.lower().endswith(".toml"):
            rows = tomllib.loads(text).get("export", [])
        else:
            rows = list(csv.DictReader(text.splitlines(), skipinitialspace=True))
        return tuple(_row(path, number, row) for number, row in enumerate(rows, 1))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise OperatorError(f"export table {path} cannot be read: {error}") from error


def _row(path: str, number: int, row: object) -> ExportRow:
    if not isinstance(row, dict) or any(row.get(column) in (None, "") for column in _COLUMNS):
        raise OperatorError(f"export table {path}, row {number}: it needs {', '.join(_COLUMNS)}")
    enable = str(row.get("enable", "1")).strip().lower() not in ("0", "false", "off", "no")
    return ExportRow(str(row["path"]), str(row["parameter"]), str(row["channel"]), enable)


def links(
    project: Network, channels: Channels, method: str, root: str, table: Sequence[ExportRow]
) -> tuple[list[Link], list[str]]:
    """Find what channels drive, and say what could not be found.

    Args:
        project: where operators and registered objects live.
        channels: what drives them.
        method: "autoname", where a channel's name is path and parameter; "datindex" or "datname".
        root: path that names are relative to; empty for the project's.
        table: of the two latter methods.
    """
    if method == "autoname":
        return _by_name(project, channels, root)
    found, warnings = [], []
    for entry in table:
        if not entry.enable:
            continue
        row = _row_of(channels, entry.channel, method)
        target = project.target(entry.path, root)
        if row is None:
            warnings.append(f"export to {entry.path}: there is no channel {entry.channel}")
        elif target is None:
            warnings.append(f"export of {channels.names[row]}: nothing is at {entry.path}")
        else:
            found.append(Link(row, target, entry.parameter, entry.path))
    return found, warnings


def _by_name(project: Network, channels: Channels, root: str) -> tuple[list[Link], list[str]]:
    found, lost = [], []
    for row, name in enumerate(channels.names):
        path, _, parameter = name.replace(":", "/").rpartition("/")
        target = project.target(path, root) if path else None
        if target is None:
            lost.append(name)
        else:
            found.append(Link(row, target, parameter, path))
    if not lost:
        return found, []
    return found, [f"{len(lost)} of {len(channels.names)} channels lead nowhere, such as '{lost[0]}'"]


def _row_of(channels: Channels, channel: str | int, method: str) -> int | None:
    if method == "datname":
        return channels.names.index(channel) if channel in channels.names else None
    index = int(channel) if str(channel).strip().isdigit() else -1
    return index if 0 <= index < channels.numChans else None


def drive(found: Sequence[Link], channels: Channels) -> Iterator[str]:
    """Set what the links lead to to the channels' newest values; return a warning for what takes none."""
    for link in found:
        value = float(channels.samples[link.row, -1])
        try:
            if isinstance(link.target, Operator):
                _set_parameter(link.target, link.parameter, value)
            else:
                _set_attribute(link.target, link.parameter, value)
        except (ParameterError, AttributeError, TypeError, ValueError) as error:
            yield f"export of {channels.names[link.row]} to {link.path}: {error}"


def _set_parameter(operator: Operator, name: str, value: float) -> None:
    """Set a parameter as TouchDesigner does: toggles are on above 0, menus take the index."""
    kinds = {parameter.name: parameter.kind for parameter in operator.parameters}
    kind = kinds.get(name)
    if kind in (Kind.STRING, Kind.FILE, Kind.OPERATOR, Kind.PULSE):
        raise ParameterError(f"parameter '{name}' takes no numbers")
    if kind is Kind.TOGGLE:
        setattr(operator.par, name, value > 0)
    else:
        setattr(operator.par, name, int(value) if kind in (Kind.INT, Kind.MENU) else value)


def _set_attribute(target: object, name: str, value: float) -> None:
    before = getattr(target, name)
    if isinstance(before, bool):
        setattr(target, name, value > 0)
    else:
        setattr(target, name, int(value) if isinstance(before, int) else value)
