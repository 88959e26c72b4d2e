"""What a target says beside its place: NAME.csv?empty=nan&long=1."""

import re
from collections.abc import Mapping
from os import PathLike, fspath

from bodychan.errors import OutputError, did_you_mean

Options = Mapping[str, tuple[str, ...]]
"""What an output may be told: by name the values that it takes, the first of them unless it is told."""

# A file's name may hold a question mark: only what reads as options is taken for them.
_OPTIONS = re.compile(r"\?([A-Za-z]\w*=[^&?/\\]*(?:&[A-Za-z]\w*=[^&?/\\]*)*)$")

SWITCH = ("0", "1")
"""The values of an option that is off or on."""


def split(target: str | PathLike[str]) -> tuple[str, dict[str, str]]:
    """Split a target into its place and its options.

    >>> split("take.csv?empty=nan&long=1")
    ('take.csv', {'empty': 'nan', 'long': '1'})
    """
    text = fspath(target)
    found = _OPTIONS.search(text)
    if found is None:
        return text, {}
    pairs = (pair.partition("=") for pair in found[1].split("&"))
    return text[: found.start()], {name: value for name, _, value in pairs}


def joined(target: str, options: Mapping[str, str]) -> str:
    """Add options to a target; those that it has already win."""
    place, own = split(target)
    every = {**options, **own}
    return place + ("?" + "&".join(f"{name}={value}" for name, value in every.items()) if every else "")


def read(target: str | PathLike[str], known: Options) -> tuple[str, dict[str, str]]:
    """Split a target whose options must be among those known; give its place and a value for each of them.

    Raises:
        OutputError: an option or its value is unknown.
    """
    place, given = split(target)
    for name, value in given.items():
        if name not in known:
            hint = did_you_mean(name, known) if known else "it takes none"
            raise OutputError(f"{place} has no option '{name}': {hint}")
        if value not in known[name]:
            raise OutputError(f"{place}: the option {name} is {' or '.join(known[name])}, not '{value}'")
    return place, {name: given.get(name, values[0]) for name, values in known.items()}
