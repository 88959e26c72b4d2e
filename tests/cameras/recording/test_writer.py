import errno
import io
import itertools
import re
import shutil
import subprocess
import sys
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest

from bodychan import Capture
from bodychan.cameras.color import COLOR_FORMATS
from bodychan.cameras.recording.camera import RecordingCamera
from bodychan.cameras.recording.writer import Recorder
from bodychan.errors import OutputError
from bodychan.optics.modes import COLOR_RESOLUTIONS, DEPTH_MODES
from libk4arecord import HINT, Playback, find_folder, pixels
from recordings import (
    START_USEC,
    assert_equal,
    calibration,
    calibration_json,
    imu_samples,
    make_capture,
    numbers,
    write_recording,
)

if TYPE_CHECKING:
    from _typeshed import TraceFunction


@pytest.fixture(scope="session")
def oracle() -> Path:
    """Where Microsoft's own reader is."""
    folder = find_folder()
    if folder is None:
        pytest.skip(HINT)
    return folder


def assert_reads_alike(oracle: Path, path: Path) -> int:
    """Microsoft's reader and ours must give the same captures, samples and calibration."""
    with Playback(oracle, path) as theirs, RecordingCamera(path) as ours:
        captures = list(ours)
        for capture, expected in zip(captures, theirs.captures(), strict=True):
            for mine, usec, image in (
                (capture.depth, capture.depth_usec, expected.depth),
                (capture.ir, capture.ir_usec, expected.ir),
            ):
                assert usec == (image and image.usec)
                if mine is not None and image is not None:
                    np.testing.assert_array_equal(mine.ravel(), pixels(image))
            color = capture.color_image
            assert capture.color_usec == (expected.color and expected.color.usec)
            assert (color and color.data) == (expected.color and expected.color.data)
        theirs.seek(0)
        samples = [sample for capture in captures for sample in capture.imu]
        assert [(s.accel_usec, s.accel.tolist(), s.gyro_usec, s.gyro.tolist()) for s in samples] == list(
            theirs.samples()
        )
        assert theirs.calibration().rstrip(b"\0") == ours.calibration.raw
        for tag in ("K4A_DEPTH_MODE", "K4A_START_OFFSET_NS", "K4A_CALIBRATION_FILE", "K4A_DEPTH_DELAY_NS"):
            assert theirs.tag(tag) == ours.tags.get(tag)
    return len(captures)


@pytest.mark.parametrize("mode", DEPTH_MODES)
def test_every_depth_mode_reads_back_bit_for_bit(mode: str, tmp_path: Path) -> None:
    captures = [make_capture(number, mode) for number in range(1, 5)]
    if mode == "PASSIVE_IR":
        captures = [replace(capture, depth=None, depth_usec=None) for capture in captures]
    path = write_recording(tmp_path / "take.mkv", captures, mode)
    with RecordingCamera(path) as camera:
        assert camera.calibration.depth_mode == mode
        for capture, expected in zip(camera, captures, strict=True):
            assert_equal(capture, expected)


@pytest.mark.parametrize("image_format", COLOR_FORMATS)
def test_every_colour_format_reads_back_bit_for_bit(image_format: str, tmp_path: Path) -> None:
    captures = [make_capture(number, color_format=image_format) for number in range(1, 4)]
    path = tmp_path / "take.mkv"
    with Recorder(path, calibration(), 30, color_format=image_format) as recorder:
        for capture in captures:
            recorder.write(capture)
    with RecordingCamera(path) as camera:
        for capture, expected in zip(camera, captures, strict=True):
            assert_equal(capture, expected)
            assert capture.color is not None
            assert capture.color.shape == (720, 1280, 3)


@pytest.mark.parametrize("resolution", COLOR_RESOLUTIONS)
@pytest.mark.parametrize("fps", [5, 15])
def test_every_resolution_and_rate_reads_back(resolution: str, fps: int, tmp_path: Path) -> None:
    path = tmp_path / "take.mkv"
    capture = make_capture(1, resolution=resolution)
    with Recorder(path, calibration(resolution=resolution), fps) as recorder:
        recorder.write(capture)
    with RecordingCamera(path) as camera:
        assert camera.fps == fps
        assert camera.calibration.color_resolution == resolution
        assert_equal(next(iter(camera)), capture)


