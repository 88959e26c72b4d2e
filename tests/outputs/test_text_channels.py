import os
from pathlib import Path

import numpy as np
import pytest

from bodychan import Channels, open_output, testing
from bodychan.apps.repair import repair
from bodychan.errors import OutputError

NAMES = ("timestamp", "p1/pelvis:tx")


def row(i: int) -> Channels:
    return Channels(NAMES, np.array([[9_024_230_001.0 + i], [0.1 * i]]), 59.94, 51_073.0 + i)


def written(path: Path) -> str:
    with open_output(path) as output:
        for i in range(3):
            output.write(row(i))
    return path.read_text()


def test_chan_has_a_row_per_sample_without_names(tmp_path: Path) -> None:
    assert written(tmp_path / "a.chan") == "9024230001\t0\n9024230002\t0.1\n9024230003\t0.2\n"


def test_clip_has_names_rate_and_start_of_all_that_was_written(tmp_path: Path) -> None:
    head, first, second = written(tmp_path / "a.clip").split("name =")
    assert head.split() == [
        "{",
        "rate",
        "=",
        "59.94",
        "start",
        "=",
        "51073",
        "tracklength",
        "=",
        "3",
        "tracks",
        "=",
        "2",
        "{",
    ]
    assert first.split() == ["timestamp", "data", "=", "9024230001", "9024230002", "9024230003", "}", "{"]
    assert second.split() == ["p1/pelvis:tx", "data", "=", "0", "0.1", "0.2", "}", "}"]


def test_chan_keeps_to_the_contract(tmp_path: Path) -> None:
    names = ("frame", "timestamp", "p1/id", "p1/pelvis:tx")

    def received() -> list[Channels]:
        rows = np.loadtxt(tmp_path / "a.chan")
        return [Channels(names, one[:, None].copy(), 30.0) for one in rows]

    testing.check_output(lambda: open_output(tmp_path / "a.chan"), received)


def test_every_row_of_chan_is_in_the_file_at_once_and_can_be_repaired(tmp_path: Path) -> None:
    output = open_output(tmp_path / "a.chan")
    output.write(row(0))
    assert (tmp_path / "a.partial.chan").read_text() == "9024230001\t0\n"
    assert output.keep() == str(tmp_path / "a.partial.chan")
    with (tmp_path / "a.partial.chan").open("a") as file:
        file.write("90242")
    assert repair(tmp_path / "a.chan") == (tmp_path / "a.chan", "1 rows, whole again")
    assert os.listdir(tmp_path) == ["a.chan"]


def test_clip_refuses_what_it_cannot_write(tmp_path: Path) -> None:
    output = open_output(tmp_path / "a.clip")
    with pytest.raises(OutputError, match=r"a\.clip: there is no channel to write"):
        output.write(Channels((), np.zeros((0, 1)), 30.0))
    with pytest.raises(OutputError, match="there was nothing to write"):
        output.close()
    with pytest.raises(OutputError, match=r"has no option 'empty': it takes none"):
        open_output(tmp_path / "a.clip?empty=nan")
