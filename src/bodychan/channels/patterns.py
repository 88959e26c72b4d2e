"""Channel names: which are legal, and the patterns, as TouchDesigner has them, that choose among them.

A pattern is a list of terms split by spaces or commas; a name is chosen when any term matches. `*` is any
run of characters, `?` one character, `[xyz]` one of those listed, `[1-3,5]` or `[1-7:2]` one number of a
set. A term with `^` in front takes its matches away from what the terms before it chose; as the first term
it starts from everything.

There are also the set operators of TouchDesigner 2025: `|` union, `&` intersection, `~` difference and
parentheses, evaluated from left to right without precedence: `a | b & c` is `(a | b) & c`. Two terms without
an operator between them are a union.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from bodychan.errors import PatternError

_ILLEGAL = re.compile(r"[^A-Za-z0-9_:/-]")
_NUMBERS = re.compile(r"\d+(-\d+(:\d+)?)?(,\d+(-\d+(:\d+)?)?)*")
_MOST_NUMBERS, _MOST_DIGITS = 10_000, 9
"""Limits of a set of numbers: far more than there are channels, and few enough to be tried on each name."""

_LONGEST = 100_000
"""Characters of the regular expression of a term: several of the largest sets."""

_TOKEN = re.compile(r"\^?\(|[|&~)]|(?:\[[^\]]*\]?|[^\s,\[|&~()])+")


@dataclass
class _Level:
    """What has been read so far, at one depth of parentheses."""

    chosen: set[str] | None = None
    operator: str = ""
    without: bool = False


def match(pattern: str, names: Iterable[str], *, case_sensitive: bool = True) -> list[str]:
    """Choose the names that a pattern matches, in the order of `names`.

    >>> match("p1/*:t[xz] ^*/head:*", ["p1/head:tx", "p1/neck:tx", "p1/neck:ty", "p1/neck:tz"])
    ['p1/neck:tx', 'p1/neck:tz']
    >>> match("(p1/* | p2/*) & *:tx ~ */head:*", ["p1/head:tx", "p1/neck:tx", "p2/neck:tx", "p3/neck:tx"])
    ['p1/neck:tx', 'p2/neck:tx']

    Raises:
        PatternError: a bracket or parenthesis has no partner, an operator has nothing to work on, or a number
            set is malformed or too large.
    """
    names = list(names)
    everything = set(names)
    levels = [_Level()]
    for token in _TOKEN.finditer(pattern):
        text, level = token[0], levels[-1]
        if text in ("(", "^("):
            level.without = text == "^("
            levels.append(_Level())
        elif text == ")":
            _require_no_operator(levels.pop(), pattern)
            if not levels:
                raise PatternError(f"{_where(pattern, token)}: nothing opens the )")
            _put(levels[-1], level.chosen or set(), everything)
        elif text in "|&~":
            if level.operator or (level.chosen is None and text != "~"):
                raise PatternError(f"{_where(pattern, token)}: nothing stands before the {text}")
            level.operator = text
        else:
            level.without = text.startswith("^")
            regex = _compile(text.removeprefix("^"), case_sensitive)
            _put(level, {name for name in names if regex.fullmatch(name)}, everything)
    if len(levels) > 1:
        raise PatternError(f"pattern '{pattern}': a parenthesis is not closed")
    _require_no_operator(levels[0], pattern)
    chosen = levels[0].chosen or set()
    return [name for name in names if name in chosen]


def _where(pattern: str, token: re.Match[str]) -> str:
    return f"pattern '{pattern}', character {token.start() + 1}"


def _put(level: _Level, hits: set[str], everything: set[str]) -> None:
    """Combine what a term or a parenthesis chose with what precedes it."""
    if level.without and level.operator:
        hits = everything - hits
    operator = level.operator or ("~" if level.without else "|")
    before = level.chosen
    if before is None:
        before = everything if operator == "~" else set()
    level.chosen = {"|": before | hits, "&": before & hits, "~": before - hits}[operator]
    level.operator, level.without = "", False


def _require_no_operator(level: _Level, pattern: str) -> None:
    if level.operator:
        raise PatternError(f"pattern '{pattern}': nothing stands after the {level.operator}")


@lru_cache(maxsize=256)
def _compile(term: str, case_sensitive: bool) -> re.Pattern[str]:
    # The parts between the stars. A part in the middle may be taken at the first place where it fits: another
    # place could only leave less for those after it. An atomic group says so, and keeps matching from trying
    # every combination of places. Number sets differ in length, so that this does not hold for them.
    parts, atomic = [""], [True]
    position = 0
    while position < len(term):
        character = term[position]
        if character == "[":
            end = term.find("]", position)
            if end < 0:
                raise PatternError(f"pattern '{term}': the bracket at character {position + 1} is not closed")
            content = _bracket(term, term[position + 1 : end])
            parts[-1] += content
            if sum(map(len, parts)) > _LONGEST:
                raise PatternError(f"pattern '{term[:40]}…': its number sets are too large together")
            atomic[-1] &= content.startswith("[")
            position = end
        elif character == "*":
            parts.append("")
            atomic.append(True)
        else:
            parts[-1] += "." if character == "?" else re.escape(character)
        position += 1
    middle = zip(parts[1:-1], atomic[1:-1], strict=True)
    regex = parts[0] + "".join(f"(?>.*?{part})" if once else f".*?{part}" for part, once in middle)
    regex += f".*{parts[-1]}" if len(parts) > 1 else ""
    return re.compile(regex, 0 if case_sensitive else re.IGNORECASE)


def _bracket(term: str, content: str) -> str:
    if _NUMBERS.fullmatch(content) and not content.isdigit():
        return "(?:" + "|".join(str(n) for n in _numbers(term, content)) + ")"
    if not content or "-" in content:
        raise PatternError(
            f"pattern '{term}': '[{content}]' is neither characters nor numbers such as [1-6:2]"
        )
    return "[" + re.escape(content) + "]"


def _numbers(term: str, content: str) -> list[int]:
    numbers: list[int] = []
    for part in content.split(","):
        span, _, step = part.partition(":")
        first, _, last = span.partition("-")
        short = max(map(len, (first, last, step))) <= _MOST_DIGITS
        if short:
            numbers += range(int(first), int(last or first) + 1, max(1, int(step or 1)))[: _MOST_NUMBERS + 1]
        if not short or len(numbers) > _MOST_NUMBERS:
            raise PatternError(
                f"pattern '{term}': '[{content}]' holds more than {_MOST_NUMBERS} numbers, or one with more "
                f"than {_MOST_DIGITS} digits: use * for any"
            )
    return numbers


@lru_cache(maxsize=64)
def legal_names(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return names of letters, digits and - _ : / only, none twice; the same tuple where they already are.

    >>> legal_names(("my head", "a", "a"))
    ('my_head', 'a', 'a1')

    Raises:
        ValueError: a name is not text.
    """
    taken: set[str] = set()
    legal: list[str] = []
    for name in names:
        if not isinstance(name, str):
            raise ValueError(f"a channel's name is text, not {name!r}")
        wanted = found = _ILLEGAL.sub("_", name) or "_"
        number = 0
        while found in taken:
            number += 1
            found = f"{wanted}{number}"
        taken.add(found)
        legal.append(found)
    return names if legal == list(names) else tuple(legal)