@pytest.mark.parametrize(
    "missing", [missing for n in range(3) for missing in itertools.combinations(("color", "depth", "ir"), n)]
)
def test_captures_may_lack_images(missing: tuple[str, ...], tmp_path: Path) -> None:
    images = {"color", "depth", "ir"}
    captures = [
        make_capture(number, images=images - set(missing) if number % 3 == 2 else images)
        for number in range(1, 8)
    ]
    path = write_recording(tmp_path / "take.mkv", captures)
    with RecordingCamera(path) as camera:
        for capture, expected in zip(camera, captures, strict=True):
            assert_equal(capture, expected)


def test_tracks_that_are_not_wanted_are_not_there(tmp_path: Path) -> None:
    path = tmp_path / "take.mkv"
    with Recorder(path, calibration(), 30, color_format=None, ir=False, imu=False) as recorder:
        recorder.write(make_capture(1))
    with av.open(str(path)) as container:
        assert [s.metadata["title"] for s in container.streams if "title" in s.metadata] == ["DEPTH"]
    with RecordingCamera(path) as camera:
        capture = next(iter(camera))
    assert capture.ir is None
    assert capture.color_image is None
    assert capture.imu == ()
    assert "K4A_DEPTH_DELAY_NS" not in camera.tags


def test_the_start_is_the_device_time_of_the_first_datum_of_any_track(tmp_path: Path) -> None:
    path = write_recording(tmp_path / "take.mkv", [make_capture(1)])
    with RecordingCamera(path) as camera:
        assert camera.start_usec == START_USEC - 6 * 4807
        assert camera.tags["K4A_START_OFFSET_NS"] == str(camera.start_usec * 1000)


def test_clusters_are_short_and_in_order_of_time(tmp_path: Path) -> None:
    captures = [make_capture(number, shift_usec=9000) for number in range(1, 20)]
    path = write_recording(tmp_path / "take.mkv", captures)
    with av.open(str(path)) as container:
        times = [packet.pts for packet in container.demux() if packet.size and packet.pts is not None]
    assert len(times) == 19 * 10
    assert times == sorted(times)
    text = mkvinfo(path, "-v", "-v")
    stamps = [
        (line.strip("| +").startswith("Cluster"), usec)
        for line in text.splitlines()
        if (usec := time_in(line)) is not None
    ]
    start = 0
    for is_cluster, usec in stamps:
        start = usec if is_cluster else start
        assert start <= usec < start + 32_000


def test_every_cluster_carries_its_checksum(tmp_path: Path) -> None:
    data = write_recording(tmp_path / "take.mkv", [make_capture(1), make_capture(2)]).read_bytes()
    places = [match.start() for match in re.finditer(rb"\x1f\x43\xb6\x75.{1,8}?\xbf\x84", data, re.DOTALL)]
    assert len(places) >= 2
    for place in places:
        width = 9 - data[place + 4].bit_length()
        start = place + 4 + width
        size = int.from_bytes(data[place + 4 : start], "big") - (1 << 7 * width)
        # The checksum's own element is 6 bytes and comes first; it covers what follows (RFC 8794, 11.3.1).
        content = data[start + 6 : start + size]
        assert zlib.crc32(content) == int.from_bytes(data[start + 2 : start + 6], "little")


def time_in(line: str) -> int | None:
    """The time of a cluster or block in a line of mkvinfo, in microseconds."""
    match = re.search(r"(?:Cluster |, )timestamp:? (\d+):(\d+):(\d+)\.(\d{6})000", line)
    if match is None:
        return None
    hours, minutes, seconds, micros = map(int, match.groups())
    return ((hours * 60 + minutes) * 60 + seconds) * 10**6 + micros


