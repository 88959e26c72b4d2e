import importlib.util
import os
from pathlib import Path

import numpy as np
import pytest

from bodychan import Channels, open_output
from bodychan.apps.repair import repair
from bodychan.errors import OutputError
from bodychan.outputs.base import Output
from bodychan.outputs.bvh import BvhFiles
from bodychan.outputs.files import PartialFile
from killed import killed_while_writing
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
    output.close()


def test_a_name_that_is_no_style_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="names is sdk or mixamo, not 'blender'"):
        open_output(tmp_path / "a.bvh?names=blender")


def test_channels_of_which_nothing_is_known_are_refused(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="no channel says who is there"):
        open_output(tmp_path / "a.bvh").write(Channels(("a",), np.zeros((1, 1)), 30.0))


FORMATS = ["bvh?names=mixamo", "glb", "usda", "c3d", "trc", "json", "clip"]
FORMATS += ["usdc"] if importlib.util.find_spec("pxr") else []


def test_a_process_that_is_killed_leaves_what_repair_makes_the_files_of(tmp_path: Path) -> None:
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    killed.mkdir()
    whole.mkdir()
    killed_while_writing([(3,)] * 4, *(f"{killed}/a.{kind}" for kind in FORMATS))
    for kind in FORMATS:
        with open_output(f"{whole}/a.{kind}") as output:
            for channels in take([(3,)] * 4):
                output.write(channels)
        name = f"a.{kind.partition('?')[0]}"
        with pytest.raises(OutputError, match=r"left of a run .* finish it with 'bodychan repair'"):
            open_output(killed / name)
        assert repair(killed / name) == (killed / name, "4 samples, whole again")
        found, expected = ((folder / name).read_bytes() for folder in (killed, whole))
        assert len(found) == len(expected)
        assert found == expected or kind == "usdc"  # of which no two are the same
        assert repair(killed / name) is None
    assert sorted(os.listdir(killed)) == sorted(os.listdir(whole))


def test_of_several_bodies_repair_makes_several_files(tmp_path: Path) -> None:
    partial = killed_while_writing([(3,), (3, 7), (7,)], tmp_path / "a.bvh")
    (tmp_path / "a_body7.bvh").write_text("precious")
    with pytest.raises(OutputError, match=r"a_body7\.bvh exists: choose another name"):
        repair(tmp_path / "a.bvh")
    with pytest.raises(OutputError, match=r"b\.glb: what is left of a \.bvh becomes a \.bvh again"):
        repair(partial, tmp_path / "b.glb")
    first, second = tmp_path / "b_body3.bvh", tmp_path / "b_body7.bvh"
    assert repair(partial, tmp_path / "b.bvh") == (first, f"3 samples, whole again, with {second}")
    assert partial.exists()
    repair(tmp_path / "a.bvh", overwrite=True)
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["a_body3.bvh", "a_body7.bvh", "b_body3.bvh", "b_body7.bvh"]
    assert (tmp_path / "a_body7.bvh").read_text() == (tmp_path / "b_body7.bvh").read_text()


def test_of_nothing_repair_makes_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.partial.bvh").touch()
    with pytest.raises(OutputError, match="no sample in it is whole"):
        repair(tmp_path / "a.bvh")
    assert [path.name for path in tmp_path.iterdir()] == ["a.partial.bvh"]
    partial = killed_while_writing([()], tmp_path / "b.bvh")
    with pytest.raises(OutputError, match="nobody was seen"):
        repair(tmp_path / "b.bvh")
    assert partial.exists()


def test_two_writers_of_one_name_do_not_mix(tmp_path: Path) -> None:
    first = open_output(tmp_path / "a.bvh")
    second = open_output(tmp_path / "a.bvh")
    first.write(take([(3,)])[0])
    with pytest.raises(OutputError, match="being written by another process"):
        second.write(take([(5,)])[0])
    assert second.keep() is None
    first.close()
    assert [path.name for path in tmp_path.iterdir()] == ["a.bvh"]


def test_a_disk_that_is_full_in_the_middle_or_at_the_end_keeps_the_channels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_of: object) -> None:
        raise OSError(28, "No space left on device")

    middle, end = (open_output(tmp_path / f"{name}.bvh") for name in ("middle", "end"))
    for output in (middle, end):
        output.write(take([(3,)])[0])
    with monkeypatch.context() as patch:
        patch.setattr(PartialFile, "put", full)
        with pytest.raises(OutputError, match=r"free some space.*repair .*middle\.partial\.bvh NAME"):
            middle.write(take([(3,)])[0])
    with monkeypatch.context() as patch:
        patch.setattr("bodychan.outputs.collected.replace_file", full)
        with pytest.raises(OutputError, match=r"free some space.*repair .*end\.partial\.bvh NAME"):
            end.close()
    for name, output in (("middle", middle), ("end", end)):
        assert output.keep() == str(tmp_path / f"{name}.partial.bvh")
        assert repair(tmp_path / f"{name}.bvh") == (tmp_path / f"{name}.bvh", "1 samples, whole again")


def test_what_cannot_be_made_now_is_kept_for_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_of: object) -> bytes:
        raise OutputError("no room for it elsewhere")

    closing, keeping = (open_output(tmp_path / f"{name}.bvh") for name in ("closing", "keeping"))
    for output in (closing, keeping):
        output.write(take([(3,)])[0])
    with monkeypatch.context() as patch:
        patch.setattr(BvhFiles, "encode", fails)
        with pytest.raises(OutputError, match=r"elsewhere; .* repair .*closing\.partial\.bvh NAME\.bvh'"):
            closing.close()
        assert keeping.keep() == str(tmp_path / "keeping.partial.bvh")
    for name in ("closing", "keeping"):
        assert repair(tmp_path / f"{name}.bvh") == (tmp_path / f"{name}.bvh", "1 samples, whole again")
