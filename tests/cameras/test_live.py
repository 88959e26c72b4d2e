import gc
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from bodychan import Capture, open_camera
from bodychan.cameras.base import Camera
from bodychan.cameras.grabber import running
from bodychan.cameras.k4a.api import FRAME_RATES, ORBBEC_FRAME_RATES
from bodychan.cameras.live import LiveCamera
from bodychan.cameras.settings import DeviceSettings
from bodychan.errors import CameraError, DeviceUnavailable, Unavailable
from recordings import calibration_json, jpeg
from standins import StandIn, until

SERIALS = ["000000000001", "000000000002", "CL8F25300C6"]
Open = Callable[..., LiveCamera]


@pytest.fixture
def standin(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    standin = StandIn(Path(tmp_path_factory.getbasetemp()))
    monkeypatch.setenv("BODYCHAN_K4A", str(standin.path))
    yield standin
    assert (standin.alive, standin.misuses) == (0, 0), "every handle is given back exactly once"
    assert not any(standin.running(i) for i in range(3)), "cameras and inertial sensor are stopped"
    assert not running(), "no thread is left"


@pytest.fixture
def femto(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    standin = StandIn(Path(tmp_path_factory.getbasetemp()), "-DORBBEC")
    monkeypatch.setenv("BODYCHAN_ORBBEC", str(standin.path))
    yield standin
    assert (standin.alive, standin.misuses) == (0, 0), "every handle is given back exactly once"


def small(**changes: object) -> DeviceSettings:
    values = {"depth_mode": "NFOV_2X2BINNED", "timeout": 10.0} | changes
    return DeviceSettings(**values)  # type: ignore[arg-type]


@contextmanager
def unavailable(reason: Unavailable, message: str) -> Iterator[None]:
    with pytest.raises(DeviceUnavailable, match=message) as caught:
        yield
    assert caught.value.reason is reason
    assert "\n" not in str(caught.value)


def read(camera: Camera) -> Capture:
    capture = camera.read()
    assert capture is not None, "a live camera has no end"
    return capture


def number(capture: Capture) -> int:
    """The frame's number that the device burned into every pixel; all images must be of one frame."""
    assert capture.depth is not None
    assert capture.ir is not None
    found = int(capture.depth[0, 0])
    assert (capture.depth == found).all()
    assert (capture.ir == 2 * found).all()
    if capture.color_image is not None and capture.color_image.format == "MJPG":
        assert int.from_bytes(capture.color_image.data[-4:], "little") == found
    return found


def check_live_camera(camera: LiveCamera, captures: list[Capture]) -> None:
    """What `testing.check_camera` asks for, as far as it holds for a camera without end and seek."""
    assert camera.duration_usec is None
    assert camera.start_usec == captures[0].device_usec
    for before, after in pairwise(captures):
        assert after.index > before.index
        assert after.device_usec > before.device_usec
    accel = [sample.accel_usec for capture in captures for sample in capture.imu]
    assert accel == sorted(set(accel))
    depth_lens, color_lens = (camera.calibration.lenses[name] for name in ("depth", "color"))
    for capture in captures:
        for image in (capture.depth, capture.ir):
            assert image is None or image.dtype == np.uint16
            assert image is None or image.shape == (depth_lens.height, depth_lens.width)
            assert image is None or not image.flags.writeable
        if capture.color is not None:
            assert capture.color.shape == (color_lens.height, color_lens.width, 3)
    with pytest.raises(CameraError, match="cannot seek: it is a live camera"):
        camera.seek(0)
    with pytest.raises(CameraError, match="no length: it is a live camera"):
        len(camera)
    camera.close()
    camera.close()
    for attempt in (camera.read, camera.latest):
        with pytest.raises(CameraError, match="is closed: open it again"):
            attempt()


def test_a_device_keeps_the_contract_of_a_camera(standin: StandIn) -> None:
    camera = LiveCamera("k4a:0", small())
    captures = []
    for i in range(1, 6):
        standin.push(frames=1, samples=3)
        captures.append(read(camera))
        assert number(captures[-1]) == i == captures[-1].index
    assert camera.dropped == 0
    check_live_camera(camera, captures)


def test_open_camera_knows_live_devices(standin: StandIn, femto: StandIn) -> None:
    for url, device in (("k4a:0", standin), ("orbbec:0", femto)):
        with open_camera(url) as camera:
            device.push(1)
            assert read(camera).depth is not None
            assert camera.calibration.depth_mode == "NFOV_UNBINNED"
            assert (camera.name, camera.fps) == (url, 30)


def test_the_device_is_asked_for_what_the_settings_say(standin: StandIn) -> None:
    settings = small(
        fps=15,
        color_format="BGRA",
        color_resolution="720P",
        wired_sync="SUBORDINATE",
        subordinate_delay_usec=160,
        depth_delay_usec=-200,
    )
    with LiveCamera("k4a:0", settings) as camera:
        c = standin.configuration()
        assert (c.color_format, c.color_resolution, c.depth_mode, c.camera_fps) == (3, 1, 1, 1)
        assert (c.depth_delay_off_color_usec, c.wired_sync_mode) == (-200, 2)
        assert (c.subordinate_delay_off_master_usec, c.synchronized_images_only) == (160, True)
        standin.push(1)
        capture = read(camera)
        assert capture.depth_usec is not None
        assert capture.color_usec == capture.depth_usec + 200
        assert camera.tags == {
            "K4A_DEVICE_SERIAL_NUMBER": SERIALS[0],
            "K4A_COLOR_FIRMWARE_VERSION": "1.6.110",
            "K4A_DEPTH_FIRMWARE_VERSION": "1.6.79",
            "K4A_DEPTH_MODE": "NFOV_2X2BINNED",
            "K4A_IR_MODE": "ACTIVE",
            "K4A_IMU_MODE": "ON",
            "K4A_COLOR_MODE": "BGRA_720P",
            "K4A_DEPTH_DELAY_NS": "-200000",
            "K4A_WIRED_SYNC_MODE": "SUBORDINATE",
            "K4A_SUBORDINATE_DELAY_NS": "160000",
        }


@pytest.mark.parametrize("padded", [False, True], ids=["tight", "padded"])
@pytest.mark.parametrize("form", ["MJPG", "NV12", "YUY2", "BGRA"])
def test_every_colour_format_comes_whole_whatever_the_rows(standin: StandIn, form: str, padded: bool) -> None:
    if padded:
        standin.pad_rows()
    with LiveCamera("k4a:0", small(color_format=form)) as camera:
        standin.push(1)
        capture = read(camera)
        assert number(capture) == 1
        assert capture.color_image is not None
        assert capture.color_image.format == form
        if form != "MJPG":
            bytes_per_pixel = {"NV12": 1.5, "YUY2": 2, "BGRA": 4}[form]
            assert capture.color_image.data == bytes([1]) * round(1280 * 720 * bytes_per_pixel)
        assert capture.color is not None
        assert capture.color.shape == (720, 1280, 3)


def test_without_colour_and_in_passive_infrared_the_images_are_left_out(standin: StandIn) -> None:
    with LiveCamera("k4a:0", small(depth_mode="PASSIVE_IR", color_resolution="OFF")) as camera:
        standin.push(1)
        capture = read(camera)
        assert (capture.depth, capture.color, capture.depth_usec, capture.color_usec) == (None,) * 4
        assert capture.ir is not None
        assert capture.ir.shape == (1024, 1024)
        assert capture.device_usec == capture.ir_usec
        assert camera.tags["K4A_IR_MODE"] == "PASSIVE"
        assert "K4A_COLOR_MODE" not in camera.tags
        assert not standin.configuration().synchronized_images_only


def test_who_reads_late_gets_the_newest_capture_and_every_sample(standin: StandIn) -> None:
    with LiveCamera("k4a:0", small()) as camera:
        standin.push(frames=7, samples=40)
        until(lambda: camera.dropped == 6 and standin.delivered(), "all but the newest are dropped")
        time.sleep(0.05)
        capture = camera.latest()
        assert capture is not None
        assert number(capture) == 7 == capture.index
        assert [int(sample.gyro[2]) for sample in capture.imu] == list(range(1, 41))
        assert camera.latest() is None, "no capture is given twice"
        standin.push(1)
        assert number(read(camera)) == 8
        assert camera.dropped == 6


def test_with_a_backlog_captures_wait_each_with_its_samples(standin: StandIn) -> None:
    with LiveCamera("k4a:0", small()) as camera:
        camera.backlog = 3
        for _ in range(5):
            standin.push(frames=1, samples=2)
            until(standin.delivered, "it is taken")
            time.sleep(0.05)
        captures = [camera.latest() for _ in range(4)]
        assert [capture and number(capture) for capture in captures] == [3, 4, 5, None]
        samples = [[int(sample.gyro[2]) for sample in capture.imu] for capture in captures if capture]
        assert [one for some in samples for one in some] == list(range(1, 11))
        assert len(samples[1]) in (1, 2, 3)
        assert camera.dropped == 2


def test_captures_that_the_device_lost_show_in_the_index(standin: StandIn) -> None:
    with LiveCamera("k4a:0", small(fps=5)) as camera:
        seen = []
        for lost in (0, 3, 0, 10):
            standin.skip(lost)
            standin.push(1)
            capture = read(camera)
            assert capture.index == number(capture)
            seen.append(capture.index)
        assert seen == [1, 5, 6, 17]
        assert camera.dropped == 0


def test_numbering_starts_at_the_first_capture_that_comes(standin: StandIn) -> None:
    with LiveCamera("k4a:0", small()) as camera:
        standin.skip(100)
        standin.push(1)
        capture = read(camera)
        assert (number(capture), capture.index) == (101, 1)


def test_inertial_samples_are_as_the_library_gives_them(standin: StandIn) -> None:
    with LiveCamera("k4a:0", small()) as camera:
        standin.push(samples=2)
        until(standin.delivered, "the samples are taken")
        standin.push(1)
        first, second = read(camera).imu
        assert first.accel.tolist() == [-2.5, 0.25, -9.5]
        assert first.gyro.tolist() == [0.5, -0.25, 1.0]
        assert (first.accel_usec, first.gyro_usec, first.temperature) == (1_000_600, 1_000_601, 31.5)
        assert second.accel_usec == 1_001_200
        assert first.accel.dtype == np.float32
        assert not first.gyro.flags.writeable


def test_read_waits_for_the_next_capture_and_no_longer_than_said(standin: StandIn) -> None:
    with LiveCamera("k4a:0", small(timeout=0.2)) as camera:
        began = time.monotonic()
        with unavailable(Unavailable.NO_CAPTURE, r"k4a:0: no capture came for 0\.2 s"):
            camera.read()
        assert 0.15 < time.monotonic() - began < 5
        standin.push(1)
        assert number(read(camera)) == 1
    with LiveCamera("k4a:0", small(timeout=10.0)) as camera:
        threading.Timer(0.1, standin.push, (1,)).start()
        assert number(read(camera)) == 1


def test_a_subordinate_without_captures_is_told_of_its_master(standin: StandIn) -> None:
    settings = small(wired_sync="SUBORDINATE", timeout=0.05)
    with (
        LiveCamera("k4a:0", settings) as camera,
        unavailable(Unavailable.NO_CAPTURE, "start its master"),
    ):
        camera.read()


def test_several_devices_at_once_do_not_mix(standin: StandIn) -> None:
    for i in (1, 2):
        standin.plug(i)
    quick = small(fps=15, timeout=0.2)
    with LiveCamera("k4a:0", small()) as a, LiveCamera(f"k4a:{SERIALS[1]}", quick) as b:
        assert [c.tags["K4A_DEVICE_SERIAL_NUMBER"] for c in (a, b)] == SERIALS[:2]
        standin.skip(10, index=1)
        for i in range(1, 4):
            standin.push(1, index=0)
            standin.push(1, index=1)
            assert (number(read(a)), number(read(b))) == (i, 10 + i)
        standin.plug(1, False)
        with unavailable(Unavailable.UNPLUGGED, f"k4a:{SERIALS[1]}: the device is gone"):
            b.read()
        standin.push(1)
        assert number(read(a)) == 4


def test_a_device_is_found_by_index_and_by_serial_number(standin: StandIn) -> None:
    for i in (1, 2):
        standin.plug(i)
    for which, serial in (("0", SERIALS[0]), ("002", SERIALS[2]), *((s, s) for s in SERIALS)):
        with LiveCamera(f"k4a:{which}", small()) as camera:
            assert camera.tags["K4A_DEVICE_SERIAL_NUMBER"] == serial


def test_a_device_that_is_not_there_is_reported_with_those_that_are(standin: StandIn) -> None:
    standin.plug(2)
    with unavailable(Unavailable.NO_DEVICE, "no device 2: 2 connected, so use 0 to 1"):
        LiveCamera("k4a:2")
    message = f"no device has the serial number 'ABC': connected are {SERIALS[0]}, {SERIALS[2]}"
    with unavailable(Unavailable.NO_DEVICE, message):
        LiveCamera("k4a:ABC")
    with pytest.raises(CameraError, match=r"k4a:: name a device, by index \(k4a:0\) or serial number"):
        LiveCamera("k4a:")


def test_two_cameras_on_one_device_are_refused_with_which(standin: StandIn, femto: StandIn) -> None:
    with LiveCamera("k4a:0", small()):
        for url in ("k4a:0", f"k4a:{SERIALS[0]}"):
            with unavailable(Unavailable.IN_USE, f"this program has open: k4a:{SERIALS[0]}"):
                LiveCamera(url, small())
    # Orbbec's wrapper opens a device for both.
    with LiveCamera("orbbec:0", small()) as camera:
        message = f"serial number {SERIALS[0]} is open already in this program"
        with unavailable(Unavailable.IN_USE, message):
            LiveCamera("orbbec:0", small())
        femto.push(1)
        assert number(read(camera)) == 1


def test_a_device_in_another_program_is_in_use(standin: StandIn) -> None:
    standin.occupy(0)
    with unavailable(Unavailable.IN_USE, "device 0 does not open: close what uses it"):
        LiveCamera("k4a:0")
    message = r"\(free: none\), and 1 in use may have it: close what uses it$"
    with unavailable(Unavailable.IN_USE, message):
        LiveCamera(f"k4a:{SERIALS[0]}")
    standin.occupy(0, False)
    LiveCamera("k4a:0", small()).close()


@pytest.mark.parametrize(
    ("kind", "wrong", "said"),
    [
        ("color", {"wider": 16}, "the colour image is 1296x720 in format 0, asked for was 1280x720"),
        ("color", {"form": 3}, "the colour image is 1280x720 in format 3, .*in format 0"),
        ("depth", {"wider": 8}, "the depth image is 328x288 in format 4, asked for was 320x288"),
        ("depth", {"form": 5}, "the depth image is 320x288 in format 5"),
        ("ir", {"wider": 8}, "the infrared image is 328x288 in format 5"),
        ("ir", {"form": 4}, "the infrared image is 320x288 in format 4"),
    ],
)
def test_an_image_that_does_not_fit_the_mode_costs_that_image_alone(
    standin: StandIn, kind: str, wrong: dict[str, int], said: str
) -> None:
    standin.spoil(kind, **wrong)
    with LiveCamera("k4a:0", small()) as camera:
        for _ in range(2):
            standin.push(1)
            capture = read(camera)
            images = {"color": capture.color_image, "depth": capture.depth, "ir": capture.ir}
            assert {name for name, image in images.items() if image is None} == {kind}
        assert len(camera.warnings) == 1
        assert re.search(f"^k4a:0: {said}.*; it is left out \\(the first of 2\\)$", camera.warnings[0])
        standin.spoil(kind)
        standin.push(1)
        number(read(camera))


def test_a_damaged_jpeg_costs_the_colour_of_its_capture_alone(standin: StandIn) -> None:
    whole = jpeg(0, 1280, 720)
    with LiveCamera("k4a:0", small()) as camera:
        for data in (whole, whole[: len(whole) // 2], b"", whole):
            standin.color(data)
            standin.push(1)
            capture = read(camera)
            assert number(capture) == capture.index
            assert (capture.color is None) == (data is not whole)
        assert camera.outages == 0
        assert camera.warnings[0].endswith("(the first of 2)")


def test_a_device_without_calibration_is_refused(standin: StandIn) -> None:
    standin.calibrate(None)
    with unavailable(Unavailable.REFUSED, "does not give its calibration"):
        LiveCamera("k4a:0")
    standin.calibrate(b'{"CalibrationInformation": {"Cameras": []}}')
    with pytest.raises(CameraError, match="k4a:0: the calibration describes no depth camera"):
        LiveCamera("k4a:0")


def test_a_clock_that_goes_back_is_a_warning_and_the_numbers_go_on(standin: StandIn) -> None:
    with LiveCamera("k4a:0", small()) as camera:
        standin.push(1)
        assert read(camera).index == 1
        standin.skip(2**32 - 1)
        standin.push(1)
        assert read(camera).index == 2
        assert len(camera.warnings) == 1
        assert "clock went back from 1033333 to 1033333 µs" in camera.warnings[0]


def test_colour_controls_are_set_read_and_reset(standin: StandIn) -> None:
    controls = {"exposure": 8_000, "whitebalance": 4_204, "gain": 3}
    with LiveCamera("k4a:0", small(color_controls=controls)) as camera:
        assert [camera.color_control(name)[0] for name in controls] == [8_000, 4_200, 3]
        camera.set_color_controls({"exposure": None, "brightness": 255})
        assert camera.color_control("exposure")[0] is None
        assert camera.color_control("brightness")[0] == 255
        assert camera.color_control("brightness")[1].highest == 255
        camera.reset_color_controls()
        assert [camera.color_control(name)[0] for name in ("exposure", "whitebalance")] == [None, None]
        assert [camera.color_control(name)[0] for name in ("gain", "brightness")] == [128, 128]


def test_only_an_azure_kinect_has_a_metric_radius(standin: StandIn, femto: StandIn) -> None:
    for url, expected in (("k4a:0", False), ("orbbec:0", True)):
        with LiveCamera(url, small()) as camera:
            # 80 degrees off the axis; the radius ends at 60.
            _, valid = camera.calibration.project(np.array([[5671.0, 0.0, 1000.0]]), camera="depth")
            assert valid.tolist() == [expected]


def test_a_femto_has_its_own_rates_and_brightness(femto: StandIn) -> None:
    with LiveCamera("orbbec:0", small(fps=25)) as camera:
        assert femto.configuration().camera_fps == 3
        assert camera.color_control("brightness")[1].highest == 100
        with pytest.raises(CameraError, match="brightness is 0 to 100 on this device, not 128"):
            camera.set_color_controls({"brightness": 128})


@pytest.mark.parametrize(
    ("controls", "message"),
    [
        ({"sharpnes": 1}, "no colour control 'sharpnes': did you mean 'sharpness'"),
        ({"sharpness": 9}, "sharpness is 0 to 4 on this device, not 9"),
        ({"gain": None}, "gain cannot be automatic: give it 0 to 255"),
    ],
)
def test_colour_controls_that_a_device_does_not_take_are_refused(
    standin: StandIn, controls: dict[str, int | None], message: str
) -> None:
    with pytest.raises(CameraError, match=message):
        LiveCamera("k4a:0", small(color_controls=controls))
    with LiveCamera("k4a:0", small()) as camera, pytest.raises(CameraError, match=message):
        camera.set_color_controls(controls)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"depth_mode": "NFOV"}, "no depth mode 'NFOV'"),
        ({"depth_mode": "OFF"}, "no depth mode 'OFF'"),
        ({"color_resolution": "480P"}, "no colour resolution '480P': did you mean"),
        ({"color_format": "RGB"}, "no colour format 'RGB'"),
        ({"wired_sync": "SLAVE"}, "no wired sync mode 'SLAVE'"),
        ({"fps": 25}, "no 25 frames per second: choose one of 5, 15, 30"),
        ({"depth_mode": "WFOV_UNBINNED"}, "WFOV_UNBINNED has at most 15 frames per second"),
        ({"color_resolution": "3072P"}, "3072P has at most 15 frames per second"),
        ({"color_format": "NV12", "color_resolution": "1080P"}, "NV12 exists in 720P only"),
        ({"color_resolution": "OFF", "wired_sync": "MASTER"}, "a MASTER needs its colour camera"),
        ({"subordinate_delay_usec": 1}, "subordinate_delay_usec is for a SUBORDINATE"),
        ({"subordinate_delay_usec": 33_334, "wired_sync": "SUBORDINATE"}, "0 to one frame period"),
        ({"subordinate_delay_usec": -1, "wired_sync": "SUBORDINATE"}, "0 to one frame period"),
        ({"depth_delay_usec": -33_334}, "at most one frame period"),
        ({"depth_delay_usec": 1, "color_resolution": "OFF"}, "counted from the colour image"),
        ({"timeout": 0.0}, "timeout is a finite time"),
        ({"timeout": float("inf")}, "timeout is a finite time"),
        ({"timeout": float("nan")}, "timeout is a finite time"),
    ],
)
def test_settings_that_no_device_has_are_refused_in_words(changes: dict[str, object], message: str) -> None:
    with pytest.raises(CameraError, match=message):
        DeviceSettings(**changes).configuration(FRAME_RATES)  # type: ignore[arg-type]