def test_the_index_names_the_first_track_at_most_once_a_second(tmp_path: Path) -> None:
    path = write_recording(tmp_path / "take.mkv", [make_capture(number) for number in range(1, 92)])
    with av.open(str(path)) as container:
        container.seek(0)
        entries = [entry.timestamp for entry in container.streams[0].index_entries]
    text = mkvinfo(path, "-v", "-v")
    assert text.count("Cue point") == 4
    assert text.count("Cue track: 1") == 4
    assert len(entries) >= 4


def mkvinfo(path: Path, *options: str) -> str:
    program = shutil.which("mkvinfo")
    if program is None:
        pytest.skip("mkvinfo is not installed (Debian package mkvtoolnix)")
    result = subprocess.run([program, *options, str(path)], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout
    assert "rror" not in result.stdout
    return result.stdout


def test_the_same_captures_give_the_same_bytes(tmp_path: Path) -> None:
    captures = [make_capture(number) for number in range(1, 4)]
    a, b = (write_recording(tmp_path / name, captures).read_bytes() for name in ("a.mkv", "b.mkv"))
    assert a == b


def test_tags_are_carried_and_those_of_the_tracks_are_its_own(tmp_path: Path) -> None:
    path = tmp_path / "take.mkv"
    tags = {"K4A_DEVICE_SERIAL_NUMBER": "0042", "K4A_IR_MODE": "PASSIVE", "K4A_START_OFFSET_NS": "7"}
    with Recorder(path, calibration(), 30, tags=tags) as recorder:
        recorder.write(make_capture(1))
    with RecordingCamera(path) as camera:
        assert camera.tags["K4A_DEVICE_SERIAL_NUMBER"] == "0042"
        assert camera.tags["K4A_IR_MODE"] == "ACTIVE"
        assert camera.tags["K4A_WIRED_SYNC_MODE"] == "STANDALONE"
        assert camera.start_usec > 7


def test_a_recording_copied_with_its_tags_is_the_same_recording(tmp_path: Path) -> None:
    first = write_recording(tmp_path / "a.mkv", [make_capture(number) for number in range(1, 9)])
    with (
        RecordingCamera(first) as camera,
        Recorder(tmp_path / "b.mkv", camera.calibration, camera.fps, tags=camera.tags) as recorder,
    ):
        for capture in camera:
            recorder.write(capture)
    assert (tmp_path / "b.mkv").read_bytes() == first.read_bytes()


def bad_format() -> Capture:
    return make_capture(1, color_format="NV12")


def bad_size() -> Capture:
    return make_capture(1, "NFOV_UNBINNED")


@pytest.mark.parametrize(
    ("capture", "message"),
    [
        (bad_format(), "colour of capture 1 is NV12 1280x720, the recording's is MJPG 1280x720"),
        (bad_size(), "DEPTH of capture 1 is uint16 .*NFOV_2X2BINNED takes uint16"),
        (make_capture(1, resolution="1080P"), "MJPG 1920x1080"),
    ],
)
def test_a_capture_that_does_not_fit_is_refused(capture: Capture, message: str, tmp_path: Path) -> None:
    with (
        Recorder(tmp_path / "take.mkv", calibration(), 30) as recorder,
        pytest.raises(OutputError, match=message),
    ):
        recorder.write(capture)


@pytest.mark.parametrize("back_usec", [40_000, START_USEC + 500_000])
def test_a_clock_that_goes_back_does_not_end_the_recording(back_usec: int, tmp_path: Path) -> None:
    path = tmp_path / "take.mkv"
    with Recorder(path, calibration(), 30) as recorder:
        for number in range(1, 61):
            usec = START_USEC + (number - 1) * 10**6 // 30
            recorder.write(make_capture(number, usec=usec if number <= 30 else usec - back_usec))
        (warning,) = [text for text in recorder.warnings if "clock went back" in text]
    assert "times are moved" in warning
    with RecordingCamera(path) as camera:
        captures = list(camera)
        assert camera.warnings == []
    assert numbers(captures) == list(range(1, 61))
    assert [capture.index for capture in captures] == list(range(1, 61))
    steps = np.diff([capture.device_usec for capture in captures])
    assert abs(steps - 33_333).max() <= 1


def test_samples_from_long_before_the_first_capture_are_left_out_and_those_of_a_gap_keep_their_times(
    tmp_path: Path,
) -> None:
    def with_samples(number: int, since_usec: int) -> Capture:
        capture = make_capture(number, usec=9_000_000 + number * 33_333)
        count = (capture.device_usec - since_usec) // 4_807
        return replace(capture, imu=imu_samples(capture.device_usec - 4_807 * (count - 1), count))

    first, after = with_samples(1, 6_000_000), with_samples(100, 9_040_000)
    path = tmp_path / "take.mkv"
    with Recorder(path, calibration(), 30) as recorder:
        recorder.write(first)
        recorder.write(after)
    assert recorder.warnings == []
    with RecordingCamera(path) as camera:
        captures = list(camera)
        assert camera.warnings == []
    assert numbers(captures) == [1, 100]
    assert all(sample.accel_usec > first.device_usec - 1_000_001 for sample in captures[0].imu)
    assert [s.accel_usec for s in captures[1].imu] == [s.accel_usec for s in after.imu]


@pytest.mark.parametrize("ahead_usec", [-2_000_000, 2_000_000])
def test_an_inertial_clock_that_is_off_does_not_end_the_recording(ahead_usec: int, tmp_path: Path) -> None:
    path = tmp_path / "take.mkv"
    with Recorder(path, calibration(), 30) as recorder:
        for number in range(1, 91):
            capture = make_capture(number, usec=9_000_000 + number * 33_333)
            samples = tuple(
                replace(s, accel_usec=s.accel_usec + ahead_usec, gyro_usec=s.gyro_usec + ahead_usec)
                for s in capture.imu
            )
            recorder.write(replace(capture, imu=samples))
        (warning,) = recorder.warnings
    assert "inertial sample" in warning
    assert warning.endswith("(the first of 630)")
    with RecordingCamera(path) as camera:
        captures = list(camera)
        (warning,) = camera.warnings
    off = re.search(r"clock is ([+-][0-9.]+) s off", warning)
    assert off
    assert abs(float(off[1]) - ahead_usec / 1e6) < 0.05
    assert numbers(captures) == list(range(1, 91))
    assert sum(len(capture.imu) for capture in captures) == 630


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"fps": 25}, "25 frames per second"),
        ({"color_format": "MJPEG"}, "did you mean 'MJPG'"),
        ({"tags": {"my tag": "x"}}, "tag name 'my tag'"),
    ],
)
def test_a_wrong_argument_is_named(arguments: dict[str, object], message: str, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=message):
        Recorder(tmp_path / "take.mkv", calibration(), **{"fps": 30, **arguments})  # type: ignore[arg-type]


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"take\.mkv: No such file or directory"):
        Recorder(tmp_path / "nowhere" / "take.mkv", calibration(), 30)


