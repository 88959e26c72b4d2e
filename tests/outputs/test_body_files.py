from pathlib import Path

import numpy as np
import pytest

from bodychan import Channels, open_output
from bodychan.errors import OutputError
from bodychan.outputs.base import Output
from takes import take


def test_several_bodies_are_several_files_named_by_their_ids(tmp_path: Path) -> None:
    with open_output(tmp_path / "a.bvh") as output:
        for channels in take([(3,), (3, 12), (12,)]):
            output.write(channels)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a_body12.bvh", "a_body3.bvh"]
    for path in tmp_path.iterdir():
        assert "Frames: 3\n" in path.read_text()  # the whole take, so that both stay in step


@pytest.mark.parametrize("name", ["a.bvh", "a_body4.bvh", "a.partial.bvh"])
def test_what_exists_is_not_touched_unless_asked(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("precious")
    with pytest.raises(OutputError, match=r"exists: choose another name|left of a run that was cut off"):
        open_output(tmp_path / "a.bvh")
    with open_output(tmp_path / "a.bvh", overwrite=True) as output:
        output.write(take([(3,)])[0])
    assert (tmp_path / "a.bvh").read_text().startswith("HIERARCHY")


def test_an_error_leaves_what_came_before_as_a_partial_file(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), open_output(tmp_path / "a.bvh") as output:
        for channels in take([(3,)] * 2):
            output.write(channels)
        raise RuntimeError
    assert [path.name for path in tmp_path.iterdir()] == ["a.partial.bvh"]
    assert output.keep() == str(tmp_path / "a.partial.bvh")
    assert "Frames: 2\n" in (tmp_path / "a.partial.bvh").read_text()


def closed(output: Output) -> None:
    output.close()
    output.close()


@pytest.mark.parametrize(
    ("ids", "reason"), [([], "there was nothing to write"), ([()], "nobody was seen; there is no motion")]
)
def test_where_nobody_was_there_is_no_file(tmp_path: Path, ids: list[tuple[int]], reason: str) -> None:
    output = open_output(tmp_path / "a.bvh")
    for channels in take(ids):
        output.write(channels)
    with pytest.raises(OutputError, match=reason):
        output.close()
    output.close()
    with pytest.raises(OutputError, match="is closed"):
        output.write(take([(3,)])[0])
    other = open_output(tmp_path / "a.bvh")
    for channels in take(ids):
        other.write(channels)
    assert other.keep() is None
    assert list(tmp_path.iterdir()) == []


def test_missing_groups_and_channels_that_change_are_told(tmp_path: Path) -> None:
    output = open_output(tmp_path / "a.bvh")
    with pytest.raises(OutputError, match=r"a\.bvh: .* absbonerotations: switch these parameters on"):
        output.write(take([(3,)], groups=frozenset({"worldspace"}))[0])
    output.write(take([(3,)])[0])
    with pytest.raises(OutputError, match="the channels changed"):
        output.write(take([(3,)], players=1)[0])


def test_a_name_that_is_no_style_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="names is sdk or mixamo, not 'blender'"):
        open_output(tmp_path / "a.bvh?names=blender")


def test_channels_of_which_nothing_is_known_are_refused(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="no channel says who is there"):
        open_output(tmp_path / "a.bvh").write(Channels(("a",), np.zeros((1, 1)), 30.0))
