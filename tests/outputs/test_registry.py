from pathlib import Path

import pytest

from bodychan import open_output
from bodychan.errors import OutputError


@pytest.mark.parametrize("target", ["take", "take.xlsx", "oscc://host:1"])
def test_an_unknown_kind_of_output_is_refused_with_those_there_are(target: str) -> None:
    with pytest.raises(OutputError, match="no kind of output fits"):
        open_output(target)


def test_the_suffix_may_be_in_capitals(tmp_path: Path) -> None:
    assert open_output(tmp_path / "TAKE.CSV").keep() is None
