import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib.text import Text

from bodychan import Calibration, Capture, open_camera, open_tracker
from bodychan.cameras.recording.writer import Recorder
from bodychan.errors import CameraError, OutputError
from bodychan.evaluation import debug_frame
from bodychan.evaluation.debug_frame import WARM_CAPTURES
from bodychan.evaluation.debug_plots import draw
from bodychan.evaluation.debug_stages import Stages, stages_of
from bodychan.evaluation.measures import MAJOR
from bodychan.model.bodies import NOBODY
from bodychan.model.skeleton import Joint
from bodychan.operators.kinect.tables import MAX_PLAYERS
from bodychan.tracking.builtin.observe.looks import Fate
from bodychan.tracking.builtin.tracker import BuiltinTracker


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> tuple[Stages, Path]:
    out = tmp_path_factory.mktemp("debug") / "frame.png"
    return debug_frame.run("synthetic:nocolor?seconds=0.5", 12, out), out


def test_the_capture_is_explained_as_it_is_tracked_after_those_before_it(drawn: tuple[Stages, Path]) -> None:
    stages, _ = drawn
    trace = stages.trace
    assert trace.capture.index == 12
    with (
        open_camera("synthetic:nocolor?seconds=0.5") as camera,
        open_tracker(camera.calibration, max_bodies=MAX_PLAYERS) as tracker,
    ):
        tracked = [tracker.track(capture) for capture, _ in zip(camera, range(12), strict=False)][-1]
    assert trace.bodies.positions.tobytes() == tracked.positions.tobytes()
    assert trace.finds[0].proposal is None
    assert list(trace.people) == tracked.ids.tolist() == [1]


def test_the_truth_and_the_body_index_map_are_those_of_the_capture(drawn: tuple[Stages, Path]) -> None:
    stages, _ = drawn
    assert stages.truth is not None
    bodies = stages.trace.bodies
    for side in ("LEFT", "RIGHT"):
        true = stages.truth.joints[0, Joint[f"SHOULDER_{side}"]]
        assert np.linalg.norm(bodies.positions[0, Joint[f"SHOULDER_{side}"]] - true) < 120
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
    assert debug_frame.run(str(path), 41, tmp_path / "a.png").trace.capture.index == 41
    with pytest.raises(CameraError, match="no capture 9, it was dropped: the next is 17"):
        debug_frame.run(str(path), 9, tmp_path / "b.png")


def explained(capture: Capture, calibration: Calibration) -> Stages:
    with BuiltinTracker(calibration) as tracker:
        return stages_of(tracker.explain(capture), calibration)


def texts(stages: Stages) -> list[str]:
    """All that is written in the picture."""
    figure = draw(stages, "take.mkv")
    return [text.get_text() for text in figure.findobj(Text) if text.get_text()]


def test_the_picture_says_why_each_square_was_looked_at_and_what_came_of_it(
    drawn: tuple[Stages, Path],
) -> None:
    stages, _ = drawn
    written = texts(stages)
    assert any(text.startswith("A  id 1\nfollowed, ") for text in written)
    find = stages.trace.finds[0]
    twice = replace(find, look=replace(find.look), fate=Fate.TWICE)
    written = texts(replace(stages, trace=replace(stages.trace, finds=[find] + [twice] * 8)))
    assert any(text.startswith("H  somebody else's\nfollowed, ") for text in written)
    assert any("8 of 9" in text for text in written)


def test_the_distances_to_the_truth_are_written_where_it_is_known_and_else_the_ids(
    drawn: tuple[Stages, Path],
) -> None:
    stages, _ = drawn
    assert stages.truth is not None
    core = list(MAJOR)
    off = np.linalg.norm(stages.trace.bodies.positions[0, core] - stages.truth.joints[0, core], axis=1)
    assert f"{off.mean():.0f} mm" in texts(stages)
    written = texts(replace(stages, truth=None))
    assert written.count("id 1") == 2  # at the fit, and in the body index map
    assert not any(re.fullmatch(r"\d+ mm", text) for text in written)


def test_a_capture_without_depth_says_so(calibration: Calibration) -> None:
    dark = explained(Capture(1, ir=np.full((576, 640), 40, np.uint16), ir_usec=0), calibration)
    assert dark.owner is None
    written = texts(dark)
    assert "nothing was looked at" in written
    assert sum("no depth image" in text for text in written) == 7


@pytest.mark.parametrize("distance", [0, 2500])
def test_a_capture_without_people_can_be_drawn(calibration: Calibration, distance: int) -> None:
    depth = np.full((576, 640), distance, np.uint16)
    written = texts(explained(Capture(1, depth=depth, depth_usec=0), calibration))
    assert any("bodies: none" in text for text in written)
    assert written.count("nothing was measured") == (0 if distance else 7)


def test_a_capture_without_images_can_be_drawn(calibration: Calibration) -> None:
    assert "nothing was looked at" in texts(explained(Capture(1), calibration))
