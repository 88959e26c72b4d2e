import pytest
from hypothesis import given
from hypothesis import strategies as st

from bodychan.channels.patterns import match
from bodychan.errors import PatternError

NAMES = ["frame", "p1/id", "p1/head:tx", "p1/head:ty", "p2/id", "p2/head:tx", "p10/id", "chan1", "chan12"]


@pytest.mark.parametrize(
    ("pattern", "chosen"),
    [
        ("p1/id", ["p1/id"]),
        ("p?/id", ["p1/id", "p2/id"]),
        ("p*/id", ["p1/id", "p2/id", "p10/id"]),
        ("*:t[xz]", ["p1/head:tx", "p2/head:tx"]),
        ("p[1-2]/id", ["p1/id", "p2/id"]),
        ("p[1,10]/id", ["p1/id", "p10/id"]),
        ("chan[1-12:11]", ["chan1", "chan12"]),
        ("p2/* frame", ["frame", "p2/id", "p2/head:tx"]),
        ("p2/*,frame", ["frame", "p2/id", "p2/head:tx"]),
        ("^p*", ["frame", "chan1", "chan12"]),
        ("p1/* ^*:ty", ["p1/id", "p1/head:tx"]),
        ("p1/* ^* p2/id", ["p2/id"]),
        ("", []),
        ("p1/* | p2/* & *:tx", ["p1/head:tx", "p2/head:tx"]),
        ("p1/* | (p2/* & *:tx)", ["p1/id", "p1/head:tx", "p1/head:ty", "p2/head:tx"]),
        ("p1/*|p2/*&*:tx", ["p1/head:tx", "p2/head:tx"]),
        ("* ~ chan[1,12]", NAMES[:-2]),
        ("* ~ p* ~ chan1", ["frame", "chan12"]),
        ("~ p*", ["frame", "chan1", "chan12"]),
        ("p1/* & ^*:tx", ["p1/id", "p1/head:ty"]),
        ("p*/id ^(p1/* | p2/*)", ["p10/id"]),
        ("^(p*)", ["frame", "chan1", "chan12"]),
        ("(p1/* p2/*) & */id, frame", ["frame", "p1/id", "p2/id"]),
        ("((((frame))))", ["frame"]),
        ("()", []),
        ("p1/id.", []),
    ],
)
def test_patterns_choose(pattern: str, chosen: list[str]) -> None:
    assert match(pattern, NAMES) == chosen


def test_case_counts_unless_told_otherwise() -> None:
    assert match("P1/ID", NAMES) == []
    assert match("P1/ID", NAMES, case_sensitive=False) == ["p1/id"]


def test_an_open_bracket_is_explained() -> None:
    with pytest.raises(PatternError, match="bracket at character 5 is not closed"):
        match("chan[12", NAMES)


def test_letter_ranges_do_not_exist() -> None:
    with pytest.raises(PatternError, match=r"'\[a-g\]' is neither characters nor numbers"):
        match("[a-g]", NAMES)


@given(st.text(max_size=12))
def test_any_text_either_chooses_some_of_the_names_or_is_refused(pattern: str) -> None:
    try:
        chosen = match(pattern, NAMES)
    except PatternError:
        return
    assert [n for n in NAMES if n in chosen] == chosen


@given(st.sampled_from(NAMES))
def test_every_name_chooses_itself(name: str) -> None:
    assert match(name, NAMES) == [name]


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("(p1/*", "a parenthesis is not closed"),
        ("p1/*)", r"character 5: nothing opens the \)"),
        ("a & | b", r"character 5: nothing stands before the \|"),
        ("& a", "character 1: nothing stands before the &"),
        ("a |", r"nothing stands after the \|"),
        ("(a ~) b", "nothing stands after the ~"),
    ],
)
def test_an_operator_or_parenthesis_that_is_alone_is_explained(pattern: str, message: str) -> None:
    with pytest.raises(PatternError, match=message):
        match(pattern, NAMES)


@given(st.text("p12/*&|~^() [:d", max_size=14))
def test_operators_in_any_order_either_choose_or_are_refused(pattern: str) -> None:
    try:
        chosen = match(pattern, NAMES)
    except PatternError:
        return
    assert [n for n in NAMES if n in chosen] == chosen


def test_deep_parentheses_are_no_trouble() -> None:
    assert match("(" * 5000 + "frame" + ")" * 5000, NAMES) == ["frame"]


@pytest.mark.parametrize(
    "pattern",
    ["p[1-200000000]", "p[1-9999,1-9999]", "p[1-" + "9" * 5000 + "]", "p[0-999999999:2]", "[1-9999]" * 200],
)
def test_a_set_of_numbers_that_asks_for_too_much_is_refused_at_once(pattern: str) -> None:
    with pytest.raises(PatternError, match=r"holds more than 10000 numbers|too large together"):
        match(pattern, NAMES)


def test_large_sets_within_the_limit_choose() -> None:
    assert match("p[1-9999]/id", NAMES) == ["p1/id", "p2/id", "p10/id"]
    assert match("p[1-999999999:500000000]/id", NAMES) == ["p1/id"]


def test_many_stars_do_not_take_for_ever() -> None:
    assert match("*a" * 30 + "b", ["a" * 60]) == []


@given(st.text("p12*?", max_size=8), st.sampled_from(NAMES))
def test_stars_choose_what_a_plain_search_chooses(pattern: str, name: str) -> None:
    def fits(term: str, text: str) -> bool:
        if not term:
            return not text
        if term[0] == "*":
            return any(fits(term[1:], text[k:]) for k in range(len(text) + 1))
        return bool(text) and term[0] in ("?", text[0]) and fits(term[1:], text[1:])

    assert match(pattern, [name]) == ([name] if pattern and fits(pattern, name) else [])


@pytest.mark.parametrize(("pattern", "name"), [("*[2,123]*3", "123"), ("*[10,1]*0", "10")])
def test_sets_of_numbers_between_stars_try_every_place(pattern: str, name: str) -> None:
    assert match(pattern, [name]) == [name]
