import json
from pathlib import Path

import numpy as np

from bodychan import Joint, open_output
from bodychan.model.rotations import matrix_to_quaternion
from bodychan.outputs.about import About
from takes import pose, take


def test_it_has_the_samples_layout_and_the_bodies_in_sdk_space(tmp_path: Path) -> None:
    with open_output(tmp_path / "a.json") as output:
        output.describe(About("take.mkv"))
        for channels in take([(), (3,), (3, 5)]):
            output.write(channels)
            output.write(channels)  # a timeline that is faster than the camera
    read = json.loads((tmp_path / "a.json").read_text())
    assert list(read) == ["k4abt_sdk_version", "source_file", "joint_names", "bone_list", "frames"]
    assert read["source_file"] == "take.mkv"
    assert read["joint_names"] == [joint.name for joint in Joint]
    assert len(read["bone_list"]) == 31
    assert [frame["frame_id"] for frame in read["frames"]] == [0, 1, 2]
    assert [frame["num_bodies"] for frame in read["frames"]] == [0, 1, 2]
    assert [frame["timestamp_usec"] for frame in read["frames"]] == [1_000_000, 1_033_333, 1_066_666]
    for body in read["frames"][2]["bodies"]:
        truth = pose(body["body_id"], 2)
        np.testing.assert_allclose(body["joint_positions"], truth.positions, atol=1e-3)
        found = np.array(body["joint_orientations"])
        same = np.abs((found * matrix_to_quaternion(truth.rotations)).sum(axis=-1))
        np.testing.assert_allclose(same, 1, atol=1e-6)
        assert body["joint_confidence_levels"] == [2] * 32
