"""Parameters: one table per page, from which validation, types, the command line and the docs derive.

A table is a class, and each row an attribute of it, so that type checkers know every parameter too:

    class FilterPage(Parameters, page="Filter"):
        smoothing = number("Smoothing", 0.5, 0, 1, "", "Share of the past.")

An operator's table joins those of its pages.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import Enum
from os import PathLike, fspath
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol, Self, TypeVar, overload

from bodychan.errors import ParameterError, did_you_mean

Value = bool | int | float | str

_Got = TypeVar("_Got", bool, int, float, str)
_Taken = TypeVar("_Taken", contravariant=True)

_ON_OFF = {
    **dict.fromkeys(("1", "on", "true", "yes"), True),
    **dict.fromkeys(("0", "off", "false", "no"), False),
}


class Kind(Enum):
    """What a parameter holds."""

    TOGGLE = "toggle"
    INT = "int"
    FLOAT = "float"
    MENU = "menu"
    STRING = "string"
    FILE = "file"
    PULSE = "pulse"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One row of a parameter table.

    `name` is TouchDesigner's, and so are `label` and `page`, unless `ours` is set. `minimum` and `maximum`
    are hard limits of a number, in `unit`: a value outside is refused. `soft` is the range that a slider
    shows where that is narrower. `menu` holds a menu's items, name and label; a value may be given as the
    name or as its place in the menu; `more` lists further items that depend on what is installed. A file is
    a path or, where it names a camera, a URL. A pulse is off and does something when it is set to on.
    """

    kind: Kind
    label: str
    default: Value
    help: str
    minimum: float | None = None
    maximum: float | None = None
    unit: str = ""
    soft: tuple[float, float] | None = None
    menu: tuple[tuple[str, str], ...] = ()
    more: Callable[[], tuple[str, ...]] | None = None
    ours: bool = False
    name: str = ""
    page: str = ""

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
        if self.more is not None:
            names += [name for name in self.more() if name not in names]
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
    Kind.FILE: _text,
    Kind.PULSE: _toggle,
    Kind.OPERATOR: _reference,
}
_WANTED = {
    Kind.TOGGLE: "on or off (1 or 0)",
    Kind.INT: "a whole number",
    Kind.FLOAT: "a finite number",
    Kind.STRING: "text",
    Kind.FILE: "a path",
    Kind.PULSE: "on or off (1 or 0)",
    Kind.OPERATOR: "an operator's name or path",
}


class Row(Parameter, Generic[_Got, _Taken]):
    """A row as an attribute of its table: read on the class the row, on an operator's `par` its value."""

    __slots__ = ()

    @overload
    def __get__(self, par: None, table: type) -> Self: ...

    @overload
    def __get__(self, par: "Parameters", table: type) -> _Got: ...

    def __get__(self, par: "Parameters | None", table: type) -> Any:
        return self if par is None else par._values[self.name]

    def __set__(self, par: "Parameters", value: _Taken) -> None:
        par._take(self, value)


class _HasPath(Protocol):
    @property
    def path(self) -> str: ...


_Switch = bool | int | str
_Number = float | str
_Text = str | PathLike[str]


def toggle(label: str, default: bool, about: str, *, ours: bool = False) -> Row[bool, _Switch]:
    """Make a row that is on or off."""
    return Row(Kind.TOGGLE, label, default, about, ours=ours)


def pulse(label: str, about: str) -> Row[bool, _Switch]:
    """Make a row that does something when it is set to on."""
    return Row(Kind.PULSE, label, False, about)


def whole(label: str, default: int, span: tuple[int, int], unit: str, about: str) -> Row[int, _Number]:
    """Make a row for a whole number within a span."""
    return Row(Kind.INT, label, default, about, *span, unit)


def number(
    label: str,
    default: float,
    span: tuple[float, float],
    unit: str,
    about: str,
    soft: tuple[float, float] | None = None,
) -> Row[float, _Number]:
    """Make a row for a number within a span."""
    return Row(Kind.FLOAT, label, default, about, *span, unit, soft)


def menu(
    label: str,
    items: tuple[tuple[str, str], ...],
    default: str,
    about: str,
    *,
    more: Callable[[], tuple[str, ...]] | None = None,
    ours: bool = False,
) -> Row[str, str | int]:
    """Make a row for a choice from a menu."""
    return Row(Kind.MENU, label, default, about, menu=items, more=more, ours=ours)


def text(label: str, default: str, about: str, *, ours: bool = False) -> Row[str, str]:
    """Make a row for text."""
    return Row(Kind.STRING, label, default, about, ours=ours)


def file(label: str, default: str, about: str, *, ours: bool = False) -> Row[str, _Text]:
    """Make a row for the path of a file, or the URL of a camera."""
    return Row(Kind.FILE, label, default, about, ours=ours)


def reference(label: str, about: str) -> Row[str, str | _HasPath]:
    """Make a row for another operator."""
    return Row(Kind.OPERATOR, label, "", about)


class Parameters:
    """A parameter table; an instance holds the values of one operator: `op.par.maxplayers = 2`.

    Names that the operator does not have and values outside the range are refused; the attribute keeps its
    value then. A table joins the rows of its bases and its own, in this order; `page` and `ours` are those
    of its own rows. An inherited row that it sets to None it does not have.
    """

    rows: ClassVar[tuple[Parameter, ...]] = ()

    _type: str
    _values: dict[str, Value]
    _on_change: Callable[[str], None]
    _on_pulse: Callable[[str], None]

    def __init_subclass__(cls, page: str = "", *, ours: bool = False) -> None:
        rows = [row for base in cls.__bases__ for row in getattr(base, "rows", ())]
        for name, row in tuple(vars(cls).items()):
            if isinstance(row, Parameter):
                rows.append(replace(row, name=name, page=page, ours=ours or row.ours))
                setattr(cls, name, rows[-1])
        cls.rows = tuple(row for row in rows if vars(cls).get(row.name, row) is not None)

    def __init__(
        self,
        operator_type: str,
        on_change: Callable[[str], None] = lambda _name: None,
        on_pulse: Callable[[str], None] = lambda _name: None,
    ) -> None:
        vars(self).update(
            _type=operator_type,
            _values={row.name: row.default for row in self.rows},
            _on_change=on_change,
            _on_pulse=on_pulse,
        )

    # Type checkers know the rows, and refuse every other name.
    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Value:
            if name.startswith("__"):
                raise AttributeError(name)  # Python's own look-ups, such as those of copy
            raise self._unknown(name)

        def __setattr__(self, name: str, value: object) -> None:
            if name not in self._values:
                raise self._unknown(name)
            object.__setattr__(self, name, value)

    def __dir__(self) -> list[str]:
        return list(self._values)

    def __iter__(self) -> Iterator[tuple[Parameter, Value]]:
        return ((row, self._values[row.name]) for row in self.rows)

    def _take(self, row: Parameter, value: object) -> None:
        converted = row.convert(value)
        if row.kind is Kind.PULSE:
            if converted:
                self._on_pulse(row.name)
        elif converted != self._values[row.name]:
            self._values[row.name] = converted
            self._on_change(row.name)

    def _unknown(self, name: str) -> ParameterError:
        return ParameterError(f"{self._type} has no parameter '{name}': {did_you_mean(name, self._values)}")