class Disk(io.FileIO):
    """A file on a disk that has room for so many bytes."""

    room = 1 << 40

    def write(self, data: memoryview) -> int:  # type: ignore[override]
        taken = data[: max(0, self.room - self.tell())]
        if not taken:
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().write(taken)


def record_on(disk: type[Disk], path: Path, captures: Iterable[Capture], after: int) -> str:
    """Record to a disk that fills up when that many captures are written; give what is said of it."""
    recorder = Recorder(path, calibration(), 30)
    recorder._file._file.close()
    recorder._file._file = disk(path, "w")
    try:
        for capture in captures:
            if capture.index == after:
                recorder._file._file.room = recorder._file._file.tell() + 100_000
            recorder.write(capture)
    except OutputError as error:
        recorder.close()
        return str(error)
    raise AssertionError("the disk was never full")


def test_a_full_disk_leaves_a_closed_recording(tmp_path: Path) -> None:
    path = tmp_path / "take.mkv"
    captures = [make_capture(number) for number in range(1, 60)]
    message = record_on(Disk, path, captures, 40)
    assert message == (
        f"cannot write {path}: No space left on device; it is whole up to there, 1.3 s; "
        "free some space, or write to another disk"
    )
    with RecordingCamera(path) as camera:
        assert numbers(camera) == list(range(1, 39))
        assert camera.warnings == []
        assert camera.duration_usec is not None
    mkvinfo(path)


