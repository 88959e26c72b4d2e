import pytest

from bodychan.errors import OutputError
from bodychan.outputs.targets import joined, read, split


@pytest.mark.parametrize("name", ["take.csv", "what?.csv", "what?a=1/take.csv", "a=b.csv", "take?1=2.csv"])
def test_a_file_name_stays_a_file_name(name: str) -> None:
    assert split(name) == (name, {})


def test_options_are_added_and_those_that_are_there_win() -> None:
    assert joined("a.csv", {"empty": "nan"}) == "a.csv?empty=nan"
    assert joined("a.csv?empty=null", {"empty": "nan", "long": "1"}) == "a.csv?empty=null&long=1"
    assert joined("a.csv", {}) == "a.csv"


def test_what_is_not_told_has_its_first_value() -> None:
    assert read("a.csv?long=1", {"empty": ("zero", "nan"), "long": ("0", "1")}) == (
        "a.csv",
        {"empty": "zero", "long": "1"},
    )
    with pytest.raises(OutputError, match=r"a\.csv has no option 'x': it takes none"):
        read("a.csv?x=1", {})
