from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bodychan import Channels, open_output
from bodychan.outputs.csv import lines


@given(st.lists(st.floats(), min_size=1, max_size=5))
def test_every_number_reads_back_the_same_and_none_looks_like_an_integer(values: list[float]) -> None:
    text = lines(tuple(f"c{i}" for i in range(len(values))), np.array([values]).T)
    assert text.endswith("\n")
    fields = text.strip().split(",")
    np.testing.assert_array_equal([float(field) for field in fields], values)
    assert all(set(field) & set(".en") for field in fields)


def test_timestamp_alone_is_whole() -> None:
    assert lines(("frame", "timestamp"), np.array([[3.0, 4], [9_024_231_234_567.0, 5]])) == (
        "3.0,9024231234567\n4.0,5\n"
    )


def test_every_row_is_in_the_file_when_write_returns(tmp_path: Path) -> None:
    output = open_output(tmp_path / "a.csv")
    output.write(Channels(("a", "b"), np.array([[1.0], [0.5]]), 30.0))
    assert (tmp_path / "a.partial.csv").read_text() == "a,b\n1.0,0.5\n"
    output.close()
