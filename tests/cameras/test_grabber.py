"""A live camera whose device goes away and comes back: a stand-in for Microsoft's library."""

import gc
import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bodychan import Capture
from bodychan.cameras import grabber, live
from bodychan.cameras.grabber import running
from bodychan.cameras.live import LiveCamera
from bodychan.cameras.settings import DeviceSettings
from bodychan.errors import CameraError, DeviceUnavailable, Unavailable
from recordings import calibration_json
from standins import StandIn, until

SETTINGS = DeviceSettings(depth_mode="NFOV_2X2BINNED", timeout=10.0)
HASTY = DeviceSettings(depth_mode="NFOV_2X2BINNED", timeout=0.2)


@pytest.fixture
def standin(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    standin = StandIn(Path(tmp_path_factory.getbasetemp()))
    monkeypatch.setenv("BODYCHAN_K4A", str(standin.path))
    yield standin
    standin.rename(0, b"000000000001")
    until(lambda: not running(), "no thread is left")
    assert (standin.alive, standin.misuses) == (0, 0), "every handle is given back exactly once"
    assert not any(standin.running(i) for i in range(3)), "cameras and inertial sensor are stopped"


def read(camera: LiveCamera) -> Capture:
    capture = camera.read()
    assert capture is not None
    return capture


def lose(standin: StandIn, camera: LiveCamera, *, stops: bool = True) -> None:
    """Pull the device out, and wait until the camera knows, and has stopped it where it can be stopped."""
    standin.plug(0, False)
    until(lambda: camera.away != "", "the loss is noticed")
    if stops:
        until(lambda: not standin.running(), "it is stopped")


def come_back(standin: StandIn, camera: LiveCamera) -> Capture:
    """Wait until the device runs again, and give its first capture."""
    until(standin.running, "the device is started again")
    standin.push(frames=1, samples=1)
    return read(camera)


def test_a_device_that_is_plugged_in_again_goes_on(
    standin: StandIn, caplog: pytest.LogCaptureFixture
) -> None:
    with LiveCamera("k4a:0", SETTINGS) as camera:
        standin.push(frames=3, samples=3)
        until(lambda: camera.dropped == 2, "all have come")
        before = read(camera)
        lost = time.monotonic()
        lose(standin, camera)
        assert camera.latest() is None
        assert camera.away == "the device is gone: plug it in again"
        time.sleep(0.7)
        assert 0.5 < camera.away_seconds < 5
        standin.plug(0)
        plugged = time.monotonic()
        after = come_back(standin, camera)
        assert time.monotonic() - plugged < 2
        gap = time.monotonic() - lost
        assert (camera.away, camera.away_seconds, camera.outages) == ("", 0.0, 1)
        # The device's clock began again; numbers and times go on by the computer's.
        assert 0.7e6 < after.device_usec - before.device_usec < (gap + 0.5) * 1e6
        assert after.index - before.index == round((after.device_usec - before.device_usec) / 33_333.3)
        assert after.imu[0].accel_usec > before.imu[-1].accel_usec
        standin.push(1)
        assert read(camera).index == after.index + 1
        (warning,) = camera.warnings
        assert warning.startswith("k4a:0: it was away for ")
        assert warning.endswith(" s (the device is gone: plug it in again)")
    told = [record.getMessage() for record in caplog.records]
    assert told[0] == "k4a:0: the device is gone: plug it in again; it goes on by itself when it is back"
    assert told[1].startswith("k4a:0: it is back after ")
    assert len(told) == 2


def test_what_came_before_the_device_was_lost_is_still_given_and_then_read_says_it_is_away(
    standin: StandIn,
) -> None:
    with LiveCamera("k4a:0", HASTY) as camera:
        standin.push(3)
        until(lambda: camera.dropped == 2, "the captures came")
        lose(standin, camera)
        assert read(camera).index == 3
        message = "k4a:0: the device is gone: plug it in again; read again to wait until it is back"
        with pytest.raises(DeviceUnavailable, match=message) as caught:
            camera.read()
        assert caught.value.reason is Unavailable.UNPLUGGED
        standin.plug(0)
        assert come_back(standin, camera).index > 3


def test_a_device_at_another_place_is_found_by_its_serial_number(standin: StandIn) -> None:
    standin.plug(1)
    with LiveCamera("k4a:1", SETTINGS) as camera:
        standin.push(1, index=1)
        read(camera)
        standin.plug(1, False)
        until(lambda: camera.away != "", "the loss is noticed")
        # What is at index 1 now is another camera's; ours comes back at index 2 of the system.
        standin.plug(2)
        time.sleep(0.8)
        assert not standin.running(2), "a stranger is left alone"
        standin.plug(1)
        until(lambda: standin.running(1), "it is started again")
        standin.push(1, index=1)
        assert read(camera).index > 1
        assert camera.tags["K4A_DEVICE_SERIAL_NUMBER"] == "000000000002"


def test_a_device_that_another_program_has_meanwhile_is_taken_when_it_is_free(
    standin: StandIn, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grabber, "_RETRY_SECONDS", 0.02)
    with LiveCamera("k4a:0", SETTINGS) as camera:
        lose(standin, camera)
        until(lambda: standin.alive == 0, "it is let go of")
        standin.occupy(0)
        standin.plug(0)
        until(lambda: "cannot be opened again yet" in caplog.text, "what keeps it is told")
        assert "1 in use may have it: close what uses it" in caplog.text
        time.sleep(0.3)
        assert caplog.text.count("cannot be opened again yet") == 1
        standin.occupy(0, False)
        come_back(standin, camera)


def test_a_device_that_falls_silent_is_opened_anew(
    standin: StandIn, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "_PATIENCE_SECONDS", 0.3)
    with LiveCamera("k4a:0", SETTINGS) as camera:
        standin.push(1)
        assert read(camera).index == 1
        until(lambda: camera.outages == 1, "the silence is noticed")
        monkeypatch.setattr(live, "_PATIENCE_SECONDS", 60.0)
        until(lambda: standin.running() and camera.away != "", "it is started again")

        def pushed() -> bool:
            standin.push(1)
            return camera.latest() is not None

        until(pushed, "it delivers")
        assert "no capture has come for 0.3 s" in camera.warnings[0]
    assert caplog.records[0].getMessage().startswith("k4a:0: no capture has come for 0.3 s;")


def test_a_subordinate_may_be_silent_for_as_long_as_its_master(
    standin: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "_PATIENCE_SECONDS", 0.05)
    waiting = DeviceSettings(depth_mode="NFOV_2X2BINNED", wired_sync="SUBORDINATE")
    with LiveCamera("k4a:0", waiting) as camera:
        time.sleep(0.3)
        assert (camera.away, camera.outages) == ("", 0)


def test_colour_controls_are_as_before_when_a_device_is_back(standin: StandIn) -> None:
    settings = DeviceSettings(depth_mode="NFOV_2X2BINNED", color_controls={"exposure": 8_000}, timeout=10.0)
    with LiveCamera("k4a:0", settings) as camera:
        camera.set_color_controls({"gain": 7})
        lose(standin, camera)
        camera.set_color_controls({"sharpness": 3})
        with pytest.raises(DeviceUnavailable, match=r"the device is gone.*ask again when it is back"):
            camera.color_control("gain")
        standin.plug(0)
        come_back(standin, camera)
        found = [camera.color_control(name)[0] for name in ("exposure", "gain", "sharpness")]
        assert found == [8_000, 7, 3]
        camera.reset_color_controls()
        lose(standin, camera)
        standin.plug(0)
        come_back(standin, camera)
        assert camera.warnings[0].endswith("(the first of 2)")


@pytest.mark.parametrize("what", ["calibration", "device"])
def test_another_camera_in_its_place_is_refused(standin: StandIn, what: str) -> None:
    serial = b"000000000001"
    if what == "device":
        serial = b""  # a device that does not say which it is cannot be looked for by its number
        standin.rename(0, serial)
    with LiveCamera("k4a:0", HASTY) as camera:
        standin.push(1)
        read(camera)
        lose(standin, camera)
        if what == "device":
            standin.rename(0, b"000000000009")
        else:
            other = json.loads(calibration_json())
            other["CalibrationInformation"]["Cameras"][0]["Intrinsics"]["ModelParameters"][0] += 0.01
            standin.calibrate(json.dumps(other).encode())
        standin.plug(0)
        until(lambda: not running(), "the camera gives up")
        for _ in range(2):
            with pytest.raises(CameraError, match=f"k4a:0: what came back has another {what}.*open it anew"):
                camera.latest()
        with pytest.raises(CameraError, match="open it anew"):
            camera.set_color_controls({"gain": 1})


def test_a_device_is_looked_for_no_more_when_the_camera_is_closed_or_forgotten(standin: StandIn) -> None:
    camera: LiveCamera | None = LiveCamera("k4a:0", SETTINGS)
    assert camera is not None
    lose(standin, camera)
    began = time.monotonic()
    camera.close()
    assert time.monotonic() - began < 1
    standin.plug(0)
    camera = LiveCamera("k4a:0", SETTINGS)
    lose(standin, camera)
    del camera
    gc.collect()
    assert not running()


def test_closing_a_device_whose_library_does_not_answer_takes_no_longer_than_said(
    standin: StandIn, caplog: pytest.LogCaptureFixture
) -> None:
    camera = LiveCamera("k4a:0", SETTINGS)
    standin.push(1)
    read(camera)
    standin.stall()
    began = time.monotonic()
    camera.close()
    assert grabber.STOP_SECONDS - 0.1 < time.monotonic() - began < grabber.STOP_SECONDS + 1
    assert "k4a:0: its library does not come back from a call" in caplog.text
    with pytest.raises(DeviceUnavailable, match=r"close what uses it.*this program has open: k4a:0000"):
        LiveCamera("k4a:0", SETTINGS)
    standin.stall(stalled=False)
    until(lambda: not running(), "the device is let go of after all")
    LiveCamera("k4a:0", SETTINGS).close()


def test_a_lost_device_that_cannot_be_stopped_keeps_nobody_waiting(
    standin: StandIn, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grabber, "STOP_SECONDS", 0.3)
    with LiveCamera("k4a:0", HASTY) as camera:
        standin.stall()
        lose(standin, camera, stops=False)
        began = time.monotonic()
        camera.set_color_controls({"gain": 3})
        assert camera.latest() is None
        assert time.monotonic() - began < 0.3
        until(lambda: "does not come back from closing it" in caplog.text, "it is told")
        standin.stall(stalled=False)
        until(lambda: not standin.running(), "it is stopped after all")
        standin.plug(0)
        come_back(standin, camera)
        assert camera.color_control("gain")[0] == 3
