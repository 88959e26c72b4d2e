"""Kinds of cameras, trackers and outputs by name: the built-in ones, and those of other installed packages.

A package adds a kind with an entry point, in the groups `bodychan.cameras`, `bodychan.trackers` and
`bodychan.outputs`. ARCHITECTURE.md says what each must give.
"""

import re
from collections.abc import Mapping
from importlib.metadata import entry_points
from typing import Any, Generic, TypeVar, cast

from bodychan.errors import BodychanError, did_you_mean

_Maker = TypeVar("_Maker")

# A scheme has two characters or more: one is a drive of Windows.
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):")


def scheme_of(text: str) -> str:
    """Return the scheme of a URL in lower case; empty for what is none, such as a file's path.

    >>> scheme_of("OSC://localhost:7000"), scheme_of("C:/take.mkv"), scheme_of("take.mkv")
    ('osc', '', '')
    """
    found = _SCHEME.match(text)
    return found[1].lower() if found else ""


class Kinds(Generic[_Maker]):
    """What can be opened by name, and what makes it.

    Args:
        group: of the entry points.
        built_in: our own makers by name; they win over an entry point of the same name.
        error: what is raised where there is no such kind, or where it cannot be loaded.
    """

    def __init__(self, group: str, built_in: Mapping[str, _Maker], error: type[BodychanError]) -> None:
        self._group, self._built_in, self._error = group, built_in, error

    def names(self) -> tuple[str, ...]:
        """List the names, ours first."""
        others = {point.name for point in entry_points(group=self._group)}
        return (*self._built_in, *sorted(others - self._built_in.keys()))

    def __contains__(self, name: str) -> bool:
        return name in self._built_in or bool(entry_points(group=self._group, name=name))

    def maker(self, name: str) -> _Maker:
        """Return what makes this kind.

        Raises:
            BodychanError: of the given type: no such name, or the package that has it cannot be imported.
        """
        if name in self._built_in:
            return self._built_in[name]
        for point in entry_points(group=self._group, name=name):
            try:
                return cast(_Maker, cast(Any, point).load())
            except Exception as error:
                raise self._error(
                    f"'{name}' cannot be loaded: its package ({point.value}) says {type(error).__name__}: "
                    f"{error}; repair or remove the package"
                ) from error
        raise self._error(f"no '{name}' in {self._group}: {did_you_mean(name, self.names())}")
