import gzip
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from bodychan import open_camera
from bodychan.apps.info import describe
from bodychan.apps.record import record
from bodychan.cameras.base import Camera
from bodychan.cli.main import cli
from bodychan.errors import RecordingError
from bodychan.testing import check_camera
from realsenses import (
    BESIDE_M,
    COLOR_SIZE,
    DEPTH_SIZE,
    PERIOD_USEC,
    SERIAL,
    START_USEC,
    TURN,
    Model,
    SoftwareCamera,
    library,
    recording,
    write_take,
)

COUNT = 45


@pytest.fixture(scope="module")
def take(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_take(tmp_path_factory.mktemp("realsense") / "take.db3", COUNT)


@pytest.fixture
def camera(take: Path) -> Iterator[Camera]:
    with open_camera(take) as opened:
        yield opened


def usec(number: int) -> int:
    return START_USEC + (number - 1) * PERIOD_USEC


def check_goes_to(camera: Camera, *numbers: int) -> None:
    """Seek the captures' times, and see that these captures come."""
    for expected in numbers:
        camera.seek(usec(expected))
        capture = camera.read()
        assert capture is not None
        assert capture.index == expected


def test_a_recording_gives_what_was_recorded(camera: Camera) -> None:
    width, height = DEPTH_SIZE
    found = list(camera)
    assert [c.index for c in found] == list(range(1, COUNT + 1))
    for number, capture in enumerate(found, 1):
        assert capture.depth is not None
        assert capture.ir is not None
        assert capture.color is not None
        assert capture.depth_usec == capture.ir_usec == capture.color_usec == usec(number)
        assert np.array_equal(capture.depth, np.tile(np.arange(width) * 4 + 1000 + number, (height, 1)))
        assert (capture.ir == number).all()
        assert (capture.color == [number, 60, 90]).all()


def test_inertial_samples_come_whole_in_the_axes_of_all_cameras(camera: Camera) -> None:
    samples = [sample for capture in camera for sample in capture.imu]
    times = [sample.accel_usec for sample in samples]
    assert times == [usec(n) + part * 5000 for n in range(1, COUNT + 1) for part in range(6)]
    for sample in samples:
        assert sample.gyro_usec == sample.accel_usec
        # The library's are X right, Y down, Z forward; ours X backward, Y left, Z down.
        assert sample.accel.tolist() == [-0.25, -0.5, -9.75]
        assert sample.gyro.tolist() == [-0.375, -0.125, 0.25]


def test_a_recording_says_what_its_camera_is(camera: Camera) -> None:
    assert camera.tags == {
        "K4A_DEVICE_SERIAL_NUMBER": SERIAL,
        "K4A_COLOR_FIRMWARE_VERSION": "5.16.0.1",
        "K4A_DEPTH_FIRMWARE_VERSION": "5.16.0.1",
        "K4A_DEPTH_MODE": "424X240",
        "K4A_COLOR_MODE": "BGRA_320X180",
        "K4A_IR_MODE": "ACTIVE",
        "K4A_IMU_MODE": "ON",
        "REALSENSE_DEVICE": "Intel RealSense D435I",
        "REALSENSE_USB": "3.2",
    }
    assert (camera.fps, camera.live, camera.seekable, camera.measures_depth) == (30, False, True, True)
    assert (camera.start_usec, camera.duration_usec) == (START_USEC, COUNT * PERIOD_USEC)
    # RealSense's recorder does not write down where the inertial sensor is.
    assert [w.partition(": ")[2] for w in camera.warnings] == [
        "it is not said where the inertial sensor is: the depth camera's place is taken"
    ]


def test_its_calibration_is_the_librarys(camera: Camera) -> None:
    rs = library()
    software = SoftwareCamera()
    given = software.profiles["color"].as_video_stream_profile().get_intrinsics()
    points = np.array([[0.0, 0.0, 1000.0], [-200.0, 150.0, 1500.0], [300.0, -400.0, 2500.0]])
    turned = points @ np.array(TURN).reshape(3, 3).T + 1000.0 * np.array(BESIDE_M)
    expected = [rs.rs2_project_point_to_pixel(given, point) for point in turned.tolist()]
    pixels, valid = camera.calibration.project(points)
    assert valid.all()
    np.testing.assert_allclose(pixels, expected, atol=0.05)
    lens = camera.calibration.lenses["depth"]
    assert (lens.width, lens.height) == DEPTH_SIZE
    assert (lens.cx, lens.cy) == pytest.approx((DEPTH_SIZE[0] / 2 - 0.25, DEPTH_SIZE[1] / 2 + 0.5))
    assert (lens.fx, lens.fy) == pytest.approx((DEPTH_SIZE[0] / 1.2, DEPTH_SIZE[0] / 1.2 + 1))
    assert lens.radial == (0.0,) * 6
    # What pulls down pulls along +Y of the depth camera.
    down = camera.calibration.extrinsics("accel", "depth")[:3, :3] @ [0.0, 0.0, 1.0]
    np.testing.assert_allclose(down, [0.0, 1.0, 0.0], atol=1e-6)


def test_it_keeps_the_contract_of_a_camera(take: Path) -> None:
    check_camera(lambda: open_camera(take), captures=12)


def test_it_goes_to_any_time(camera: Camera) -> None:
    for when, expected in ((usec(31), 31), (usec(1), 1), (0, 1), (usec(17) - 5, 17), (usec(44) + 1, 45)):
        camera.seek(when)
        capture = camera.read()
        assert capture is not None
        assert (capture.index, capture.depth_usec) == (expected, usec(expected))
        assert capture.depth is not None
        assert capture.depth[0, 0] == 1000 + expected
    camera.seek(usec(99))
    assert camera.read() is None
    assert len(camera) == COUNT


def test_it_goes_to_a_time_though_its_recorder_was_late(tmp_path: Path) -> None:
    """The recorder's clock, which the library seeks by, lags more and more behind the device's."""
    software = SoftwareCamera()
    path = tmp_path / "hasty.db3"
    with recording(path, software):
        for number in range(1, 121):
            software.give(number)
    with open_camera(path) as camera:
        assert camera.duration_usec == 120 * PERIOD_USEC
        check_goes_to(camera, 100, 20, 60)


def test_it_goes_to_a_time_though_its_recorder_was_early(tmp_path: Path) -> None:
    """The recorder's clock runs at four times the pace of the device's, as where it cannot follow."""
    software = SoftwareCamera(Model(streams=frozenset({"depth"})))
    path = tmp_path / "slow.db3"
    with recording(path, software):
        for number in range(1, 31):
            time.sleep(4 * PERIOD_USEC / 1e6)
            software.give(number)
    with open_camera(path) as camera:
        assert camera.duration_usec == 30 * PERIOD_USEC
        check_goes_to(camera, 29, 5, 30)


def test_a_clock_of_32_bits_goes_on(tmp_path: Path) -> None:
    zero = (1 << 32) - 10 * PERIOD_USEC
    path = write_take(tmp_path / "wrap.db3", 25, zero_usec=zero)
    with open_camera(path) as camera:
        captures = list(camera)
        assert [c.depth_usec for c in captures] == [zero + n * PERIOD_USEC for n in range(25)]
        assert [c.index for c in captures] == list(range(1, 26))
        camera.seek(captures[20].device_usec)
        capture = camera.read()
        assert capture is not None
        assert (capture.index, capture.depth_usec) == (21, captures[20].depth_usec)


def test_times_without_stamps_are_the_librarys(tmp_path: Path) -> None:
    zero = 1_730_796_756_988_167
    model = Model(stamped=False, domain="global_time")
    with open_camera(write_take(tmp_path / "global.db3", 5, model, zero_usec=zero)) as camera:
        assert [c.depth_usec for c in camera] == [zero + n * PERIOD_USEC for n in range(5)]
        assert not any("arrival" in warning for warning in camera.warnings)


def test_times_of_arrival_are_a_warning(tmp_path: Path) -> None:
    model = Model(stamped=False, domain="system_time")
    with open_camera(write_take(tmp_path / "system.db3", 3, model)) as camera:
        assert len(list(camera)) == 3
        assert any("those of their arrival stand in" in warning for warning in camera.warnings)


@pytest.mark.parametrize(
    ("form", "seen"), [("bgr8", [90, 60, 1]), ("bgra8", [90, 60, 1]), ("rgba8", [1, 60, 90])]
)
def test_colour_comes_from_every_order_of_red_green_and_blue(
    form: str, seen: list[int], tmp_path: Path
) -> None:
    with open_camera(write_take(tmp_path / "take.db3", 2, Model(color_format=form))) as camera:
        capture = camera.read()
    assert capture is not None
    assert capture.color is not None
    assert capture.color.shape == (COLOR_SIZE[1], COLOR_SIZE[0], 3)
    assert (capture.color == seen).all()


@pytest.mark.parametrize(("form", "data"), [("yuyv", b"\1\x3c\1\x3c"), ("uyvy", b"\x3c\1\x3c\1")])
def test_colour_of_half_the_width_is_left_as_it_is(form: str, data: bytes, tmp_path: Path) -> None:
    with open_camera(write_take(tmp_path / "take.db3", 2, Model(color_format=form))) as camera:
        capture = camera.read()
    assert capture is not None
    assert capture.color_image is not None
    assert capture.color_image.format == "YUY2"
    assert capture.color_image.data == data * (COLOR_SIZE[0] * COLOR_SIZE[1] // 2)
    assert capture.color is not None


def test_other_units_of_depth_become_millimetres(tmp_path: Path) -> None:
    with open_camera(write_take(tmp_path / "fine.db3", 2, Model(units=0.00025))) as camera:
        capture = camera.read()
    assert capture is not None
    assert capture.depth is not None
    assert capture.depth[0, :3].tolist() == [250, 251, 252]


@pytest.mark.parametrize("missing", [{"color"}, {"ir"}, {"accel", "gyro"}, {"gyro"}])
def test_it_may_lack_streams(missing: set[str], tmp_path: Path) -> None:
    model = Model(streams=Model().streams - missing)
    with open_camera(write_take(tmp_path / "part.db3", 5, model)) as camera:
        captures = list(camera)
        assert camera.calibration.color_resolution == ("424X240" if "color" in missing else "320X180")
    assert len(captures) == 5
    for capture in captures:
        assert capture.depth is not None
        assert (capture.color_image is None) == ("color" in missing)
        assert (capture.ir is None) == ("ir" in missing)
        assert not (capture.imu and "gyro" in missing)


def test_colour_without_depth_makes_no_capture(tmp_path: Path) -> None:
    software = SoftwareCamera()
    path = tmp_path / "more.db3"
    with recording(path, software):
        for number in range(1, 21):
            software.give(number)
            software.give(number, usec(number) + PERIOD_USEC // 2, only=["color"])
    with open_camera(path) as camera:
        captures = list(camera)
    assert [c.index for c in captures] == list(range(1, 21))
    assert all(c.depth is not None and c.color_image is not None for c in captures)


def test_a_gap_shows_in_the_numbers(tmp_path: Path) -> None:
    software = SoftwareCamera()
    path = tmp_path / "gap.db3"
    with recording(path, software):
        for number in [*range(1, 10), *range(20, 30)]:
            software.give(number)
    with open_camera(path) as camera:
        assert [c.index for c in camera] == [*range(1, 10), *range(20, 30)]


def test_it_is_told_and_recorded_as_any_other(take: Path, tmp_path: Path) -> None:
    facts = describe(take)
    assert facts["depth mode"] == "424X240"
    assert facts["captures"] == facts["depth"] == facts["ir"] == facts["color"] == str(COUNT)
    assert facts["imu samples"] == str(COUNT * 6)
    # Its infrared is not what the tracker's network has learned.
    assert facts["tracking"] == "in depth alone"
    report = record(take, tmp_path / "take.mkv")
    assert (report.captures, report.dropped) == (COUNT, 0)
    with open_camera(take) as played, open_camera(tmp_path / "take.mkv") as ours:
        assert ours.calibration.depth_mode == "424X240"
        assert ours.calibration.color_resolution == "320X180"
        points = np.array([[0.0, 0.0, 1000.0], [-300.0, 150.0, 900.0]])
        for camera in ("depth", "color"):
            np.testing.assert_allclose(
                ours.calibration.project(points, camera=camera)[0],
                played.calibration.project(points, camera=camera)[0],
            )
        for one, other in zip(played, ours, strict=True):
            assert np.array_equal(one.depth, other.depth)  # type: ignore[arg-type]
            assert np.array_equal(one.ir, other.ir)  # type: ignore[arg-type]
            assert np.array_equal(one.color, other.color)  # type: ignore[arg-type]
            assert one.index == other.index
        assert ours.tags["REALSENSE_DEVICE"] == "Intel RealSense D435I"


def test_one_of_another_rate_is_recorded_too(tmp_path: Path) -> None:
    software = SoftwareCamera(Model(fps=60, streams=frozenset({"depth", "color"})))
    path = tmp_path / "fast.db3"
    with recording(path, software):
        for number in range(1, 13):
            software.give(number, START_USEC + number * 16_667)
    report = record(path, tmp_path / "fast.mkv")
    assert (report.captures, report.dropped) == (12, 0)
    with open_camera(tmp_path / "fast.mkv") as camera:
        assert camera.fps == 60
        assert [c.index for c in camera] == list(range(1, 13))


def test_it_runs_from_the_command_line(take: Path, tmp_path: Path) -> None:
    table = tmp_path / "take.csv"
    done = CliRunner().invoke(cli, ["convert", str(take), str(table), "--par", "imuchans=1"])
    assert done.exit_code == 0, done.output
    rows = table.read_text().splitlines()
    assert len(rows) == COUNT + 1
    at = rows[0].split(",").index("imu:accelz")
    assert float(rows[-1].split(",")[at]) == -9.75


def test_a_bag_of_an_older_library_is_one_too(tmp_path: Path) -> None:
    """It was recorded of `SoftwareCamera` with pyrealsense2 2.55.1: later ones write no bags any more."""
    library()
    packed = Path(__file__).with_name("librealsense-2.55.bag.gz").read_bytes()
    path = tmp_path / "take.bag"
    path.write_bytes(gzip.decompress(packed))
    with open_camera(path) as camera:
        captures = list(camera)
        assert camera.tags["REALSENSE_DEVICE"] == "Intel RealSense D435I"
        assert camera.calibration.depth_mode == "32X24"
        camera.seek(captures[5].device_usec)
        sixth = camera.read()
    assert [c.index for c in captures] == list(range(1, 9))
    assert sixth is not None
    assert sixth.index == 6
    for number, capture in enumerate(captures, 1):
        assert capture.depth is not None
        assert capture.color is not None
        assert capture.depth_usec == usec(number)
        assert capture.depth[0, :3].tolist() == [1000 + number, 1004 + number, 1008 + number]
        assert (capture.color == [number, 60, 90]).all()
    assert captures[0].imu[0].accel.tolist() == [-0.25, -0.5, -9.75]


def test_a_program_may_end_without_closing_it(take: Path) -> None:
    """The library's threads call into Python; they must be still when it ends."""
    code = f"import bodychan\ncamera = bodychan.open_camera({str(take)!r})\nprint(camera.read().index)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "1", "")


def test_a_recording_without_depth_is_refused(tmp_path: Path) -> None:
    path = write_take(tmp_path / "blind.db3", 2, Model(streams=frozenset({"color"})))
    with pytest.raises(RecordingError, match="D435I, has no depth images: record with the depth stream on"):
        open_camera(path)


def test_one_that_was_cut_off_says_so(take: Path, tmp_path: Path) -> None:
    whole = take.read_bytes()
    for share in (0.01, 0.3, 0.7, 0.99):
        cut = tmp_path / "cut.db3"
        cut.write_bytes(whole[: int(len(whole) * share)])
        with pytest.raises(RecordingError, match=r"cut\.db3.* copy it again"), open_camera(cut) as camera:
            list(camera)


@pytest.mark.parametrize("at", [0, 20, COUNT - 9])
def test_a_damaged_image_costs_no_more_than_a_few_captures(at: int, take: Path, tmp_path: Path) -> None:
    path = tmp_path / "bad.db3"
    shutil.copy(take, path)
    with closing(sqlite3.connect(path)) as bag:
        (topic,) = bag.execute("select id from topics where name like '%/Depth_0/image/data%'").fetchone()
        places = bag.execute("select id from messages where topic_id = ?", (topic,)).fetchall()
        bag.execute("update messages set data = zeroblob(60) where id = ?", places[at])
        bag.commit()
    with open_camera(path) as camera:
        captures = list(camera)
        told = [warning for warning in camera.warnings if "it is damaged" in warning]
    # A recorder that was busy wrote the next ones almost at the same time.
    lost = [n for n in range(1, COUNT + 1) if usec(n) not in {c.depth_usec for c in captures}]
    assert at + 1 in lost
    assert lost[-1] - lost[0] < 8
    assert len(captures) + len(lost) == COUNT
    assert len(told) == 1
    assert "what is there is left out" in told[0]


def test_what_is_none_says_so(tmp_path: Path) -> None:
    library()
    (tmp_path / "other.db3").write_bytes(b"nothing of the kind")
    with pytest.raises(RecordingError, match=r"other\.db3 is damaged, cut off or another recorder's"):
        open_camera(tmp_path / "other.db3")
    with pytest.raises(RecordingError, match="there is no such file"):
        open_camera(tmp_path / "none.db3")


def test_a_lens_that_cannot_be_followed_is_refused(tmp_path: Path) -> None:
    model = Model(color=("ftheta", (0.9, 0.0, 0.0, 0.0, 0.0)))
    with pytest.raises(RecordingError, match="ftheta, which bodychan's Brown-Conrady misses by"):
        open_camera(write_take(tmp_path / "bent.db3", 2, model))