def test_a_disk_that_stays_full_leaves_a_readable_recording(tmp_path: Path) -> None:
    class Filled(Disk):
        def truncate(self, size: int | None = None) -> int:
            self.room = 0
            return super().truncate(size)

    path = tmp_path / "take.mkv"
    message = record_on(Filled, path, [make_capture(number) for number in range(1, 60)], 40)
    assert "1.3 s of it can be read, and 'bodychan record --repair' finishes it; free some space" in message
    with RecordingCamera(path) as camera:
        assert numbers(camera) == list(range(1, len(camera) + 1))
        assert len(camera) >= 38
        assert "was never closed" in camera.warnings[0]


def test_what_was_written_is_in_the_file_whatever_becomes_of_the_process(tmp_path: Path) -> None:
    path = tmp_path / "take.mkv"
    recorder = Recorder(path, calibration(), 30)
    for number in range(1, 100):
        # Captures without colour, for a second and a half: their time must not be waited for.
        images = ("depth", "ir") if 40 < number < 85 else ("color", "depth", "ir")
        recorder.write(make_capture(number, images=images))
        if number > 3 and number % 7 == 0:
            with RecordingCamera(path) as camera:
                assert numbers(camera) == list(range(1, len(camera) + 1))
                assert len(camera) >= number - (32 if 40 < number < 90 else 3)
    recorder.close()


def test_the_head_is_in_the_file_from_the_first_capture_on(tmp_path: Path) -> None:
    path = tmp_path / "take.mkv"
    recorder = Recorder(path, calibration(), 30)
    recorder.write(make_capture(1))
    data = path.read_bytes()
    recorder.close()
    for part in (b"K4A_START_OFFSET_NS", b"K4A_DEPTH_MODE", calibration_json(), b"S_K4A/IMU"):
        assert part in data


@pytest.mark.parametrize("while_closing", [False, True])
def test_ctrl_c_anywhere_leaves_a_recorder_that_closes_properly(while_closing: bool, tmp_path: Path) -> None:
    def begin(path: Path, count: int) -> Recorder:
        recorder = Recorder(path, calibration(), 30, color_format=None, ir=False)
        for number in range(1, count + 1):
            recorder.write(make_capture(number))
        return recorder

    expected = set()
    for count in (8, 9):
        begin(tmp_path / "expected.mkv", count).close()
        expected.add((tmp_path / "expected.mkv").read_bytes())
    sizes = set()
    path = tmp_path / "take.mkv"
    for step in range(1, 4000, 7):
        recorder = begin(path, 9 if while_closing else 8)
        before = path.stat().st_size
        try:
            with interrupt_after(step):
                recorder.close() if while_closing else recorder.write(make_capture(9))
            break
        except KeyboardInterrupt:
            sizes.add(path.stat().st_size - before)
        finally:
            recorder.close()
            assert path.read_bytes() in expected, f"interrupted at step {step}"
    assert len(sizes) > 3, "the interruptions fell before, between and after what was written"


@contextmanager
def interrupt_after(lines: int) -> Iterator[None]:
    """Raise KeyboardInterrupt when so many lines of this package have run."""
    left = lines

    def trace(frame: FrameType, event: str, _argument: object) -> "TraceFunction | None":
        nonlocal left
        if "bodychan" not in frame.f_code.co_filename:
            return None
        left -= event == "line"
        if left <= 0:
            sys.settrace(None)
            raise KeyboardInterrupt
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        yield
    finally:
        sys.settrace(before)


