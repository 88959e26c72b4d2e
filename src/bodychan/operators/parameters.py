"""Parameters: one table per operator, from which validation, the command line and the docs derive."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from os import PathLike, fspath
from typing import Any

from bodychan.errors import ParameterError, did_you_mean

Value = bool | int | float | str

_ON_OFF = {
    "1": True,
    "on": True,
    "true": True,
    "yes": True,
    "0": False,
    "off": False,
    "false": False,
    "no": False,
}


class Kind(Enum):
    """What a parameter holds."""

    TOGGLE = "toggle"
    INT = "int"
    FLOAT = "float"
    MENU = "menu"
    STRING = "string"
    PULSE = "pulse"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One row of an operator's parameter table.

    `name` is TouchDesigner's, and so are `label` and `page`, unless `ours` is set. `minimum` and `maximum`
    are hard limits of a number, in `unit`: a value outside is refused. `soft` is the range that a slider
    shows; values outside are taken. `menu` holds a menu's items, name and label; a value may be given as the
    name or as its place in the menu. A pulse is off and does something when it is set to on.
    """

    name: str
    label: str
    page: str
    kind: Kind
    default: Value
    help: str
    minimum: float | None = None
    maximum: float | None = None
    menu: tuple[tuple[str, str], ...] = ()
    unit: str = ""
    soft: tuple[float, float] | None = None
    ours: bool = False

    def convert(self, value: object) -> Value:
        """Check a value, or read it from text as the command line gives it.

        Raises:
            ParameterError: it is not of the parameter's kind, or outside its range.
        """
        if self.kind is Kind.MENU:
            return self._item(value)
        converted = _CONVERTERS[self.kind](value)
        if converted is None:
            raise ParameterError(f"parameter '{self.name}': {value!r} is not {_WANTED[self.kind]}")
        if self.kind in (Kind.INT, Kind.FLOAT) and not self._in_range(converted):
            raise ParameterError(f"parameter '{self.name}': {value} is outside {self.span} ({self.label})")
        return converted

    @property
    def span(self) -> str:
        """The hard limits in words, with the unit; empty when there are none."""
        low, high = self.minimum, self.maximum
        if low is None and high is None:
            return ""
        unit = f" {self.unit}" if self.unit else ""
        if low is None or high is None:
            return f"{_plain(high)} or less{unit}" if high is not None else f"{_plain(low)} or more{unit}"
        return f"{_plain(low)} to {_plain(high)}{unit}"

    def _item(self, value: object) -> str:
        names = [name for name, _ in self.menu]
        if isinstance(value, str) and value in names:
            return value
        place = _int(value)
        if isinstance(place, int) and 0 <= place < len(names):
            return names[place]
        hint = did_you_mean(str(value), names)
        raise ParameterError(f"parameter '{self.name}' has no item {value!r}: {hint}")

    def _in_range(self, value: Value) -> bool:
        number = float(value)
        above = self.minimum is None or number >= self.minimum
        return above and (self.maximum is None or number <= self.maximum)


def _plain(number: float | None) -> str:
    """Write a limit without the digits that it does not need."""
    return "" if number is None else str(int(number) if float(number).is_integer() else number)


def _toggle(value: object) -> Value | None:
    if isinstance(value, str):
        return _ON_OFF.get(value.strip().lower())
    return bool(value) if value in (0, 1) else None


def _int(value: object) -> Value | None:
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    return int(number) if number.is_integer() else None


def _float(value: object) -> Value | None:
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def _text(value: object) -> Value | None:
    return fspath(value) if isinstance(value, str | PathLike) else None


def _reference(value: object) -> Value | None:
    path = getattr(value, "path", value)
    return path if isinstance(path, str) else None


_CONVERTERS: dict[Kind, Callable[[object], Value | None]] = {
    Kind.TOGGLE: _toggle,
    Kind.INT: _int,
    Kind.FLOAT: _float,
    Kind.STRING: _text,
    Kind.PULSE: _toggle,
    Kind.OPERATOR: _reference,
}
_WANTED = {
    Kind.TOGGLE: "on or off (1 or 0)",
    Kind.INT: "a whole number",
    Kind.FLOAT: "a finite number",
    Kind.STRING: "text",
    Kind.PULSE: "on or off (1 or 0)",
    Kind.OPERATOR: "an operator's name or path",
}


class Parameters:
    """The parameters of one operator as attributes: `op.par.maxplayers = 2`.

    Names that the operator does not have and values outside the range are refused; the attribute keeps its
    value then.
    """

    def __init__(
        self,
        operator_type: str,
        table: tuple[Parameter, ...],
        on_change: Callable[[str], None] = lambda _name: None,
        on_pulse: Callable[[str], None] = lambda _name: None,
    ) -> None:
        object.__setattr__(self, "_type", operator_type)
        object.__setattr__(self, "_table", {p.name: p for p in table})
        object.__setattr__(self, "_values", {p.name: p.default for p in table})
        object.__setattr__(self, "_on_change", on_change)
        object.__setattr__(self, "_on_pulse", on_pulse)

    def __getattr__(self, name: str) -> Any:
        # A value's type depends on its row, which only the caller knows.
        if name.startswith("__"):
            raise AttributeError(name)  # Python's own look-ups, such as those of copy
        self._require(name)
        return self._values[name]

    def __setattr__(self, name: str, value: object) -> None:
        parameter = self._require(name)
        converted = parameter.convert(value)
        if parameter.kind is Kind.PULSE:
            if converted:
                self._on_pulse(name)
            return
        if converted != self._values[name]:
            self._values[name] = converted
            self._on_change(name)

    def __dir__(self) -> list[str]:
        return list(self._table)

    def __iter__(self) -> Iterator[tuple[Parameter, Value]]:
        return ((p, self._values[p.name]) for p in self._table.values())

    def _require(self, name: str) -> Parameter:
        table: dict[str, Parameter] = self.__dict__["_table"]
        if name not in table:
            raise ParameterError(f"{self._type} has no parameter '{name}': {did_you_mean(name, table)}")
        return table[name]
