from pathlib import Path

import numpy as np
import pytest

from bodychan import Bodies, Calibration, Capture, open_camera
from bodychan.bodies import NOBODY
from bodychan.cameras.recorder import Recorder
from bodychan.errors import CameraError, OutputError
from bodychan.evaluation import debug_frame
from bodychan.evaluation.debug_frame import WARM_CAPTURES, Stages, explain
from bodychan.evaluation.debug_plots import draw
from bodychan.skeleton import Joint
from bodychan.tracking.landmarks import Landmark

pytestmark = pytest.mark.usefixtures("model_files")


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> tuple[Stages, Path]:
    out = tmp_path_factory.mktemp("debug") / "frame.png"
    return debug_frame.run("synthetic:nocolor?seconds=0.5", 12, out), out


def test_every_stage_of_the_capture_is_there_and_agrees_with_the_truth(drawn: tuple[Stages, Path]) -> None:
    stages, _ = drawn
    assert stages.capture.index == 12
    assert stages.bodies.ids.tolist() == [1]
    assert stages.truth is not None
    assert len(stages.detections) >= 1
    best = max(stages.people, key=lambda person: person.landmarks.score)
    assert best.cutout.shape == (256, 256, 3)
    assert best.lifted is not None
    assert best.completed is not None
    for side in ("LEFT", "RIGHT"):
        true = stages.truth.joints[0, Joint[f"SHOULDER_{side}"]]
        assert np.linalg.norm(best.completed.points[Landmark[f"SHOULDER_{side}"]] - true) < 120
        assert np.linalg.norm(stages.bodies.positions[0, Joint[f"SHOULDER_{side}"]] - true) < 120
    assert stages.owner is not None
    shown = stages.owner == 0
    assert 8000 < shown.sum() < 50_000
    assert (stages.owner[~shown] == NOBODY).all()


def test_the_picture_is_a_png_and_is_not_replaced_unasked(drawn: tuple[Stages, Path]) -> None:
    _, out = drawn
    content = out.read_bytes()
    assert content.startswith(b"\x89PNG")
    assert len(content) > 100_000
    with pytest.raises(OutputError, match=r"frame\.png exists"):
        debug_frame.run("synthetic:nocolor?seconds=0.5", 12, out)
    assert out.read_bytes() == content


@pytest.mark.parametrize(
    ("number", "message"), [(0, "counted from 1"), (-3, "counted from 1"), (7, "it has 6")]
)
def test_a_capture_that_is_not_there_is_refused(tmp_path: Path, number: int, message: str) -> None:
    with pytest.raises(CameraError, match=f"no capture {number}.*{message}"):
        debug_frame.run("synthetic:nocolor?seconds=0.2", number, tmp_path / "a.png")
    assert not list(tmp_path.iterdir())


def test_a_dropped_capture_is_refused_and_one_after_it_counts_it(tmp_path: Path) -> None:
    path = tmp_path / "gap.mkv"
    with open_camera("synthetic:nocolor?seconds=1.4") as camera:
        recorder = Recorder(
            path, camera.calibration, camera.fps, color_format=None, depth=True, ir=True, imu=False
        )
        for capture in camera:
            if capture.index % 8 == 1 and capture.index != 9:
                recorder.write(capture)
        recorder.close()
    assert WARM_CAPTURES < 41
    assert debug_frame.run(str(path), 41, tmp_path / "a.png").capture.index == 41
    with pytest.raises(CameraError, match="no capture 9, it was dropped: the next is 17"):
        debug_frame.run(str(path), 9, tmp_path / "b.png")


def test_a_capture_without_depth_or_people_can_be_drawn_and_one_without_images_cannot(
    calibration: Calibration,
) -> None:
    nobody = Bodies.none(1, 0)
    dark = explain(Capture(1, ir=np.full((576, 640), 40, np.uint16), ir_usec=0), nobody, calibration)
    assert dark.owner is None
    draw(dark, calibration, "dark")
    blind = explain(Capture(1, depth=np.zeros((576, 640), np.uint16), depth_usec=0), nobody, calibration)
    draw(blind, calibration, "blind")
    with pytest.raises(CameraError, match="has no image"):
        explain(Capture(1), nobody, calibration)
