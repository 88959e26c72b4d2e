"""The main job, whole: a recording in, channels out, with the real reader and the real tracker."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import bodychan
from bodychan import open_camera
from bodychan.apps.convert import convert
from bodychan.cameras.recording.writer import Recorder
from bodychan.model.skeleton import Joint

MAJOR = [
    joint for joint in Joint if joint.part in ("SHOULDER", "ELBOW", "WRIST", "HIP", "KNEE", "ANKLE", "HEAD")
]


def world(table: pa.Table, player: str, joint: Joint) -> Any:
    columns = [table[f"{player}/{joint.channel}:t{axis}"].to_numpy() for axis in "xyz"]
    return np.stack(columns, axis=1)


def test_a_real_recording_without_a_person_gives_its_time_and_nobody(shared: Path) -> None:
    rows = list(bodychan.track(shared / "data/k4a/recording.mkv", imuchans=True, confidence=True))
    assert len(rows) == 1
    values = {channel.name: float(channel) for channel in rows[0]}
    assert values["frame"] == 1
    assert values["timestamp"] == 463_945 + 336_277
    assert {value for name, value in values.items() if name.startswith("p1/")} == {0.0}
    accel = [values[f"imu:accel{axis}"] for axis in "xyz"]
    assert accel == pytest.approx([-2.888, -0.194, -9.437], abs=1e-3)
    assert values["imu:temperature"] == 0


@pytest.mark.parametrize("sequence", ["d01_wave", "d02_tpose_up"])
def test_a_rendered_recording_gives_one_row_per_capture_with_the_person_in_it(
    shared: Path, tmp_path: Path, sequence: str
) -> None:
    folder = shared / "data/evalset"
    command = [sys.executable, str(folder / "expand.py"), str(folder / f"{sequence}.k4s")]
    subprocess.run([*command, "-o", str(tmp_path), "--frames", "20"], check=True, capture_output=True)
    recording = tmp_path / f"{sequence}.mkv"
    truth = json.loads((tmp_path / f"{sequence}.gt.json").read_text())["frames"]

    target = tmp_path / "out.parquet"
    report = convert(recording, [str(target)], {"maxplayers": 2})
    table = pq.read_table(target)
    assert report.rows == table.num_rows == len(truth) == 20
    assert table["timestamp"].to_pylist() == [frame["timestamp_usec"] for frame in truth]
    assert set(table["p1/id"].to_pylist()) == {1}
    assert set(table["p2/id"].to_pylist()) == {0}
    joints = np.array([frame["bodies"][0]["joints"] for frame in truth]) * [-0.001, -0.001, 0.001]
    errors = [np.linalg.norm(world(table, "p1", joint) - joints[:, joint], axis=1) for joint in MAJOR]
    assert np.median(errors) < 0.05


def test_converting_a_recording_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    recording = tmp_path / "take.mkv"
    with (
        open_camera("synthetic:two?seconds=1") as camera,
        Recorder(recording, camera.calibration, camera.fps) as recorder,
    ):
        for capture in camera:
            recorder.write(capture)
    for name in ("a.parquet", "b.parquet"):
        convert(recording, [str(tmp_path / name)], {"maxplayers": 3, "absbonerotations": True})
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()
    table = pq.read_table(tmp_path / "a.parquet")
    assert table.num_rows == 30
    assert set(table["p2/id"].to_pylist()) - {0}
    assert set(table["p3/id"].to_pylist()) == {0}


def test_a_project_steps_through_a_scene_with_its_person(tmp_path: Path) -> None:
    with bodychan.Project(fps=30) as project:
        project.create(bodychan.KinectAzureTOP, "kinectazure1", sensor="synthetic:nocolor")
        chop = project.create(bodychan.KinectAzureCHOP, "bodies", top="kinectazure1", confidence=True)
        heights = []
        for _ in range(10):
            project.step()
            heights.append(chop["p1/head:ty"] - chop["p1/foot_l:ty"])
        assert chop.errors() == chop.warnings() == ""
    assert chop["frame"] == 10
    assert all(1.2 < height < 2.1 for height in heights)