def test_kinds_may_be_most_of_a_second_apart(tmp_path: Path) -> None:
    captures = [make_capture(number) for number in range(1, 60)]
    path = tmp_path / "take.mkv"
    with Recorder(path, calibration(), 30) as recorder:
        for capture, late in zip(captures[25:], captures, strict=False):
            recorder.write(replace(late, depth=None, ir=None, color_image=None))
            recorder.write(replace(capture, imu=()))
    with RecordingCamera(path) as camera:
        assert numbers(camera) == list(range(26, 60))


def test_many_samples_at_one_time_are_in_blocks_that_microsofts_reader_comes_to_the_end_of(
    tmp_path: Path,
) -> None:
    path = tmp_path / "take.mkv"
    captures = [make_capture(number) for number in range(1, 30)]
    # A clock that is off files all of them at the time of their capture.
    off = imu_samples(captures[14].device_usec + 5_000_000, 700)
    captures[14] = replace(captures[14], imu=tuple(off))
    with Recorder(path, calibration(), 30) as recorder:
        for capture in captures:
            recorder.write(capture)
    # The count of samples in a block, less one, follows the track, its time and the flags of fixed lacing.
    counts = [match[1][0] for match in re.finditer(rb"\x84..\x04(.)", path.read_bytes(), re.DOTALL)]
    assert 254 in counts
    assert 255 not in counts
    folder = find_folder()
    if folder is not None:
        with Playback(folder, path) as playback:
            assert sum(1 for _ in playback.captures()) == 29
            assert sum(1 for _ in playback.samples()) == 28 * 7 + 700


def test_a_full_disk_is_said_once() -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    recorder = Recorder("/dev/full", calibration(), 30)
    with pytest.raises(OutputError, match="No space left"):
        for number in range(1, 9):
            recorder.write(make_capture(number))
    recorder.close()


def test_writing_after_close_is_refused_and_closing_twice_is_not(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "take.mkv", calibration(), 30)
    recorder.close()
    recorder.close()
    with pytest.raises(OutputError, match="closed"):
        recorder.write(make_capture(1))


@pytest.mark.parametrize("mode", DEPTH_MODES)
@pytest.mark.parametrize("image_format", [*COLOR_FORMATS, None])
def test_microsofts_reader_gives_the_same(
    mode: str, image_format: str | None, oracle: Path, tmp_path: Path
) -> None:
    images = {"ir"} if mode == "PASSIVE_IR" else {"depth", "ir"}
    if image_format:
        images |= {"color"}
    path = tmp_path / "take.mkv"
    with Recorder(path, calibration(mode), 30, color_format=image_format) as recorder:
        for number in range(1, 5):
            recorder.write(make_capture(number, mode, images=images, color_format=image_format or "MJPG"))
    assert assert_reads_alike(oracle, path) == 4


@pytest.mark.parametrize("delay_usec", [0, 12_000, 30_000, -12_000, -30_000])
def test_microsofts_reader_groups_the_same(delay_usec: int, oracle: Path, tmp_path: Path) -> None:
    random = np.random.default_rng(delay_usec % 97)
    path = tmp_path / "take.mkv"
    tags = {"K4A_DEPTH_DELAY_NS": str(delay_usec * 1000)}
    with Recorder(path, calibration(), 30, tags=tags) as recorder:
        for number in range(1, 120):
            images = [kind for kind in ("color", "depth", "ir") if random.random() > 0.15]
            if random.random() > 0.1:
                # Near half a period apart, the rule itself decides which images belong together.
                jitter = int(random.choice([0, 200, -200, 16_600, -16_600, 16_667, -16_667, 9000]))
                recorder.write(make_capture(number, images=images, shift_usec=jitter - delay_usec))
    assert assert_reads_alike(oracle, path) > 100


def test_microsofts_reader_and_ours_agree_on_a_real_recording(oracle: Path, shared: Path) -> None:
    assert assert_reads_alike(oracle, shared / "data/k4a/recording.mkv") == 1
