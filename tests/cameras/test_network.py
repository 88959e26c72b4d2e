import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import numpy as np
import pytest

import bodychan
import recordings
from bodychan import InfoCHOP, KinectAzureCHOP, KinectAzureTOP, Project
from bodychan.cameras import network
from bodychan.channels.channels import Channels
from bodychan.errors import CameraError, DeviceUnavailable, Unavailable
from bodychan.model.capture import TrackedCapture
from bodychan.outputs.zenoh import ZenohOutput
from networks import free_endpoint, sender_of
from scripted import ScriptedCamera, scripted_captures, standing

pytest.importorskip("zenoh", reason="Zenoh is not installed: pip install 'bodychan[network]'")


@pytest.fixture
def sender(calibration: bodychan.Calibration) -> ScriptedCamera:
    return ScriptedCamera(calibration, scripted_captures(1))


@contextmanager
def sending(endpoint: str, camera: ScriptedCamera, *ids: int) -> Iterator[None]:
    """Send bodies with these ids again and again."""
    stop = threading.Event()

    def run() -> None:
        with ZenohOutput(f"zenoh://site/cam1?listen={endpoint}") as output:
            frame = 0
            while not stop.wait(0.02):
                frame += 1
                output.write_bodies(standing(ids, frame, 1_000_000 + 33_333 * frame), sender_of(camera))
                output.write(Channels(("frame", "p1/id"), np.array([[frame], [ids[0]]], float), 30))

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def test_bodies_of_another_machine_are_a_camera(sender: ScriptedCamera) -> None:
    endpoint = free_endpoint()
    with (
        sending(endpoint, sender, 4, 2),
        bodychan.open_camera(f"zenoh://site/cam1?connect={endpoint}") as camera,
    ):
        capture = camera.read()
        assert isinstance(capture, TrackedCapture)
        assert capture.bodies is not None
        np.testing.assert_array_equal(capture.bodies.positions, standing([4, 2]).positions)
        assert (camera.live, camera.fps, capture.index) == (True, 30, capture.bodies.frame)
        assert camera.calibration.raw == sender.calibration.raw
        assert abs(float(camera.tags["CLOCK_OFFSET_MS"])) < 100
        with pytest.raises(CameraError, match="cannot seek"):
            camera.seek(0)


def test_an_operator_gives_the_channels_of_what_was_tracked_elsewhere(sender: ScriptedCamera) -> None:
    endpoint = free_endpoint()
    with sending(endpoint, sender, 4), Project(realtime=True) as project:
        source = f"zenoh://site/cam1?connect={endpoint}"
        project.create(bodychan.KinectAzureTOP, "kinectazure1", sensor=source)
        chop = project.create(bodychan.KinectAzureCHOP, "bodies", top="kinectazure1")
        for _ in range(200):
            project.step()
            if chop["p1/id"] == 4:
                break
            threading.Event().wait(0.01)
        assert chop["p1/id"] == 4
        assert chop["p1/pelvis:tz"] == 2.5


def test_a_sender_that_ends_and_comes_again_goes_on(sender: ScriptedCamera) -> None:
    endpoint = free_endpoint()
    with sending(endpoint, sender, 1):
        camera = bodychan.open_camera(f"zenoh://site/cam1?connect={endpoint}")
        assert camera.read() is not None
    while camera.latest() is not None:
        pass
    assert camera.latest() is None
    with sending(endpoint, sender, 9):
        capture = camera.read()
    assert isinstance(capture, TrackedCapture)
    assert capture.bodies is not None
    assert capture.bodies.ids.tolist() == [9]
    camera.close()


def test_nobody_there_is_one_clear_line(monkeypatch: pytest.MonkeyPatch, sender: ScriptedCamera) -> None:
    monkeypatch.setattr(network, "_PATIENCE_SECONDS", 0.2)
    with pytest.raises(DeviceUnavailable, match="nobody sends zenoh://site/cam1") as told:
        bodychan.open_camera(f"zenoh://site/cam1?connect={free_endpoint()}")
    assert "\n" not in str(told.value)
    with pytest.raises(CameraError, match=r"must name one sender, without \*"):
        bodychan.open_camera("zenoh://site/**")
    monkeypatch.setattr(network, "_PATIENCE_SECONDS", 5.0)
    endpoint = free_endpoint()
    with sending(endpoint, sender, 1):
        camera = bodychan.open_camera(f"zenoh://site/cam1?connect={endpoint}")
    monkeypatch.setattr(network, "_SILENT_S", 0.1)
    with pytest.raises(
        DeviceUnavailable, match=r"said nothing .* read again to wait until it is back"
    ) as told:
        while True:
            camera.read()
    assert told.value.reason is Unavailable.UNPLUGGED
    camera.close()


def test_a_sender_that_falls_silent_is_away_until_it_is_back(
    monkeypatch: pytest.MonkeyPatch, sender: ScriptedCamera, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(network, "_SILENT_S", 0.5)
    endpoint = free_endpoint()
    with Project(realtime=True) as project:
        top = project.create(KinectAzureTOP, "top", sensor=f"zenoh://site/cam1?connect={endpoint}")
        chop = project.create(KinectAzureCHOP, "bodies", top="top")
        info = project.create(InfoCHOP, "info", op="top")

        def step_until(arrived: Callable[[], bool]) -> None:
            for _ in range(1000):
                project.step()
                if arrived():
                    return
                threading.Event().wait(0.01)
            raise AssertionError("not within 10 s")

        with sending(endpoint, sender, 4):
            step_until(lambda: chop["p1/id"] == 4)
            assert info["outages"] == info["away_seconds"] == 0
            assert top.warnings() == ""
        step_until(lambda: chop["p1/id"] == 0 and top.warnings() != "")
        assert "is away: its sender has said nothing for 0.5 s" in top.warnings()
        assert chop["p1/pelvis:tz"] == 0
        assert info["outages"] == 1
        assert info["away_seconds"] >= 0.5
        with sending(endpoint, sender, 9):
            step_until(lambda: chop["p1/id"] == 9)
            assert info["outages"] == 1
            assert info["away_seconds"] == 0
            assert chop["p1/pelvis:tz"] == 2.5
        assert "it was away for" in top.warnings()
    told = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert [sum(text in line for line in told) for text in ("it goes on by itself", "it is back after")] == [
        1,
        1,
    ]


def test_another_camera_in_its_place_is_refused(
    sender: ScriptedCamera, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint = free_endpoint()
    with sending(endpoint, sender, 1):
        camera = bodychan.open_camera(f"zenoh://site/cam1?connect={endpoint}")
    other = ScriptedCamera(recordings.calibration("WFOV_2X2BINNED"), scripted_captures(1))
    with (
        sending(endpoint, other, 1),
        pytest.raises(
            CameraError, match=r"now sends .* another calibration or in other modes.* open it anew"
        ),
    ):
        for _ in range(500):
            with suppress(DeviceUnavailable):
                camera.read()
    camera.close()
