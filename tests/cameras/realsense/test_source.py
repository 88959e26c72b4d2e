"""A RealSense as a live device: a software device of its own library stands for the camera."""

import threading
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from bodychan import open_camera
from bodychan.cameras import connected
from bodychan.cameras.grabber import running
from bodychan.cameras.live import LiveCamera
from bodychan.cameras.realsense import sdk, source
from bodychan.cameras.settings import DeviceSettings
from bodychan.errors import CameraError, DeviceUnavailable, Unavailable
from bodychan.testing import check_camera
from realsenses import PERIOD_USEC, SERIAL, Model, SoftwareCamera, library

Plug = Callable[..., SoftwareCamera]


class Pace(threading.Thread):
    """Makes a software device deliver until it is told to stop."""

    def __init__(self, camera: SoftwareCamera) -> None:
        super().__init__(daemon=True)
        self.camera, self.over = camera, threading.Event()

    def run(self) -> None:
        number = 1
        while not self.over.wait(PERIOD_USEC / 1e6):
            self.camera.give(number)
            number += 1


@pytest.fixture
def plug(monkeypatch: pytest.MonkeyPatch) -> Iterator[Plug]:
    """Plug in software devices, the newest first, which deliver from then on."""
    there: list[SoftwareCamera] = []
    paces: list[Pace] = []

    def plug_in(model: Model | None = None) -> SoftwareCamera:
        camera = SoftwareCamera(model)
        there.insert(0, camera)
        paces.append(Pace(camera))
        paces[-1].start()
        return camera

    monkeypatch.setattr(sdk, "devices", lambda: [camera.device for camera in there])
    yield plug_in
    for pace in paces:
        pace.over.set()
        pace.join()
    assert not running(), "no thread is left"


def settings(**changes: object) -> DeviceSettings:
    return DeviceSettings(**({"timeout": 10.0} | changes))  # type: ignore[arg-type]


def test_a_device_gives_captures_with_all_that_belongs_to_them(plug: Plug) -> None:
    plug()
    with LiveCamera("realsense:0", settings()) as camera:
        assert camera.tags["K4A_DEVICE_SERIAL_NUMBER"] == SERIAL
        assert camera.tags["K4A_DEPTH_MODE"] == "424X240"
        assert (camera.live, camera.seekable, camera.measures_depth, camera.fps) == (True, False, True, 30)
        # A device says where its inertial sensor is.
        assert camera.warnings == []
        place = camera.calibration.extrinsics("accel", "depth")[:3, 3]
        np.testing.assert_allclose(place, [5.0, -10.0, -12.0], atol=1e-4)
        captures = [camera.read() for _ in range(8)]
    last = 0
    samples = 0
    for capture in captures:
        assert capture is not None
        assert capture.depth is not None
        assert capture.ir is not None
        assert capture.color is not None
        number = int(capture.depth[0, 0]) - 1000
        assert (capture.ir == number % 256).all()
        assert capture.color[0, 0].tolist() == [number % 200, 60, 90]
        assert capture.depth_usec == capture.ir_usec == capture.color_usec
        assert capture.index > last
        last = capture.index
        samples += len(capture.imu)
    assert samples >= 6


def test_a_device_keeps_the_contract_of_a_camera(plug: Plug) -> None:
    plug()
    check_camera(lambda: open_camera("realsense:0", settings()), captures=6)


def test_a_device_is_found_by_its_serial_number(plug: Plug) -> None:
    plug()
    with LiveCamera(f"realsense:{SERIAL}", settings()) as camera:
        assert camera.read() is not None
        with pytest.raises(DeviceUnavailable, match="is open already in this program"):
            LiveCamera("realsense:0", settings())
    for which, message in (("1", "no device 1: 1 connected"), ("999999999999", f"connected are {SERIAL}")):
        with pytest.raises(DeviceUnavailable, match=message) as error:
            LiveCamera(f"realsense:{which}")
        assert error.value.reason is Unavailable.NO_DEVICE


def test_where_none_is_connected_it_says_so() -> None:
    library()
    with pytest.raises(DeviceUnavailable, match="realsense:0: no RealSense is connected: plug it") as error:
        LiveCamera("realsense:0")
    assert error.value.reason is Unavailable.NO_DEVICE


def test_the_default_is_what_comes_nearest_to_848_by_480(plug: Plug) -> None:
    plug(Model(depth_size=(1280, 720), more_depth=((640, 480), (424, 240))))
    with LiveCamera("realsense:0", settings()) as camera:
        assert camera.calibration.depth_mode == "640X480"
        assert "ir" not in camera.tags  # there is none of that size
        assert camera.tags["K4A_IR_MODE"] == "OFF"
    with LiveCamera("realsense:0", settings(depth_mode="1280X720")) as camera:
        capture = camera.read()
        assert capture is not None
        assert capture.depth is not None
        assert capture.depth.shape == (720, 1280)


