from pathlib import Path

import pytest

from bodychan.errors import OutputError
from bodychan.outputs.text_table import finish


def test_a_line_that_was_cut_off_is_left_out(tmp_path: Path) -> None:
    cut, whole = tmp_path / "cut.csv", tmp_path / "whole.csv"
    cut.write_text("a,b\n1.0,2.0\n3.0,4.0\n5.0,")
    assert finish(cut, whole, headings=1) == 2
    assert whole.read_text() == "a,b\n1.0,2.0\n3.0,4.0\n"
    assert finish(whole, tmp_path / "none.csv", headings=1) is None
    assert not (tmp_path / "none.csv").exists()
    cut.write_text("a,b\n1.0,")
    with pytest.raises(OutputError, match="no row in it is whole"):
        finish(cut, whole, headings=1)


def test_a_table_without_a_heading_keeps_its_first_row(tmp_path: Path) -> None:
    cut, whole = tmp_path / "cut.chan", tmp_path / "whole.chan"
    cut.write_bytes(b"1\t2\n3\t")
    assert finish(cut, whole, headings=0) == 1
    assert whole.read_bytes() == b"1\t2\n"
