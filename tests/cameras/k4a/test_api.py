"""Microsoft's own library, as far as it goes without a camera."""

import ctypes
from pathlib import Path

import numpy as np
import pytest

import libk4arecord
from bodychan import Calibration
from bodychan.cameras.k4a.api import (
    MICROSOFT,
    CalibrationStruct,
    Configuration,
    HardwareVersion,
    ImuSample,
)
from bodychan.cameras.k4a.device import Device
from bodychan.cameras.k4a.handles import K4a
from bodychan.cameras.registry import open_camera
from bodychan.errors import DeviceUnavailable, Unavailable
from bodychan.optics.modes import COLOR_RESOLUTIONS, DEPTH_MODES


@pytest.fixture
def folder() -> Path:
    folder = libk4arecord.find_folder()
    if folder is None:
        pytest.skip(libk4arecord.HINT)
    return folder


@pytest.fixture
def k4a(folder: Path) -> K4a:
    return K4a(MICROSOFT, folder)


def test_the_structs_have_the_sizes_of_the_c_compiler() -> None:
    # k4atypes.h of version 1.4 on 64-bit systems.
    assert ctypes.sizeof(CalibrationStruct) == 1032
    assert ctypes.sizeof(Configuration) == 36
    assert ctypes.sizeof(ImuSample) == 48
    assert ctypes.sizeof(HardwareVersion) == 56


def test_without_a_device_the_reason_and_the_remedy_are_given(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BODYCHAN_K4A", str(folder))
    with pytest.raises(DeviceUnavailable) as caught:
        open_camera("k4a:0")
    if caught.value.reason is Unavailable.IN_USE:
        pytest.skip("an Azure Kinect is connected")
    assert caught.value.reason is Unavailable.NO_DEVICE
    assert str(caught.value).startswith("k4a:0: no Azure Kinect is connected: plug it into")
    assert capfd.readouterr().out == "", "the library's log stays out of standard output"


def test_a_device_that_does_not_exist_does_not_open(k4a: K4a) -> None:
    with pytest.raises(DeviceUnavailable):
        Device.open(k4a, 200)


@pytest.mark.parametrize("mode", DEPTH_MODES)
@pytest.mark.parametrize("resolution", COLOR_RESOLUTIONS)
@pytest.mark.parametrize("name", ["calibration.json", "sdk_ut_calibration.json"])
def test_the_calibration_from_raw_is_ours(
    k4a: K4a, shared: Path, mode: str, resolution: str, name: str
) -> None:
    raw = (shared / "data" / "k4a" / name).read_bytes()
    theirs = k4a.calibration(raw, mode, resolution)
    ours = Calibration.from_json(raw, mode, resolution)
    for camera in ("depth", "color"):
        struct, lens = getattr(theirs, camera), ours.lenses[camera]
        assert (struct.width, struct.height) == (lens.width, lens.height)
        cx, cy, fx, fy, *radial = struct.intrinsics.parameters[:10]
        assert np.allclose((cx, cy, fx, fy), (lens.cx, lens.cy, lens.fx, lens.fy), rtol=1e-6)
        assert np.allclose(radial, lens.radial, rtol=1e-6)
        p2, p1 = struct.intrinsics.parameters[12:14]
        assert np.allclose((p1, p2), lens.tangential, rtol=1e-6)
        assert np.isclose(struct.metric_radius, lens.metric_radius)
    sensors = ("depth", "color", "gyro", "accel")
    for i, source in enumerate(sensors):
        for j, target in enumerate(sensors):
            matrix, given = ours.extrinsics(source, target), theirs.extrinsics[i][j]
            assert np.allclose(matrix[:3, :3].ravel(), given.rotation, atol=1e-6)
            assert np.allclose(matrix[:3, 3], given.translation, atol=1e-3)


def test_a_calibration_that_is_none_is_refused(k4a: K4a) -> None:
    with pytest.raises(DeviceUnavailable, match="does not accept the calibration") as caught:
        k4a.calibration(b"{}", "NFOV_UNBINNED", "720P")
    assert caught.value.reason is Unavailable.REFUSED


def test_captures_made_here_go_in_and_out(k4a: K4a) -> None:
    depth = np.arange(576 * 640, dtype=np.uint32).astype(np.uint16).reshape(576, 640)
    with k4a.make_capture(depth, depth[::-1], 77) as capture:
        for kind, expected in (("depth", depth), ("ir", depth[::-1])):
            image = capture.image(kind)
            assert image is not None
            with image:
                assert (image.size, image.stride, image.device_usec) == ((640, 576), 1280, 77)
                assert np.array_equal(image.rows(1280).view(np.uint16), expected)
