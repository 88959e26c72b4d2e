"""A Femto as a live device, driven through Orbbec's library: a bag that is played stands for the device."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from bags import Device, write_bag
from bodychan.cameras import live
from bodychan.cameras.assembly import Frame
from bodychan.cameras.faults import Faults
from bodychan.cameras.live import LiveCamera
from bodychan.cameras.orbbec import frames, source, stream
from bodychan.cameras.orbbec.listing import Listed
from bodychan.cameras.orbbec.sdk import Handle, Sdk, find
from bodychan.cameras.orbbec.source import OrbbecSource
from bodychan.cameras.settings import DeviceSettings
from bodychan.errors import CameraError, DeviceUnavailable, Unavailable
from recordings import calibration, make_capture
from standins import until

MODE = "NFOV_2X2BINNED"
SETTINGS = DeviceSettings(depth_mode=MODE, timeout=5.0)


@pytest.fixture(scope="module")
def take(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = [make_capture(n, MODE) for n in range(1, 31)]
    return write_bag(tmp_path_factory.mktemp("bags") / "device.bag", made, calibration(MODE), Device())


@pytest.fixture
def device(take: Path, orbbec_library: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, bool]:
    """Let `orbbec:0` open the bag as if it were a camera; what is returned says whether it is plugged in."""
    state = {"there": True}

    def open_playing(_which: str, settings: DeviceSettings, faults: Faults) -> OrbbecSource:
        if not state["there"]:
            raise DeviceUnavailable(Unavailable.NO_DEVICE, "no Femto is connected")
        sdk = find()
        played = sdk.call("ob_create_playback_device", str(take).encode())
        return OrbbecSource(Handle(sdk, played, "ob_delete_device"), settings, faults, lambda: state["there"])

    monkeypatch.setattr(OrbbecSource, "open", open_playing)
    # A recording cannot be synchronised with others.
    monkeypatch.setattr(OrbbecSource, "_synchronise", lambda _self: None)
    monkeypatch.setattr(source, "is_chosen", lambda _library: True)
    monkeypatch.setattr(source, "_SILENT_S", 0.2)
    return state


def test_a_device_gives_captures_with_all_that_belongs_to_them(device: dict[str, bool]) -> None:
    with LiveCamera("orbbec:0", SETTINGS) as camera:
        assert camera.tags["ORBBEC_DEVICE"].startswith("Orbbec Femto Bolt")
        assert camera.tags["K4A_DEVICE_SERIAL_NUMBER"] == "CL8SYNTHETIC"
        assert camera.calibration.depth_mode == MODE
        assert camera.facts["depth modes"] == camera.facts["ir modes"] == "320x288 at 30"
        assert camera.facts["color modes"] == "1280x720 at 30"
        captures = [camera.read() for _ in range(8)]
    samples = 0
    last = 0
    for capture in captures:
        assert capture is not None
        assert capture.depth is not None
        assert capture.ir is not None
        assert capture.color is not None
        assert capture.depth_usec == capture.ir_usec == capture.color_usec
        number = int(capture.depth[0, 0])
        assert number > last
        last = number
        samples += len(capture.imu)
        for sample in capture.imu:
            assert sample.temperature == pytest.approx(31.5)
    assert samples > 20


def test_an_unplugged_device_is_told_and_goes_on_when_it_is_back(device: dict[str, bool]) -> None:
    with LiveCamera("orbbec:0", SETTINGS) as camera:
        first = camera.read()
        device["there"] = False
        until(lambda: camera.away != "", "the loss is noticed")
        assert camera.away.startswith("the device is gone")
        before = camera.latest() or first
        assert before is not None
        time.sleep(0.6)
        assert camera.latest() is None
        device["there"] = True
        after = camera.read()
        assert after is not None
        assert after.index > before.index + 15
        assert after.device_usec > before.device_usec + 600_000
        samples = [sample.accel_usec for sample in after.imu]
        assert all(before.device_usec < usec for usec in samples[-5:])
        assert camera.outages == 1
        assert "it was away for" in camera.warnings[-1]


def test_a_damaged_frame_costs_that_frame_alone(
    device: dict[str, bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    given = frames.read_frame
    seen = 0

    def one_damaged(sdk: Sdk, handle: int, wanted: Callable[[str, int], bool]) -> Frame | None:
        nonlocal seen
        frame = given(sdk, handle, wanted)
        seen += frame is not None and frame.kind == "ir"
        if frame is not None and frame.kind == "ir" and seen == 3:
            raise CameraError("a ir image of 320x288 has 7 pixels: update the firmware")
        return frame

    monkeypatch.setattr(stream, "read_frame", one_damaged)
    with LiveCamera("orbbec:0", SETTINGS) as camera:
        found = [camera.read() for _ in range(6)]
        assert camera.outages == 0
        assert camera.warnings == [
            "orbbec:0: a ir image of 320x288 has 7 pixels: update the firmware; it is left out"
        ]
    assert all(capture is not None and capture.depth is not None for capture in found)


def test_closing_takes_no_time(device: dict[str, bool]) -> None:
    camera = LiveCamera("orbbec:0", SETTINGS)
    camera.read()
    begin = time.monotonic()
    camera.close()
    assert time.monotonic() - begin < 3.0


def test_a_mode_that_the_device_lacks_is_refused_with_what_there_is(device: dict[str, bool]) -> None:
    wide = DeviceSettings(depth_mode="WFOV_2X2BINNED")
    with pytest.raises(DeviceUnavailable, match=r"no ir images of 512x512 at 30.*320x288 at 30") as error:
        LiveCamera("orbbec:0", wide)
    assert error.value.reason is Unavailable.REFUSED
    with pytest.raises(DeviceUnavailable, match="no color images of 1920x1080"):
        LiveCamera("orbbec:0", DeviceSettings(depth_mode=MODE, color_resolution="1080P"))


def test_a_device_cannot_be_opened_twice(device: dict[str, bool]) -> None:
    with LiveCamera("orbbec:0", SETTINGS), pytest.raises(DeviceUnavailable, match="open already"):
        LiveCamera("orbbec:0", SETTINGS)


def test_without_colour_there_is_none(device: dict[str, bool]) -> None:
    settings = DeviceSettings(depth_mode=MODE, color_resolution="OFF")
    with LiveCamera("orbbec:0", settings) as camera:
        capture = camera.read()
    assert capture is not None
    assert capture.color_image is None
    assert capture.depth is not None


def test_where_no_femto_is_connected_the_library_says_so(
    orbbec_library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BODYCHAN_ORBBEC", raising=False)
    with pytest.raises(DeviceUnavailable, match="no Femto is connected") as error:
        LiveCamera("orbbec:0")
    assert error.value.reason is Unavailable.NO_DEVICE


FOUND = [
    Listed(0, "Femto Bolt", 0x066B, "CL8A", "USB3.0"),
    Listed(3, "Femto Mega", 0x0669, "CL2B", "Ethernet"),
]


def test_a_femto_bolt_is_refused_on_macos(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "listed", lambda _sdk: FOUND)
    monkeypatch.setattr("sys.platform", "darwin")
    with pytest.raises(DeviceUnavailable, match="Femto Bolt gives no depth on macOS"):
        source._open(None, "0")  # type: ignore[arg-type]


def test_settings_that_exclude_each_other_are_refused_before_anything_is_opened() -> None:
    with pytest.raises(CameraError, match="at most 15 frames"):
        live.MAKERS["k4a"]("k4a", "0", DeviceSettings(depth_mode="WFOV_UNBINNED"), Faults("c", []))
    with pytest.raises(CameraError, match="at most 15 frames"):
        OrbbecSource.open("0", DeviceSettings(depth_mode="WFOV_UNBINNED"), Faults("c", []))
