"""Channel name patterns, as TouchDesigner writes them.

A pattern is a list of terms split by spaces or commas; a name is chosen when any term matches. `*` is any
run of characters, `?` one character, `[xyz]` one of those listed, `[1-3,5]` or `[1-7:2]` one number of a
set. A term with `^` in front takes its matches away from what the terms before it chose; as the first term
it starts from everything.
"""

import re
from collections.abc import Iterable
from functools import lru_cache

from bodychan.errors import PatternError

_NUMBERS = re.compile(r"\d+(-\d+(:\d+)?)?(,\d+(-\d+(:\d+)?)?)*")


def match(pattern: str, names: Iterable[str], *, case_sensitive: bool = True) -> list[str]:
    """Choose the names that a pattern matches, in the order of `names`.

    >>> match("p1/*:t[xz] ^*/head:*", ["p1/head:tx", "p1/neck:tx", "p1/neck:ty", "p1/neck:tz"])
    ['p1/neck:tx', 'p1/neck:tz']

    Raises:
        PatternError: a bracket is not closed, or a number set is not one.
    """
    names = list(names)
    chosen: set[str] = set()
    for position, term in enumerate(_terms(pattern)):
        without = term.startswith("^")
        if without and position == 0:
            chosen = set(names)
        regex = _compile(term.removeprefix("^"), case_sensitive)
        hits = {name for name in names if regex.fullmatch(name)}
        chosen = chosen - hits if without else chosen | hits
    return [name for name in names if name in chosen]


def _terms(pattern: str) -> list[str]:
    """Split at spaces and commas outside brackets."""
    return re.findall(r"(?:\[[^\]]*\]?|[^\s,\[])+", pattern)


@lru_cache(maxsize=256)
def _compile(term: str, case_sensitive: bool) -> re.Pattern[str]:
    parts: list[str] = []
    position = 0
    while position < len(term):
        character = term[position]
        if character == "[":
            end = term.find("]", position)
            if end < 0:
                raise PatternError(f"pattern '{term}': the bracket at character {position + 1} is not closed")
            parts.append(_bracket(term, term[position + 1 : end]))
            position = end
        else:
            parts.append({"*": ".*", "?": "."}.get(character, re.escape(character)))
        position += 1
    return re.compile("".join(parts), 0 if case_sensitive else re.IGNORECASE)


def _bracket(term: str, content: str) -> str:
    """Turn what stands in brackets into a regular expression: numbers with digits, else characters."""
    if _NUMBERS.fullmatch(content) and not content.isdigit():
        return "(?:" + "|".join(str(n) for n in _numbers(content)) + ")"
    if not content or "-" in content:
        raise PatternError(
            f"pattern '{term}': '[{content}]' is neither characters nor numbers such as [1-6:2]"
        )
    return "[" + re.escape(content) + "]"


def _numbers(content: str) -> list[int]:
    numbers: list[int] = []
    for part in content.split(","):
        span, _, step = part.partition(":")
        first, _, last = span.partition("-")
        numbers += range(int(first), int(last or first) + 1, max(1, int(step or 1)))
    return numbers