def test_colour_can_be_off_and_of_another_format(plug: Plug) -> None:
    plug(Model(color_format="yuyv"))
    with LiveCamera("realsense:0", settings(color_resolution="OFF")) as camera:
        capture = camera.read()
        assert capture is not None
        assert capture.color_image is None
        assert camera.calibration.color_resolution == "424X240"
    with LiveCamera("realsense:0", settings(color_resolution="320X180")) as camera:
        capture = camera.read()
        assert capture is not None
        assert capture.color_image is not None
        assert (capture.color_image.format, camera.tags["K4A_COLOR_MODE"]) == ("YUY2", "YUY2_320X180")


@pytest.mark.parametrize(
    ("changes", "kind", "message"),
    [
        ({"depth_mode": "WFOV_UNBINNED"}, CameraError, "no depth mode 'WFOV_UNBINNED': name the size"),
        ({"depth_mode": "640X480"}, DeviceUnavailable, "no depth images of 640X480 at 30.*: 424X240 at 30"),
        ({"fps": 15}, DeviceUnavailable, "no depth images at 15 a second; there are: 424X240 at 30"),
        ({"color_resolution": "1080P"}, DeviceUnavailable, "no colour images of 1920X1080 .*: 320X180 at 30"),
        ({"color_resolution": "big"}, CameraError, "no colour resolution 'big'"),
        ({"color_format": "NV12"}, DeviceUnavailable, "no colour images at 30.*: none in this format"),
        ({"color_format": "GIF"}, CameraError, "no colour format 'GIF': there are MJPG, YUY2, NV12, BGRA"),
        ({"wired_sync": "SLAVE"}, CameraError, "no wired sync mode 'SLAVE'"),
        ({"wired_sync": "MASTER"}, DeviceUnavailable, "has no wired synchronisation"),
        ({"depth_delay_usec": 5}, CameraError, "has no delays"),
        ({"library": "/opt"}, CameraError, "is the package pyrealsense2"),
        ({"timeout": 0.0}, CameraError, "timeout is a finite time"),
        ({"color_controls": {"gein": 5}}, CameraError, "did you mean 'gain'"),
        ({"color_controls": {"gain": 5}}, CameraError, "the device has no gain"),
    ],
)
def test_what_it_does_not_have_is_refused_with_what_it_has(
    changes: dict[str, object], kind: type[Exception], message: str, plug: Plug
) -> None:
    plug()
    with pytest.raises(kind, match=rf"^realsense:0: .*{message}"):
        LiveCamera("realsense:0", settings(**changes))


def test_colour_controls_are_those_of_the_colour_camera(plug: Plug) -> None:
    controls = {
        "exposure": (1.0, 1000.0, 1.0, 156.0),
        "enable_auto_exposure": (0.0, 1.0, 1.0, 1.0),
        "gain": (0.0, 128.0, 1.0, 64.0),
    }
    camera_of = plug(Model(controls=controls))
    rs = camera_of.rs
    with LiveCamera("realsense:0", settings()) as camera:
        value, able = camera.color_control("exposure")
        assert value is None
        assert (able.automatic, able.lowest, able.highest, able.step, able.default) == (
            True,
            100,
            100_000,
            100,
            15_600,
        )
        camera.set_color_controls({"exposure": 8330, "gain": 90})
        assert camera.color_control("exposure")[0] == 8300
        assert camera_of.rgb.get_option(rs.option.exposure) == 83.0
        assert camera_of.rgb.get_option(rs.option.enable_auto_exposure) == 0.0
        assert camera_of.rgb.get_option(rs.option.gain) == 90.0
        camera.reset_color_controls()
        assert camera_of.rgb.get_option(rs.option.enable_auto_exposure) == 1.0
        assert camera_of.rgb.get_option(rs.option.gain) == 64.0
        with pytest.raises(CameraError, match="gain is 0 to 128 on this device, not 200"):
            camera.set_color_controls({"gain": 200})


def test_an_unplugged_camera_is_opened_again(plug: Plug, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "_SILENT_S", 0.1)
    plug(Model(streams=frozenset({"depth"})))
    opened: list[source.RealSenseSource] = []
    start = source.RealSenseSource.start

    def started(self: source.RealSenseSource) -> None:
        opened.append(self)
        start(self)

    monkeypatch.setattr(source.RealSenseSource, "start", started)
    with LiveCamera("realsense:0", settings(color_resolution="OFF", timeout=3.0)) as camera:
        before = camera.read()
        assert before is not None

        class Gone:
            def is_connected(self) -> bool:
                return False

        class Silent:
            def try_wait_for_frame(self, _wait: int) -> tuple[bool, None]:
                return False, None

            def poll_for_frame(self) -> None:
                return None

        opened[0]._frames, opened[0]._device = Silent(), Gone()
        give_up = time.monotonic() + 10
        while (camera.away or not camera.outages) and time.monotonic() < give_up:
            time.sleep(0.01)
        after = camera.read()
        assert after is not None
        assert after.index > before.index
        assert (len(opened), camera.outages) == (2, 1)
        assert any("the device is gone: plug it in again" in warning for warning in camera.warnings)


def test_what_is_connected_is_listed(plug: Plug, monkeypatch: pytest.MonkeyPatch) -> None:
    plug()
    listed = connected._realsense()
    assert [one.told() for one in listed] == [
        f"realsense:0, Intel RealSense D435I {SERIAL}, firmware 5.16.0.1, USB 3.2"
    ]
