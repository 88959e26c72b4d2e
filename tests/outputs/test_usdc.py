from pathlib import Path

import numpy as np
import pytest

from bodychan import open_output
from bodychan.outputs.joint_names import joint_names
from takes import take

usd = pytest.importorskip("pxr.Usd", reason="no usd-core: pip install usd-core")


def written(path: Path, options: str = "") -> Path:
    with open_output(f"{path}{options}") as output:
        for channels in take([(3,)] * 4):
            output.write(channels)
    return path


def test_pixars_library_reads_the_same_scene_as_from_the_text(tmp_path: Path) -> None:
    text, binary = (usd.Stage.Open(str(written(tmp_path / f"a.{kind}"))) for kind in ("usda", "usdc"))
    assert (tmp_path / "a.usdc").read_bytes().startswith(b"PXR-USDC")
    assert binary.GetRootLayer().GetFileFormat().formatId == "usdc"
    assert binary.GetTimeCodesPerSecond() == text.GetTimeCodesPerSecond() == 30
    prims = [prim.GetPath() for prim in text.Traverse()]
    assert [prim.GetPath() for prim in binary.Traverse()] == prims
    assert len(prims) == 3
    attributes = 0
    for prim in text.Traverse():
        for attribute in prim.GetAuthoredAttributes():
            other = binary.GetAttributeAtPath(attribute.GetPath())
            assert other.GetTypeName() == attribute.GetTypeName()
            assert other.GetTimeSamples() == attribute.GetTimeSamples()
            for time in attribute.GetTimeSamples() or [0]:
                one, same = (np.array(found.Get(time)) for found in (attribute, other))
                np.testing.assert_array_equal(one.astype(str), same.astype(str))
            attributes += 1
    assert attributes == 7


def test_joints_have_the_names_that_are_asked_for(tmp_path: Path) -> None:
    stage = usd.Stage.Open(str(written(tmp_path / "a.usdc", "?names=mixamo")))
    joints = stage.GetAttributeAtPath("/body3/skeleton.joints").Get()
    assert [joint.rsplit("/", 1)[-1] for joint in joints] == list(joint_names("mixamo").values())


def test_several_bodies_are_several_files(tmp_path: Path) -> None:
    with open_output(tmp_path / "a.usdc") as output:
        output.write(take([(3, 7)])[0])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a_body3.usdc", "a_body7.usdc"]
