from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bags import ACCEL, COLOR, DEPTH, GYRO, IR, Device, write_bag
from bodychan import Capture, open_camera
from bodychan.cameras.base import Camera
from bodychan.errors import DeviceUnavailable, RecordingError, Unavailable
from bodychan.testing import check_camera
from recordings import assert_equal, calibration, make_capture

MODE = "NFOV_2X2BINNED"


def captures(count: int, **options: object) -> list[Capture]:
    """Captures with accelerations that have no zero in them: the library takes those for turning rates."""
    made = (make_capture(n, MODE, **options) for n in range(1, count + 1))  # type: ignore[arg-type]
    return [
        replace(c, imu=tuple(replace(s, accel=s.accel + np.float32(1)) for s in c.imu), index=n)
        for n, c in enumerate(made, 1)
    ]


@pytest.fixture(scope="module")
def written() -> list[Capture]:
    return captures(45)


@pytest.fixture(scope="module")
def take(tmp_path_factory: pytest.TempPathFactory, written: list[Capture]) -> Path:
    return write_bag(tmp_path_factory.mktemp("bags") / "take.bag", written, calibration(MODE))


@pytest.fixture
def camera(take: Path, orbbec_library: Path) -> Iterator[Camera]:
    with open_camera(take) as opened:
        yield opened


def test_a_bag_gives_what_was_recorded(camera: Camera, written: list[Capture]) -> None:
    found = list(camera)
    assert [c.index for c in found] == [c.index for c in written]
    for ours, expected in zip(found, written, strict=True):
        assert_equal(replace(ours, imu=()), replace(expected, imu=()))
    assert camera.warnings == []


def test_a_bags_inertial_samples_are_put_together(camera: Camera, written: list[Capture]) -> None:
    expected = {s.accel_usec: s for c in written for s in c.imu}
    found = [s for c in camera for s in c.imu]
    # A computer that is busy with much else may make the library drop some of them.
    assert len(expected) * 0.9 < len(found) <= len(expected)
    for sample in found:
        assert np.array_equal(sample.accel, expected[sample.accel_usec].accel)
        assert sample.temperature == pytest.approx(31.5)
        nearest = min(expected.values(), key=lambda s: abs(s.gyro_usec - sample.gyro_usec))
        assert sample.gyro_usec == nearest.gyro_usec
        assert np.array_equal(sample.gyro, nearest.gyro)


def test_a_bag_says_what_its_camera_is(camera: Camera) -> None:
    assert camera.tags["K4A_DEVICE_SERIAL_NUMBER"] == "CL8SYNTHETIC"
    assert camera.tags["K4A_DEPTH_FIRMWARE_VERSION"] == "1.1.3"
    assert camera.tags["K4A_DEPTH_MODE"] == MODE
    assert camera.tags["K4A_COLOR_MODE"] == "MJPG_720P"
    assert camera.tags["ORBBEC_DEVICE"] == "Orbbec Femto Bolt"
    assert (camera.fps, camera.live, camera.measures_depth) == (30, False, True)
    assert camera.start_usec == 2_000_000
    assert camera.duration_usec == pytest.approx(1_500_000, abs=2)


def test_a_bags_calibration_is_the_devices(camera: Camera) -> None:
    expected = calibration(MODE)
    points = np.array([[0.0, 0.0, 1000.0], [-400.0, 250.0, 1500.0], [600.0, -300.0, 2500.0]])
    for name in ("depth", "color"):
        ours, valid = camera.calibration.project(points, camera=name)
        theirs, _ = expected.project(points, camera=name)
        assert valid.all()
        np.testing.assert_allclose(ours, theirs, atol=2e-3)
    np.testing.assert_allclose(
        camera.calibration.extrinsics("depth", "accel"), expected.extrinsics("depth", "accel"), atol=1e-4
    )


def test_a_bag_keeps_the_contract_of_a_camera(take: Path, orbbec_library: Path) -> None:
    check_camera(lambda: open_camera(take), captures=12)


