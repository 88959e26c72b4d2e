import threading

import numpy as np
import pytest

from bodychan import Calibration, Capture, KinectAzureCHOP, KinectAzureTOP, Project
from bodychan.errors import CameraError, OperatorError, OutputError, TrackerError
from bodychan.operators.kinect.playback import Playback
from bodychan.operators.kinect.settings import control_settings, device_settings, sensor_url
from scripted import LiveScripted, ScriptedCamera, ScriptedTracker, install, scripted_captures
from standins import until


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


def step_until(project: Project, top: KinectAzureTOP, index: int, each: int) -> None:
    """Cook, without going on, until the thread that reads has brought a capture."""

    def shown() -> bool:
        top.cook(force=True)
        assert top.errors() == ""
        return top.capture is not None and top.capture.index == index

    project.step(each)
    until(shown, f"capture {index}")


def test_in_real_time_only_the_newest_capture_is_tracked(rig: Rig) -> None:
    with Project(fps=30, realtime=True) as project:
        top = make(project)
        step_until(project, top, 1, each=1)
        until(lambda: rig.tracked == [1], "the tracker")
        until(lambda: rig.cameras[0]._at == 5, "the thread that reads four ahead")
        step_until(project, top, 5, each=4)
        until(lambda: rig.tracked == [1, 5], "the tracker")
        assert top.info()["dropped"] == 0