def test_settings_at_their_limits_are_taken() -> None:
    for settings in (
        DeviceSettings(depth_mode="WFOV_UNBINNED", color_resolution="3072P", fps=15),
        DeviceSettings(wired_sync="SUBORDINATE", subordinate_delay_usec=33_333, depth_delay_usec=-33_333),
        DeviceSettings(wired_sync="MASTER", color_format="YUY2"),
    ):
        settings.configuration(FRAME_RATES)
    DeviceSettings(fps=25).configuration(ORBBEC_FRAME_RATES)


def test_a_camera_that_nobody_closes_lets_go_of_its_device(standin: StandIn) -> None:
    camera: LiveCamera | None = LiveCamera("k4a:0", small())
    assert running()
    del camera
    gc.collect()
    assert not running()


def test_a_process_that_ends_with_an_open_camera_ends_cleanly(standin: StandIn) -> None:
    code = (
        "import atexit, ctypes, os, pathlib\n"
        "standin = ctypes.CDLL(os.environ['BODYCHAN_K4A'])\n"
        "atexit.register(lambda: print('alive', standin.standin_alive()))\n"
        "import bodychan\n"
        "standin.standin_calibrate(pathlib.Path(os.environ['CALIBRATION']).read_bytes())\n"
        "standin.standin_plug(0, True)\n"
        "camera = bodychan.open_camera('k4a:0')\n"
        "print('alive', standin.standin_alive())\n"
    )
    file = standin.path.with_suffix(".json")
    file.write_bytes(calibration_json())
    environment = os.environ | {"CALIBRATION": str(file)}
    command = [sys.executable, "-W", "error", "-c", code]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, "alive 1\nalive 0\n", "")


def test_importing_and_listing_kinds_of_cameras_loads_no_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BODYCHAN_K4A", "/nowhere/libk4a.so")
    code = "import bodychan.cameras.live, sys; sys.exit('k4a' in open('/proc/self/maps').read())"
    if sys.platform != "linux":
        pytest.skip("looks at the libraries of the process as Linux lists them")
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0
    with unavailable(Unavailable.NO_LIBRARY, "BODYCHAN_K4A names /nowhere"):
        open_camera("k4a:0")
