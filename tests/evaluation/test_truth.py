import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bodychan import Calibration, Capture
from bodychan.cameras.synthetic.camera import SyntheticCamera
from bodychan.errors import CameraError
from bodychan.evaluation.measures import Visibility
from bodychan.evaluation.truth import Known, People, lay_out, sequences, truth_reader
from bodychan.model.rotations import quaternion_to_matrix
from bodychan.model.skeleton import JOINT_COUNT, Joint
from people import person as figure
from scripted import ScriptedCamera


def person(number: int, x: float = 0.0) -> dict[str, Any]:
    joints = [[x + j, 10.0 * j, 2500.0] for j in range(JOINT_COUNT)]
    return {"id": number, "pixels": 9000 + number, "joints": joints, "visibility": [0, 3] * 16}


def truth_file(folder: Path, name: str = "d00", **changed: Any) -> Known:
    frames = [
        {"index": 0, "timestamp_usec": 1_000_000, "bodies": [person(4), person(0, 50)]},
        {"index": 1, "timestamp_usec": 1_033_333, "bodies": []},
    ]
    content = {"sequence": name, "joint_names": [j.name for j in Joint], "frames": frames, **changed}
    path = folder / f"{name}.gt.json"
    path.write_text(json.dumps(content))
    return Known(name, str(folder / f"{name}.mkv"), path)


def test_the_sequences_of_a_folder_are_its_truth_files_in_order(tmp_path: Path) -> None:
    for name in ("d01_b", "d00_a", "e00"):
        truth_file(tmp_path, name)
    found = sequences([str(tmp_path), "synthetic:walk?seconds=1"])
    assert [known.name for known in found] == ["d00_a", "d01_b", "e00", "walk?seconds=1"]
    assert found[0].source == str(tmp_path / "d00_a.mkv")
    assert found[3].truth is None
    assert [k.name for k in sequences([str(tmp_path)], "d*")] == ["d00_a", "d01_b"]


def test_a_folder_without_truth_and_a_pattern_without_match_are_named(tmp_path: Path) -> None:
    with pytest.raises(CameraError, match=r"has no NAME\.gt\.json"):
        sequences([str(tmp_path)])
    truth_file(tmp_path)
    with pytest.raises(CameraError, match="'x\\*': there are d00"):
        sequences([str(tmp_path)], "x*")


def test_a_capture_s_people_are_those_of_its_time(tmp_path: Path, calibration: Calibration) -> None:
    people = truth_reader(truth_file(tmp_path), ScriptedCamera(calibration, []))
    first = people(Capture(index=9, depth_usec=1_000_000))
    assert first.ids.tolist() == [4, 0]
    assert first.joints[1, 2].tolist() == [52, 20, 2500]
    assert first.visibility[0, :2].tolist() == [Visibility.VISIBLE, Visibility.OUTSIDE]
    assert first.orientations is None
    second = people(Capture(index=10, depth_usec=1_033_333))
    assert second.joints.shape == (0, 32, 3)
    with pytest.raises(CameraError, match="no frame at 5 us"):
        people(Capture(index=1, depth_usec=5))

    truth = lay_out([1_000_000, 1_033_333], [first, second])
    assert truth.seconds.tolist() == [1.0, 1.033333]
    assert truth.present.tolist() == [[True, True], [False, False]]
    assert truth.pixels[0].tolist() == [9000, 9004]
    assert truth.joints[0, 0, 0, 0] == 50  # the person with id 0 comes first
    assert np.isnan(truth.joints[1]).all()
    assert (truth.visibility[1] == Visibility.OUTSIDE).all()
    assert np.isnan(truth.orientations[1]).all()


def test_recordings_have_the_orientations_that_the_skeleton_says_of_true_joints() -> None:
    somebody = figure(yaw=35.0, elbow=60.0, knee=50.0)
    seen = People(
        np.array([3]), np.array([9000]), somebody.positions[None], np.zeros((1, JOINT_COUNT), np.uint8)
    )
    frames = quaternion_to_matrix(lay_out([0, 33_333], [seen, seen]).orientations[1, 0])
    for joint in (Joint.PELVIS, Joint.SPINE_CHEST, Joint.ELBOW_LEFT, Joint.KNEE_RIGHT, Joint.HEAD):
        off = somebody.frames[joint].T @ frames[joint]
        assert np.degrees(np.arccos(np.clip((np.trace(off) - 1) / 2, -1, 1))) < 12


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"joint_names": ["HEAD"]}, "not the 32 joints"),
        ({"frames": [{"timestamp_usec": "x", "bodies": []}]}, "is not the truth of a recording"),
        (
            {"frames": [{"timestamp_usec": 1, "bodies": [{**person(2), "visibility": [0]}]}]},
            "person 2 at 1 us has not 32",
        ),
    ],
)
def test_a_file_that_is_no_truth_is_refused(
    tmp_path: Path, calibration: Calibration, changed: dict[str, Any], message: str
) -> None:
    with pytest.raises(CameraError, match=message):
        truth_reader(truth_file(tmp_path, **changed), ScriptedCamera(calibration, []))


def test_a_missing_truth_file_is_named(tmp_path: Path, calibration: Calibration) -> None:
    known = Known("d00", "d00.mkv", tmp_path / "d00.gt.json")
    with pytest.raises(CameraError, match=r"cannot read .*d00\.gt\.json: No such file"):
        truth_reader(known, ScriptedCamera(calibration, []))


def test_a_scene_tells_its_people_with_their_orientations_and_pixels() -> None:
    camera = SyntheticCamera("synthetic:nocolor?seconds=0.1")
    capture = camera.read()
    assert capture is not None
    people = truth_reader(Known("nocolor", camera.name, None), camera)(capture)
    true = camera.truth(capture)
    assert (people.joints == true.positions).all()
    assert people.orientations is not None
    assert people.ids.tolist() == [1]
    # A person of 1.75 m at 2.6 m is about 340 pixels tall.
    assert 10_000 < people.pixels[0] < 40_000
    assert (people.visibility[0] == Visibility.VISIBLE).sum() == (true.confidence[0] == 2).sum()
    truth = lay_out([capture.device_usec], [people])
    assert truth.orientations is not None
    assert truth.orientations.shape == (1, 1, 32, 4)
