import threading
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest

import bodychan
from bodychan import Project
from bodychan.cameras import network
from bodychan.channels.channels import Channels
from bodychan.errors import CameraError, DeviceUnavailable
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
    monkeypatch.setattr(network, "_PATIENCE_SECONDS", 0.1)
    with pytest.raises(DeviceUnavailable, match="has sent nothing for"):
        while True:
            camera.read()
    camera.close()
