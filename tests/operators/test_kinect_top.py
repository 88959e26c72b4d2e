import pytest

from bodychan import Calibration, KinectAzureTOP, Project
from bodychan.errors import CameraError
from bodychan.operators import Playback
from scripted import ScriptedCamera, ScriptedTracker, install, scripted_captures


class Rig:
    """A project whose TOP plays ten scripted captures at 30 fps; it remembers what was opened."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, calibration: Calibration) -> None:
        self.cameras: list[ScriptedCamera] = []
        self.trackers: list[ScriptedTracker] = []
        self.captures: list[object] = list(scripted_captures(10))
        install(monkeypatch, lambda: self._camera(calibration), self._tracker)

    def _camera(self, calibration: Calibration) -> ScriptedCamera:
        self.cameras.append(ScriptedCamera(calibration, self.captures))  # type: ignore[arg-type]
        return self.cameras[-1]

    def _tracker(self) -> ScriptedTracker:
        self.trackers.append(ScriptedTracker(lambda _capture: [1]))
        return self.trackers[-1]

    @property
    def tracked(self) -> list[int]:
        return self.trackers[-1].seen


@pytest.fixture
def rig(monkeypatch: pytest.MonkeyPatch, calibration: Calibration) -> Rig:
    return Rig(monkeypatch, calibration)


def make(project: Project, playback: Playback | None = None) -> KinectAzureTOP:
    return project.create(KinectAzureTOP, "top", playback=playback, sensor="scripted")


def frames(project: Project, top: KinectAzureTOP, steps: int, each: int = 1) -> list[int]:
    seen = []
    for _ in range(steps):
        project.step(each)
        top.cook()
        assert top.errors() == ""
        seen.append(top.capture.index if top.capture else 0)
    return seen


def test_at_sixty_frames_a_camera_frame_is_held_for_two(rig: Rig) -> None:
    project = Project(fps=60)
    assert frames(project, make(project), 6) == [1, 1, 2, 2, 3, 3]
    assert rig.tracked == [1, 2, 3]


def test_frame_by_frame_every_capture_is_tracked_however_far_a_step_goes(rig: Rig) -> None:
    project = Project(fps=30)
    assert frames(project, make(project), 2, each=4) == [4, 8]
    assert rig.tracked == [1, 2, 3, 4, 5, 6, 7, 8]


def test_in_real_time_only_the_newest_capture_is_tracked(rig: Rig) -> None:
    project = Project(fps=30, realtime=True)
    assert frames(project, make(project), 2, each=4) == [4, 8]
    assert rig.tracked == [4, 8]


def test_after_the_last_capture_it_has_ended_and_holds_it(rig: Rig) -> None:
    project = Project(fps=30)
    top = make(project)
    assert frames(project, top, 2, each=6) == [6, 10]
    assert top.ended


def test_playback_chooses_a_part_and_a_speed(rig: Rig) -> None:
    project = Project(fps=30)
    top = make(project, Playback(start=0.1, duration=0.2, speed=2))
    assert frames(project, top, 5) == [4, 6, 8, 9, 9]
    assert top.ended


def test_looping_plays_the_part_again_without_a_gap(rig: Rig) -> None:
    project = Project(fps=30)
    top = make(project, Playback(start=0.2, loop=True))
    assert frames(project, top, 7) == [7, 8, 9, 10, 7, 8, 9]
    assert not top.ended
    assert len(rig.trackers) == 1


def test_a_start_after_the_end_is_an_error(rig: Rig) -> None:
    project = Project(fps=30)
    top = make(project, Playback(start=9))
    project.step()
    top.cook()
    assert "has no capture at 9 s: start earlier" in top.errors()


def test_a_read_error_in_the_middle_is_an_error_on_the_operator(rig: Rig) -> None:
    rig.captures[4] = CameraError("scripted: capture 5 is damaged")
    project = Project(fps=30)
    top = make(project)
    assert frames(project, top, 3) == [1, 2, 3]
    project.step()
    top.cook()
    assert top.errors() == "scripted: capture 5 is damaged"


def test_another_sensor_closes_the_old_camera_and_tracker(rig: Rig) -> None:
    project = Project(fps=30)
    top = make(project)
    frames(project, top, 1)
    top.par.sensor = "scripted2"
    frames(project, top, 1)
    assert len(rig.cameras) == 2
    assert rig.trackers[0].closed
    with pytest.raises(CameraError, match="is closed"):
        rig.cameras[0].read()


def test_closing_the_project_closes_the_camera(rig: Rig) -> None:
    with Project(fps=30) as project:
        frames(project, make(project), 1)
    with pytest.raises(CameraError, match="is closed"):
        rig.cameras[0].read()


def test_the_cameras_warnings_show_on_the_operator(rig: Rig) -> None:
    project = Project(fps=30)
    top = make(project)
    frames(project, top, 1)
    rig.cameras[0].warnings.append("the file is cut")
    project.step()
    top.cook()
    assert top.warnings() == "the file is cut"
