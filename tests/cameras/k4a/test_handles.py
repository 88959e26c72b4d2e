from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from bodychan.cameras.k4a.api import DEPTH16, IR16, MICROSOFT, Configuration
from bodychan.cameras.k4a.device import Device
from bodychan.cameras.k4a.handles import K4a
from bodychan.errors import CameraError, DeviceUnavailable, Unavailable
from recordings import calibration_json
from standins import StandIn


@pytest.fixture
def standin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    standin = StandIn(Path(tmp_path_factory.getbasetemp()))
    yield standin
    assert (standin.alive, standin.misuses) == (0, 0), "every handle is given back exactly once"


@pytest.fixture
def k4a(standin: StandIn) -> K4a:
    return K4a(MICROSOFT, standin.path)


def test_a_capture_made_here_holds_copies_of_its_images(k4a: K4a) -> None:
    depth = np.arange(12, dtype=np.uint16).reshape(3, 4)
    with k4a.make_capture(depth.T, (2 * depth).T, 123_456) as capture:
        depth[:] = 0
        for kind, form, factor in (("depth", DEPTH16, 1), ("ir", IR16, 2)):
            image = capture.image(kind)
            assert image is not None
            with image:
                assert (image.format, image.size, image.device_usec) == (form, (3, 4), 123_456)
                expected = factor * np.arange(12, dtype=np.uint16).reshape(3, 4).T
                assert np.array_equal(image.rows(6).view(np.uint16), expected)
        assert capture.image("color") is None


def test_a_handle_is_given_back_once_and_not_usable_after(standin: StandIn, k4a: K4a) -> None:
    capture = k4a.make_capture(np.zeros((2, 2), np.uint16), np.zeros((2, 2), np.uint16), 0)
    assert standin.alive == 3
    capture.close()
    capture.close()
    assert standin.alive == 0
    with pytest.raises(CameraError, match="NativeCapture is used after close"):
        capture.image("depth")


def test_rows_shorter_than_expected_are_refused(k4a: K4a) -> None:
    with k4a.make_capture(np.zeros((2, 2), np.uint16), np.zeros((2, 2), np.uint16), 0) as capture:
        image = capture.image("depth")
        assert image is not None
        with image, pytest.raises(CameraError, match="8 bytes in rows of 4, 6 a row were expected"):
            image.rows(6)


def test_the_librarys_calibration_wants_the_text_with_its_end(k4a: K4a) -> None:
    # The stand-in refuses text without a NUL, as the library does.
    for raw in (calibration_json(), calibration_json() + b"\0"):
        k4a.calibration(raw, "NFOV_UNBINNED", "720P")


def test_the_wait_for_a_capture_ends(k4a: K4a) -> None:
    with Device.open(k4a, 0) as device:
        device.start(Configuration(depth_mode=2, camera_fps=2))
        assert device.capture(0.01) is None
        assert device.imu_sample() is None
        device.stop()


def test_a_device_that_is_gone_is_unplugged(standin: StandIn, k4a: K4a) -> None:
    with Device.open(k4a, 0) as device:
        device.start(Configuration(depth_mode=2, camera_fps=2))
        standin.plug(0, False)
        for call in (lambda: device.capture(0.01), device.imu_sample):
            with pytest.raises(DeviceUnavailable, match="plug it in again") as caught:
                call()
            assert caught.value.reason is Unavailable.UNPLUGGED
        device.stop()


def test_cameras_that_do_not_start_are_refused(standin: StandIn, k4a: K4a) -> None:
    with Device.open(k4a, 0) as device:
        with pytest.raises(DeviceUnavailable, match="the cameras do not start") as caught:
            device.start(Configuration(depth_mode=2, camera_fps=3))
        assert caught.value.reason is Unavailable.REFUSED
        assert not standin.running()


def test_the_firmware_and_the_serial_number_are_read(k4a: K4a) -> None:
    with Device.open(k4a, 0) as device:
        assert device.firmware() == {
            "K4A_COLOR_FIRMWARE_VERSION": "1.6.110",
            "K4A_DEPTH_FIRMWARE_VERSION": "1.6.79",
        }
        assert device.serial() == "000000000001"