def test_in_real_time_a_cook_does_not_wait_for_the_tracker_and_the_end_does(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = threading.Event()
    slow = ScriptedTracker(lambda _capture: [1] if done.wait(30) else [])
    monkeypatch.setattr("bodychan.operators.kinect.trackers.open_tracker", lambda _calibration, **_: slow)
    with Project(fps=30, realtime=True) as project:
        top = make(project)
        step_until(project, top, 1, each=1)
        until(lambda: slow.seen == [1], "the tracker")
        for index in range(2, 11):
            step_until(project, top, index, each=1)
        step_until(project, top, 10, each=1)
        assert top.bodies is None or len(top.bodies) == 0
        assert not top.ended
        done.set()

        def ended() -> bool:
            project.step()
            top.cook()
            return top.ended

        until(ended, "the end")
        assert slow.seen == [1, 10]  # those between came while the first was tracked
        assert top.info()["dropped"] == 8
        assert top.bodies is not None
        assert (top.bodies.frame, top.bodies.ids.tolist()) == (10, [1])
        assert project.op("top") is top
    assert slow.closed


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


def test_a_new_playback_takes_effect_at_once_with_the_same_camera_and_bodies(rig: Rig) -> None:
    project = Project(fps=30)
    top = make(project)
    assert frames(project, top, 3) == [1, 2, 3]
    top.playback = Playback(speed=2.0)
    assert frames(project, top, 1) == [7]  # frame 4 of the timeline, at twice the speed
    top.playback = Playback(loop=True)
    project.jump(9)
    assert frames(project, top, 3) == [10, 1, 2]
    top.playback = None
    assert not top.playback.loop
    assert len(rig.cameras) == len(rig.trackers) == 1


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


def test_a_damaged_recording_keeps_its_error_and_does_not_start_again(rig: Rig) -> None:
    rig.captures[4] = CameraError("scripted: capture 5 is damaged")
    project = Project(fps=30)
    top = make(project)
    for _ in range(60):
        project.step()
        top.cook()
    assert top.errors() == "scripted: capture 5 is damaged"
    assert len(rig.cameras) == 1
    assert top.info()["image_errors"] == 1


def test_what_could_not_be_opened_is_tried_again_after_a_while(
    monkeypatch: pytest.MonkeyPatch, calibration: Calibration, rig: Rig
) -> None:
    tries = []

    def sometimes(_url: str, _settings: object) -> ScriptedCamera:
        tries.append(project.seconds)
        if len(tries) < 3:
            raise CameraError("the camera is not there yet")
        return ScriptedCamera(calibration, scripted_captures(10))

    monkeypatch.setattr("bodychan.operators.kinect.top.open_camera", sometimes)
    project = Project(fps=10)
    top = make(project)
    errors = []
    for _ in range(25):
        project.step()
        top.cook()
        errors.append(top.errors())
    assert tries == pytest.approx([0.0, 1.0, 2.0])
    assert errors[:20] == ["the camera is not there yet"] * 20
    assert errors[20:] == [""] * 5


def test_another_sensor_is_tried_at_once(monkeypatch: pytest.MonkeyPatch, rig: Rig) -> None:
    project = Project(fps=30)
    top = project.create(KinectAzureTOP, "top", sensor="take.mkv")
    with monkeypatch.context() as patch:
        patch.setattr("bodychan.operators.kinect.top.open_camera", _refuse)
        top.cook()
    assert top.errors() == "take.mkv is not there"
    top.par.sensor = "other.mkv"
    top.cook()
    assert top.errors() == ""


def _refuse(_url: str, _settings: object) -> ScriptedCamera:
    raise CameraError("take.mkv is not there")


@pytest.mark.parametrize(
    ("sensor", "library", "url"),
    [
        ("take.mkv", "microsoft", "take.mkv"),
        ("synthetic:walk", "orbbec", "synthetic:walk"),
        ("0", "microsoft", "k4a:0"),
        ("000123456789", "microsoft", "k4a:000123456789"),
        ("CL8F63P000K", "orbbec", "orbbec:CL8F63P000K"),
        ("orbbec:1", "microsoft", "orbbec:1"),
        ("folder/take", "microsoft", "folder/take"),
    ],
)
def test_a_bare_serial_number_or_index_is_a_camera_of_the_hardware_type(
    sensor: str, library: str, url: str
) -> None:
    top = Project().create(KinectAzureTOP, "top", sensor=sensor, library=library)
    assert sensor_url(top.par) == url


def test_parameters_become_the_modes_of_a_device() -> None:
    top = Project().create(KinectAzureTOP, "top", depthmode="widebinned", colorres="3840x2160", fps="fps15")
    top.par.syncmode = "subordinate"
    top.par.subdelay = 160
    settings = device_settings(top.par)
    assert (settings.depth_mode, settings.color_resolution, settings.fps) == ("WFOV_2X2BINNED", "2160P", 15)
    assert (settings.wired_sync, settings.subordinate_delay_usec) == ("SUBORDINATE", 160)


def test_colour_controls_are_sent_only_when_enabled_and_reset_by_a_pulse() -> None:
    top = Project().create(KinectAzureTOP, "top", gain=7, whitebalance=4567, powerfreq="50hz")
    assert control_settings(top.par) == {}
    top.par.enablecolors = True
    controls = control_settings(top.par)
    assert (controls["gain"], controls["whitebalance"], controls["exposure"], controls["powerfreq"]) == (
        7,
        None,
        None,
        1,
    )
    top.par.manualwhitebalance = True
    assert control_settings(top.par)["whitebalance"] == 4570
    top.par.resetcolors = 1
    assert (top.par.gain, top.par.whitebalance, top.par.enablecolors) == (128, 4500, True)


def test_a_pulse_may_be_set_when_the_operator_is_made() -> None:
    top = Project().create(KinectAzureTOP, "top", gain=7, resetcolors=True, brightness=9)
    assert (top.par.gain, top.par.brightness) == (128, 9)


def test_the_size_is_known_without_making_the_image(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    top = make(Project(fps=30))
    top.par.image = "depth"
    assert (top.width, top.height) == (640, 576)

    def render(*_args: object) -> None:
        raise AssertionError("nobody asks for the image")

    monkeypatch.setattr("bodychan.operators.kinect.images.render", render)
    top.par.remapimage = True
    assert (top.width, top.height) == (1280, 720)
    top.par.active = False
    assert (top.width, top.height) == (1, 1)


def test_a_sink_of_captures_that_fails_is_an_error_and_the_camera_stays_open(rig: Rig) -> None:
    class Full:
        def write(self, capture: Capture) -> None:
            raise OutputError("the disk is full: free some space")

    project = Project(fps=30)
    top = make(project)
    top.capture_sinks.append(Full())
    project.step()
    top.cook()
    assert top.errors() == "the disk is full: free some space"
    top.capture_sinks.clear()
    assert frames(project, top, 1) == [2]
    assert len(rig.cameras) == 1


def test_closing_closes_everything_whatever_one_of_them_raises(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = Project(fps=30)
    tops = [project.create(KinectAzureTOP, name, sensor="scripted") for name in ("a", "b")]
    for top in tops:
        top.open()

    def stuck(self: ScriptedTracker) -> None:
        self.closed = True
        raise TrackerError(f"tracker {rig.trackers.index(self)} does not stop")

    def jammed(camera: ScriptedCamera) -> None:
        raise CameraError("the device is gone")

    monkeypatch.setattr(ScriptedTracker, "close", stuck)
    monkeypatch.setattr(ScriptedCamera, "_close", jammed)
    with pytest.raises(CameraError, match="the device is gone") as caught:
        project.close()
    assert all(tracker.closed for tracker in rig.trackers)
    assert [top.camera for top in tops] == [None, None]
    assert "also: tracker 0 does not stop" in caught.value.__notes__
    project.close()


class LiveRig:
    """A live camera of another maker in a TOP; it remembers the colour controls that it was sent."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, calibration: Calibration, controls: bool) -> None:
        self.camera = LiveScripted(calibration, scripted_captures(10))
        self.sent: list[object] = []
        if controls:
            monkeypatch.setattr(self.camera, "set_color_controls", self.sent.append)
            monkeypatch.setattr(self.camera, "reset_color_controls", lambda: self.sent.append("reset"))
        install(monkeypatch, lambda: self.camera, lambda: ScriptedTracker(lambda _capture: [4]))
        self.project = Project(fps=30)
        self.top = make(self.project)
        self.chop = self.project.create(KinectAzureCHOP, "bodies", top=self.top)

    def step(self, pushed: int) -> tuple[float, float]:
        self.camera.pushed = pushed
        self.project.step()
        return float(self.chop["frame"]), float(self.chop["p1/id"])


def test_a_live_camera_of_another_maker_works(
    monkeypatch: pytest.MonkeyPatch, calibration: Calibration
) -> None:
    rig = LiveRig(monkeypatch, calibration, controls=True)
    assert [rig.step(pushed) for pushed in (0, 1, 1, 4)] == [(0, 0), (1, 4), (1, 4), (4, 4)]
    assert rig.top.info()["dropped"] == 2
    assert not rig.top.ended
    rig.project.jump(1)
    assert rig.step(5) == (5, 4)
    rig.top.par.enablecolors = True
    rig.top.par.brightness = 7
    rig.step(6)
    rig.top.par.resetcolors = 1
    rig.step(7)
    assert rig.sent == [{"brightness": 7}, "reset", {"brightness": 128}]
    assert rig.top.warnings() == rig.top.errors() == ""


def test_a_live_camera_without_colour_controls_says_so_once(
    monkeypatch: pytest.MonkeyPatch, calibration: Calibration
) -> None:
    rig = LiveRig(monkeypatch, calibration, controls=False)
    rig.top.par.enablecolors = True
    rig.top.par.brightness, rig.top.par.gain = 7, 8
    assert rig.step(1) == (1, 4)
    assert rig.top.warnings() == "live:0 has no colour controls: switch 'enablecolors' off"
    rig.top.par.resetcolors = 1
    assert rig.step(2) == (2, 4)


def test_lenses_are_given_as_opencv_takes_them(rig: Rig, calibration: Calibration) -> None:
    top = make(Project(fps=30))
    lens = calibration.lenses["color"]
    found = top.colorCameraIntrinsics
    assert (found.cx, found.fy, found.k1, found.p1, found.p2) == (
        lens.cx, lens.fy, lens.radial[0], *lens.tangential,
    )  # fmt: skip
    assert top.depthCameraIntrinsics.fx == calibration.lenses["depth"].fx


def test_world_points_are_found_in_the_images(rig: Rig, calibration: Calibration) -> None:
    top = make(Project(fps=30))
    u, v, success = top.transformWorldToDepthImage(np.array([0.0, 0.0, 2.0]))
    lens = calibration.lenses["depth"]
    assert success
    assert (u, v) == pytest.approx(((lens.cx + 0.5) / 640, 1 - (lens.cy + 0.5) / 576))
    assert (
        top.transformWorldToColorImage(np.array([0.2, 0.5, 2.0])).v
        > top.transformWorldToColorImage(np.zeros(3)).v
    )
    assert top.transformWorldToColorImage(np.array([0.0, 0.0, -1.0])) == (0, 0, False)


def test_remap_transforms_take_channel_space_from_camera_to_camera(
    rig: Rig, calibration: Calibration
) -> None:
    top = make(Project(fps=30))
    point = np.array([0.3, -0.2, 1.5])
    sdk = calibration.transform(point[None] * [-1000, -1000, 1000], "depth", "color")[0]
    moved = top.getRemapTransform(0, 1) @ [*point, 1.0]
    np.testing.assert_allclose(moved[:3], sdk * [-0.001, -0.001, 0.001], atol=1e-12)
    there_and_back = top.getRemapTransform(2, 0) @ top.getRemapTransform(0, 2)
    np.testing.assert_allclose(there_and_back, np.eye(4), atol=1e-12)
    with pytest.raises(OperatorError, match="no sensor 4: 0 depth, 1 colour"):
        top.getRemapTransform(0, 4)


def test_only_the_first_type_of_hardware_gets_k4abt(monkeypatch: pytest.MonkeyPatch, rig: Rig) -> None:
    made: list[str] = []

    def opened(_calibration: Calibration, *, kind: str, hardware: str, **_options: object) -> ScriptedTracker:
        assert kind == "k4abt"
        made.append(hardware)
        return ScriptedTracker(lambda _capture: [1])

    monkeypatch.setattr("bodychan.operators.kinect.trackers.open_tracker", opened)
    project = Project(fps=30)
    kinect = project.create(KinectAzureTOP, "kinect", sensor="scripted", tracker="k4abt")
    femto = project.create(KinectAzureTOP, "femto", sensor="scripted", tracker="k4abt", library="orbbec")
    chops = [project.create(KinectAzureCHOP, f"bodies_{name}", top=name) for name in ("kinect", "femto")]
    project.step()
    assert [chop["p1/id"][0] for chop in chops] == [1, 0]
    assert "k4abt serves the microsoft camera of /project1/kinect" in chops[1].warnings()
    assert "k4abt serves" in femto.warnings()
    assert chops[0].warnings() == ""
    kinect.par.active = False
    project.step()
    assert [chop["p1/id"][0] for chop in chops] == [0, 1]
    assert made == ["microsoft", "orbbec"]


def test_the_built_in_tracker_has_no_such_limit(rig: Rig) -> None:
    project = Project(fps=30)
    for name, library in (("kinect", "microsoft"), ("femto", "orbbec")):
        project.create(KinectAzureTOP, name, sensor="scripted", library=library)
        project.create(KinectAzureCHOP, f"bodies_{name}", top=name)
    project.step()
    assert [project.op(f"bodies_{name}")["p1/id"][0] for name in ("kinect", "femto")] == [1, 1]  # type: ignore[index]