def test_a_bag_goes_to_any_time(camera: Camera, written: list[Capture]) -> None:
    for usec, expected in ((3_000_000, 31), (2_000_000, 1), (0, 1), (2_500_001, 17)):
        camera.seek(usec)
        found = camera.read()
        assert found is not None
        assert found.index == expected
        assert_equal(replace(found, imu=()), replace(written[expected - 1], imu=()))
    camera.seek(9_000_000)
    assert camera.read() is None


def test_a_gap_in_a_bag_shows_in_the_numbers(tmp_path: Path, orbbec_library: Path) -> None:
    kept = [c for c in captures(30) if not 10 <= c.index < 20]
    with open_camera(write_bag(tmp_path / "gap.bag", kept, calibration(MODE))) as camera:
        assert [c.index for c in camera] == [c.index for c in kept]


@pytest.mark.parametrize("missing", [(COLOR,), (ACCEL, GYRO), (IR,)])
def test_a_bag_may_lack_sensors(missing: tuple[int, ...], tmp_path: Path, orbbec_library: Path) -> None:
    device = Device(streams=tuple({IR, COLOR, DEPTH, ACCEL, GYRO} - set(missing)))
    bag = write_bag(tmp_path / "part.bag", captures(10), calibration(MODE), device)
    with open_camera(bag) as camera:
        found = list(camera)
        assert len(found) == 10
        for capture in found:
            assert (capture.color_image is None) == (COLOR in missing)
            assert (capture.ir is None) == (IR in missing)
            assert not (capture.imu and ACCEL in missing)
            assert capture.depth is not None


def test_a_bag_with_infrared_alone_is_one_in_passive_ir(tmp_path: Path, orbbec_library: Path) -> None:
    passive = [make_capture(n, "PASSIVE_IR", images=("ir",)) for n in range(1, 5)]
    bag = write_bag(tmp_path / "p.bag", passive, calibration("PASSIVE_IR"), Device(streams=(IR,)))
    with open_camera(bag) as camera:
        assert not camera.measures_depth
        assert camera.calibration.depth_mode == "PASSIVE_IR"
        for ours, expected in zip(camera, passive, strict=True):
            assert_equal(ours, replace(expected, imu=()))


@pytest.mark.parametrize(
    ("device", "message"),
    [
        (Device(name="Gemini 335", pid=0x0800), "recording of a camera .*Gemini 335.*Femto Bolt, Mega"),
        (Device(streams=(IR,)), "infrared images of 320x288 without depth"),
        (Device(streams=(COLOR,)), "neither depth nor infrared"),
        (Device(model=5), "distortion model 5, which no Femto uses"),
        (Device(version=9.0), "library cannot read it"),
    ],
)
def test_a_bag_of_another_kind_is_refused(
    device: Device, message: str, tmp_path: Path, orbbec_library: Path
) -> None:
    bag = write_bag(tmp_path / "other.bag", captures(3), calibration(MODE), device)
    with pytest.raises(RecordingError, match=message) as error:
        open_camera(bag)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (lambda whole: whole[: len(whole) // 2], "was cut off"),
        (lambda whole: whole[:3000], "was cut off"),
        (lambda _: b"", "is no bag"),
        (lambda _: b"\x1aE\xdf\xa3 a Matroska file", "is no bag"),
    ],
)
def test_a_file_that_is_no_whole_bag_is_refused(
    content: object, message: str, take: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.bag"
    broken.write_bytes(content(take.read_bytes()))  # type: ignore[operator]
    with pytest.raises(RecordingError, match=message):
        open_camera(broken)


def test_a_bag_that_is_not_there_is_named() -> None:
    with pytest.raises(RecordingError, match="there is no such file"):
        open_camera("nowhere.bag")


def test_without_the_library_the_message_says_how_to_get_it(
    take: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BODYCHAN_ORBBECSDK", str(tmp_path))
    with pytest.raises(DeviceUnavailable, match="run `bodychan cameras fetch orbbec`") as error:
        open_camera(take)
    assert error.value.reason is Unavailable.NO_LIBRARY
