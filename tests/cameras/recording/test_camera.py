import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bodychan import Capture
from bodychan.cameras.recording.camera import RecordingCamera
from bodychan.cameras.recording.encode import Datum, Head, TrackEntry, cluster
from bodychan.cameras.recording.grouping import Block, Grouper
from bodychan.cameras.recording.writer import Recorder
from bodychan.errors import CameraError, RecordingError
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

LEAD_USEC = 6 * 4807
"""From a recording's start, its first inertial sample, to its first image."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("recordings")


@pytest.fixture(scope="module")
def long_take(folder: Path) -> Path:
    """Five seconds of 30 fps, with dropped captures and a gap of a second, some images missing."""
    captures = []
    for number in [*range(1, 60), *range(62, 90), *range(120, 150)]:
        images = {"color", "depth", "ir"} - ({"color"} if number % 11 == 0 else set())
        captures.append(make_capture(number, images=images))
    return write_recording(folder / "long.mkv", captures)


@pytest.fixture(scope="module")
def short_take(folder: Path) -> Path:
    return write_recording(folder / "short.mkv", [make_capture(number) for number in range(1, 6)])


def patched(path: Path, old: bytes, new: bytes, target: Path) -> Path:
    """Copy a file with some bytes replaced by as many others."""
    data = path.read_bytes()
    assert old in data
    assert len(old) == len(new)
    target.write_bytes(data.replace(old, new))
    return target


# Reading


def test_a_real_recording_comes_out_with_its_device_times(shared: Path) -> None:
    with RecordingCamera(shared / "data/k4a/recording.mkv") as camera:
        (capture,) = camera
        assert (camera.fps, camera.start_usec, camera.duration_usec) == (5, 336277, 663945)
        assert camera.tags["K4A_DEVICE_SERIAL_NUMBER"] == "001514394512"
        assert camera.tags["K4A_DEPTH_MODE"] == "NFOV_UNBINNED"
        assert camera.calibration.raw == (shared / "data/k4a/recording.mkv").read_bytes()[1752:5652]
        assert camera.warnings == []
    assert capture.index == 1
    assert (capture.depth_usec, capture.ir_usec, capture.color_usec) == (800222, 800222, 800222)
    assert capture.depth is not None
    assert capture.ir is not None
    assert (capture.depth.max(), capture.ir.max()) == (3690, 65535)
    assert np.median(capture.depth[capture.depth > 0]) == 1491
    (sample,) = capture.imu
    assert (sample.accel_usec, sample.gyro_usec) == (336277, 336277)
    np.testing.assert_allclose(sample.accel, [-2.888, -0.194, -9.437], atol=1e-3)
    np.testing.assert_allclose(sample.gyro, [-0.0010, -0.0019, 0.0060], atol=1e-4)
    assert np.isnan(sample.temperature)
    assert capture.color is not None
    assert capture.color.shape == (720, 1280, 3)


def test_every_capture_comes_out_once_and_in_order(long_take: Path) -> None:
    with RecordingCamera(long_take) as camera:
        captures = list(camera)
        assert camera.read() is None
    assert numbers(captures) == [*range(1, 60), *range(62, 90), *range(120, 150)]
    # Frame periods count from 1, also those whose capture was dropped.
    assert [capture.index for capture in captures] == numbers(captures)


def test_images_are_native_read_only_arrays(short_take: Path) -> None:
    with RecordingCamera(short_take) as camera:
        capture = next(iter(camera))
    for pixels in (capture.depth, capture.ir):
        assert pixels is not None
        assert pixels.dtype == np.dtype("=u2")
        assert pixels.dtype.isnative
        with pytest.raises(ValueError, match="read-only"):
            pixels[0, 0] = 1


def test_images_outlive_the_camera(short_take: Path) -> None:
    with RecordingCamera(short_take) as camera:
        captures = list(camera)
    for capture, number in zip(captures, range(1, 6), strict=True):
        assert_equal(capture, make_capture(number))


def test_the_times_of_a_recording_are_stated(short_take: Path) -> None:
    with RecordingCamera(short_take) as camera:
        assert camera.start_usec == START_USEC - LEAD_USEC
        assert camera.duration_usec == LEAD_USEC + 133_333 + 33_333
        assert camera.fps == 30
        assert camera.name == str(short_take)


def test_the_length_counts_captures_and_does_not_move(long_take: Path) -> None:
    with RecordingCamera(long_take) as camera:
        assert numbers([c for c in (camera.read(), camera.read()) if c]) == [1, 2]
        assert len(camera) == 117
        assert numbers([c for c in (camera.read(),) if c]) == [3]


def test_colour_is_decoded_only_when_asked_for(short_take: Path, tmp_path: Path) -> None:
    path = tmp_path / "take.mkv"
    start = short_take.read_bytes().index(b"\xff\xd8\xff")
    data = bytearray(short_take.read_bytes())
    data[start + 200 : start + 600] = bytes(400)
    path.write_bytes(data)
    with RecordingCamera(path) as camera:
        capture = next(iter(camera))
        assert capture.color_image is not None
        assert camera.warnings == []
        assert capture.color is None
        (warning,) = camera.warnings
        assert f"take.mkv: colour image at device time {START_USEC} µs: the JPEG of" in warning
        assert warning.endswith("this capture has no colour")
        assert len(list(camera)) == 4


def test_legacy_names_and_spelling_are_understood(short_take: Path, tmp_path: Path) -> None:
    path = patched(short_take, b"NFOV_2X2BINNED", b"NFOV_2x2BINNED", tmp_path / "take.mkv")
    for track in (b"COLOR", b"DEPTH", b"IMU"):
        patched(path, b"K4A_" + track + b"_TRACK", b"K4A_" + track + b"_XXXXX", path)
    with RecordingCamera(path) as camera:
        assert camera.calibration.depth_mode == "NFOV_2X2BINNED"
        for capture, number in zip(camera, range(1, 6), strict=True):
            assert_equal(capture, make_capture(number))


def test_the_legacy_name_of_the_infrared_track_is_understood(tmp_path: Path) -> None:
    capture = make_capture(1)
    assert capture.depth is not None
    assert capture.ir is not None
    size = (capture.depth.shape[1], capture.depth.shape[0])
    tracks = [
        TrackEntry("DEPTH", 1, {"K4A_DEPTH_MODE": "NFOV_2X2BINNED"}, "b16g", size),
        TrackEntry("DEPTH_IR", 2, {}, "b16g", size),
    ]
    head = Head(tracks, 30, calibration_json(), 3, {"K4A_START_OFFSET_NS": "0"}, "test")
    images = [
        Datum(0, n, image.astype(">u2").tobytes()) for n, image in ((1, capture.depth), (2, capture.ir))
    ]
    path = tmp_path / "take.mkv"
    path.write_bytes(head.opening().encode() + b"".join(cluster(images, None)))
    with RecordingCamera(path) as camera:
        ours = camera.read()
        assert ours is not None
        assert ours.ir is not None
        np.testing.assert_array_equal(ours.ir, capture.ir)


def test_tracks_are_found_by_tag_before_name(short_take: Path, tmp_path: Path) -> None:
    path = patched(short_take, b"\x53\x6e\x85DEPTH", b"\x53\x6e\x85Depth", tmp_path / "take.mkv")
    with RecordingCamera(path) as camera:
        assert numbers(camera) == [1, 2, 3, 4, 5]


def test_a_start_without_a_tag_follows_from_the_samples(short_take: Path, tmp_path: Path) -> None:
    path = patched(short_take, b"K4A_START_OFFSET_NS", b"K4A_START_OFFSET_XX", tmp_path / "take.mkv")
    with RecordingCamera(path) as camera:
        assert camera.start_usec == START_USEC - LEAD_USEC
        assert_equal(next(iter(camera)), make_capture(1))


def test_samples_after_the_last_capture_join_it(tmp_path: Path) -> None:
    captures = [make_capture(number) for number in range(1, 4)]
    late = imu_samples(START_USEC + 70_000, 60)
    captures[-1] = replace(captures[-1], imu=captures[-1].imu + late)
    path = write_recording(tmp_path / "take.mkv", captures)
    with RecordingCamera(path) as camera:
        for capture, expected in zip(camera, captures, strict=True):
            assert_equal(capture, expected)


def test_passive_infrared_needs_no_depth_track(tmp_path: Path) -> None:
    path = tmp_path / "take.mkv"
    with Recorder(path, calibration("PASSIVE_IR"), 30, color_format=None) as recorder:
        recorder.write(make_capture(1, "PASSIVE_IR", images=["ir"]))
    with RecordingCamera(path) as camera:
        capture = next(iter(camera))
        assert camera.calibration.depth_mode == "PASSIVE_IR"
        assert camera.calibration.color_resolution == "720P"
    assert capture.depth is None
    assert capture.ir is not None
    assert capture.device_usec == START_USEC


def test_reading_a_long_time_without_colour_holds_few_captures(tmp_path: Path) -> None:
    captures = [
        make_capture(n, images={"depth", "ir"} | ({"color"} if n < 4 else set())) for n in range(1, 90)
    ]
    path = write_recording(tmp_path / "take.mkv", captures)
    with RecordingCamera(path) as camera:
        assert numbers(camera) == list(range(1, 90))


# Seeking


def test_seeking_gives_what_reading_gives(long_take: Path) -> None:
    with RecordingCamera(long_take) as camera:
        captures = list(camera)
        for capture in captures[::-7]:
            camera.seek(capture.device_usec)
            ours = camera.read()
            assert ours is not None
            assert_equal(ours, capture)


@given(offset=st.integers(-(10**6), 7 * 10**6))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_a_seek_goes_to_the_first_capture_at_or_after_a_time(long_take: Path, offset: int) -> None:
    present = [*range(1, 60), *range(62, 90), *range(120, 150)]
    times = [START_USEC + (number - 1) * 10**6 // 30 for number in present]
    wanted = [n for n, usec in zip(present, times, strict=True) if usec >= START_USEC + offset]
    with RecordingCamera(long_take) as camera:
        camera.seek(START_USEC + offset)
        captures = [c for c in (camera.read(), camera.read()) if c]
    assert numbers(captures) == wanted[:2]
    assert [capture.index for capture in captures] == wanted[:2]


def test_seeking_works_where_the_cameras_differ_by_a_period(tmp_path: Path) -> None:
    for delay in (30_000, -30_000):
        path = tmp_path / "take.mkv"
        with Recorder(path, calibration(), 30, tags={"K4A_DEPTH_DELAY_NS": str(delay * 1000)}) as recorder:
            for number in range(1, 60):
                recorder.write(make_capture(number, shift_usec=-delay))
        with RecordingCamera(path) as camera:
            for capture in list(camera)[::5]:
                camera.seek(capture.device_usec)
                ours = camera.read()
                assert ours is not None
                assert_equal(ours, capture)


# Files that are cut off


def ends_of_captures(path: Path) -> list[int]:
    """The offset just behind each capture's last image."""
    ends: dict[int, int] = {}
    with av.open(str(path)) as container:
        for packet in container.demux(video=(0, 1, 2)):
            if packet.size and packet.pts is not None and packet.pos is not None:
                # A block's content is its track, its time and its flags, four bytes, and then the image.
                ends[packet.pts] = max(ends.get(packet.pts, 0), packet.pos + 4 + packet.size)
    return list(ends.values())


def boundaries(path: Path) -> list[int]:
    """The offsets where blocks begin, and where the file does and ends."""
    with av.open(str(path)) as container:
        places = [packet.pos for packet in container.demux() if packet.size and packet.pos is not None]
    return [*places, path.stat().st_size]


def read_all(path: Path) -> tuple[list[Capture], list[str], str]:
    """The captures, the warnings, and the error that opening the file gave, if any."""
    try:
        with RecordingCamera(path) as camera:
            captures = list(camera)
            assert len(camera) == len(captures)
            return captures, camera.warnings, ""
    except RecordingError as error:
        return [], [], str(error)


def check_cut(path: Path, cut: int, ends: list[int]) -> None:
    """What lies wholly before the cut comes out bit for bit with a warning, and nothing else."""
    expected = sum(end <= cut for end in ends)
    captures, warnings, error = read_all(path)
    assert [capture.index for capture in captures] == list(range(1, expected + 1)), f"cut at {cut}: {error}"
    assert bool(error) == (expected == 0)
    assert "\n" not in error
    for capture in captures:
        assert_equal(replace(capture, imu=()), replace(make_capture(capture.index), imu=()))
    if captures:
        assert len(warnings) == 1
        assert f"its last whole capture is number {expected}" in warnings[0]


def test_a_recording_cut_off_near_any_block_gives_all_whole_captures(
    short_take: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    ends = ends_of_captures(short_take)
    assert len(ends) == 5
    path = tmp_path / "cut.mkv"
    shutil.copyfile(short_take, path)
    size = path.stat().st_size
    cuts = {place + step for place in [*boundaries(short_take), *ends] for step in range(-9, 10)}
    for cut in sorted((cut for cut in cuts if cut < size), reverse=True):
        os.truncate(path, cut)
        check_cut(path, cut, ends)
    assert capfd.readouterr() == ("", "")


@given(share=st.floats(0, 1, exclude_max=True))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_a_recording_cut_off_anywhere_gives_all_whole_captures(short_take: Path, share: float) -> None:
    data = short_take.read_bytes()
    cut = int(len(data) * share)
    path = short_take.with_name("cut.mkv")
    path.write_bytes(data[:cut])
    check_cut(path, cut, ends_of_captures(short_take))


def test_a_recording_cut_off_in_its_head_raises(short_take: Path, tmp_path: Path) -> None:
    path = tmp_path / "cut.mkv"
    shutil.copyfile(short_take, path)
    first_cluster = boundaries(short_take)[0]
    for cut in range(first_cluster, 0, -97):
        os.truncate(path, cut)
        with pytest.raises(RecordingError, match=r"cut off|not a Matroska file"):
            RecordingCamera(path)


def test_a_recording_cut_off_in_its_index_loses_nothing(tmp_path: Path) -> None:
    # The last capture of a take often lacks an image; only here it is certain that none is cut off.
    captures = [make_capture(n, images=["color", "depth", "ir"] if n < 5 else ["depth"]) for n in range(1, 6)]
    path = write_recording(tmp_path / "take.mkv", captures)
    os.truncate(path, path.stat().st_size - 1)
    with RecordingCamera(path) as camera:
        assert numbers(camera) == [1, 2, 3, 4, 5]
        assert camera.warnings == [
            f"{path} is cut off: the last 1 of {path.stat().st_size + 1} bytes are missing; "
            f"its last whole capture is number 5, at {(133_333 + LEAD_USEC) / 1e6:.3f} s; "
            "'bodychan record --repair' finishes it"
        ]


def test_a_recording_that_was_never_closed_gives_its_captures(short_take: Path, tmp_path: Path) -> None:
    path = tmp_path / "take.mkv"
    recorder = Recorder(path, calibration(), 30)
    for number in range(1, 41):
        recorder.write(make_capture(number))
    with RecordingCamera(path) as camera:
        assert numbers(camera) == list(range(1, 1 + len(camera)))
        assert len(camera) >= 37
        assert "was never closed" in camera.warnings[0]
        camera.seek(START_USEC + 1_000_000)
        capture = camera.read()
        assert capture is not None
        assert_equal(capture, make_capture(31))
    recorder.close()


# Damaged files


def test_an_image_without_its_end_gives_no_colour_and_a_note(short_take: Path, tmp_path: Path) -> None:
    path = tmp_path / "take.mkv"
    data = short_take.read_bytes()
    end = data.index(b"\xff\xd9", boundaries(short_take)[0])
    path.write_bytes(data[:end] + b"\0\0" + data[end + 2 :])
    with RecordingCamera(path) as camera:
        captures = list(camera)
        assert [capture.color is None for capture in captures] == [True, False, False, False, False]
        (warning,) = camera.warnings
        assert f"colour image at device time {START_USEC} µs" in warning
        assert "it has no end" in warning
    assert numbers(captures) == [1, 2, 3, 4, 5]
    # As it came, so that a copy of the recording loses nothing.
    assert all(capture.color_image is not None for capture in captures)


@given(st.data())
@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_damage_ends_in_captures_or_one_clear_error(short_take: Path, data: st.DataObject) -> None:
    content = bytearray(short_take.read_bytes())
    head = boundaries(short_take)[0]
    place = data.draw(st.one_of(st.integers(0, head), st.integers(0, len(content) - 1)))
    damage = data.draw(st.binary(min_size=1, max_size=40))
    content[place : place + len(damage)] = damage
    path = short_take.with_name("damaged.mkv")
    path.write_bytes(content)
    captures, _, error = read_all(path)
    assert bool(captures) != bool(error)
    assert "\n" not in error
    assert not error or str(path) in error


# Files that are no recordings


def no_recording(path: Path) -> None:
    """Make a Matroska file as FFmpeg would."""
    with av.open(str(path), "w", format="matroska") as container:
        stream = container.add_stream("mjpeg", rate=30)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuvj420p"
        frame = av.VideoFrame.from_ndarray(np.zeros((48, 64, 3), np.uint8), "rgb24")
        container.mux([*stream.encode(frame.reformat(format="yuvj420p")), *stream.encode(None)])


def with_bytes(old: bytes, new: bytes) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        write_recording(path, [make_capture(1)])
        patched(path, old, new, path)

    return write


@pytest.mark.parametrize(
    ("write", "message"),
    [
        (lambda path: None, "there is no such file; check the path"),
        (lambda path: path.mkdir(), "is a folder; name a recording"),
        (lambda path: path.write_bytes(b""), "is empty; Azure Kinect recordings are"),
        (
            lambda path: path.write_text("depth\n" * 999),
            "is not a Matroska file; Azure Kinect recordings are",
        ),
        (
            no_recording,
            "no Azure Kinect recording: it has the tracks video; such recordings have tracks DEPTH",
        ),
        (lambda path: write_recording(path, []), "holds no capture: it is a recording of 0 frames"),
        (with_bytes(b"calibration.json", b"calibration.jsox"), None),
        (
            with_bytes(b"\x46\x6e\x90calibration.json", b"\x46\x6e\x90calibration.yaml"),
            "carries no calibration",
        ),
        (
            with_bytes(b'"CalibrationInformation"', b'"CalibrationInformatiom"'),
            "its calibration cannot be used",
        ),
        (with_bytes(calibration_json()[:40], b"x" * 40), "its calibration cannot be used: .*is not an Azure"),
        (with_bytes(b"K4A_DEPTH_MODE", b"K4A_DEPTH_MODX"), r"names no depth mode \(tag K4A_DEPTH_MODE\)"),
        (
            with_bytes(b"NFOV_2X2BINNED", b"NFOV_3X3BINNED"),
            "unknown depth mode 'NFOV_3X3BINNED'; there are: NFOV",
        ),
        (
            with_bytes(b"NFOV_2X2BINNED", b"WFOV_2X2BINNED"),
            "is 320x288, but depth mode WFOV_2X2BINNED is 512x512",
        ),
        (with_bytes((10**9 // 30).to_bytes(4, "big"), (10**9 // 25).to_bytes(4, "big")), "has 25 frames per"),
        (with_bytes(b"b16g", b"z16g"), "track is in format '' instead of b16g"),
    ],
)
def test_what_is_no_recording_is_refused_in_one_line(
    write: Callable[[Path], None], message: str | None, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "take.mkv"
    write(path)
    if message is None:
        RecordingCamera(path).close()
        return
    with pytest.raises(RecordingError, match=message) as caught:
        RecordingCamera(path)
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)
    assert capfd.readouterr() == ("", "")


def test_a_file_without_permission_is_refused(short_take: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    # Root may read everything, so the refusal is played.
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(RecordingError, match="cannot be read: Permission denied; check"):
        RecordingCamera(short_take)


def test_tracks_of_different_rates_are_refused(short_take: Path, tmp_path: Path) -> None:
    data = short_take.read_bytes()
    rate = (10**9 // 30).to_bytes(4, "big")
    place = data.index(rate)
    path = tmp_path / "take.mkv"
    path.write_bytes(data[:place] + (10**9 // 15).to_bytes(4, "big") + data[place + 4 :])
    with pytest.raises(RecordingError, match=r"differ in frame rate .*color 15.*depth 30"):
        RecordingCamera(path)


def test_colour_of_no_azure_kinect_is_left_out_with_a_warning(short_take: Path, tmp_path: Path) -> None:
    path = patched(short_take, b"MJPG\0\0\0\0", b"H264\0\0\0\0", tmp_path / "take.mkv")
    with RecordingCamera(path) as camera:
        captures: list[Capture] = list(camera)
        assert "colour is left out: 1280x720 'H264' is no colour mode" in camera.warnings[0]
    assert numbers(captures) == [1, 2, 3, 4, 5]
    assert all(capture.color_image is None for capture in captures)


def test_a_closed_camera_says_so(short_take: Path) -> None:
    camera = RecordingCamera(short_take)
    camera.close()
    camera.close()
    for use in (camera.read, lambda: camera.seek(0), lambda: len(camera)):
        with pytest.raises(CameraError, match="is closed"):
            use()


@pytest.mark.parametrize(("serial", "bounded"), [("001514394512", True), ("CL8F25300C6", False)])
def test_a_femtos_lenses_have_no_metric_radius(tmp_path: Path, serial: str, bounded: bool) -> None:
    path = tmp_path / "take.mkv"
    with Recorder(path, calibration(), 30, tags={"K4A_DEVICE_SERIAL_NUMBER": serial}) as recorder:
        recorder.write(make_capture(1))
    with RecordingCamera(path) as camera:
        assert np.isfinite(camera.calibration.lenses["depth"].metric_radius) == bounded


# Clocks, numbers, and what is not there


def test_times_of_64_bits_are_read_as_they_are(tmp_path: Path) -> None:
    first = 1_730_796_756_988_167
    captures = [make_capture(n, usec=first + (n - 1) * 33_333) for n in range(1, 6)]
    path = write_recording(tmp_path / "take.mkv", captures)
    with RecordingCamera(path) as camera:
        for ours, expected in zip(camera, captures, strict=True):
            assert_equal(ours, expected)
        assert camera.duration_usec == 5 * 33_333 + LEAD_USEC
        camera.seek(first + 2 * 33_333)
        assert numbers(camera) == [3, 4, 5]


def test_a_captures_number_does_not_depend_on_the_way_to_it(tmp_path: Path) -> None:
    """A Femto makes 30.14 captures a second: by the nominal rate 603 of them would be 600."""
    usecs = [START_USEC + round(n * 1e6 / 30.14) for n in range(603)]
    path = tmp_path / "take.mkv"
    with Recorder(path, calibration(), 30, color_format=None, ir=False, imu=False) as recorder:
        for number, usec in enumerate(usecs, 1):
            recorder.write(make_capture(number, usec=usec, images=["depth"]))
    with RecordingCamera(path) as camera:
        assert [capture.index for capture in camera] == list(range(1, 604))
        assert len(camera) == 603
        for number in (603, 300, 2, 1, 451):
            camera.seek(usecs[number - 1])
            capture = camera.read()
            assert capture is not None
            assert (capture.index, numbers([capture])) == (number, [number])
            following = camera.read()
            assert following is None or following.index == number + 1


def test_garbage_in_the_middle_is_told_and_the_rest_is_read(tmp_path: Path) -> None:
    path = write_recording(tmp_path / "take.mkv", [make_capture(n) for n in range(1, 31)])
    data = bytearray(path.read_bytes())
    at, size = len(data) // 2, 1_000_000
    data[at : at + size] = np.random.default_rng(0).bytes(size)
    path.write_bytes(data)
    with RecordingCamera(path) as camera:
        found = numbers(camera)
        (warning,) = [text for text in camera.warnings if "are damaged" in text]
    assert found[0] == 1
    assert found[-1] == 30
    assert 20 <= len(found) < 30
    assert "'bodychan record --repair' takes them out" in warning


def test_an_inertial_clock_that_is_ahead_keeps_the_order_of_the_file(tmp_path: Path) -> None:
    """As in a file that was split, where the images' times start again and the samples' do not."""
    path = tmp_path / "take.mkv"
    with Recorder(path, calibration(), 30) as recorder:
        for number in range(1, 31):
            recorder.write(make_capture(number))
    data = path.read_bytes()
    start = (START_USEC - LEAD_USEC) * 1000
    path.write_bytes(
        data.replace(str(start).encode(), str(start - 1_500_000_000).zfill(len(str(start))).encode())
    )
    with RecordingCamera(path) as camera:
        captures = list(camera)
        (warning,) = camera.warnings
    assert "clock is +1.500 s off that of the images" in warning
    assert [len(capture.imu) for capture in captures] == [7] * 30
    assert all(capture.imu[-1].accel_usec - capture.device_usec == 1_500_000 for capture in captures)


def test_many_samples_ahead_of_the_images_cost_linear_time() -> None:
    grouper: Grouper[None] = Grouper(["depth"], 33_333_333, imu=True)
    for n in range(60_000):
        grouper.add_imu(10**9 + n, b"")
    done = 0
    for n in range(8_000):
        grouper.add_image(Block("depth", n * 33_333, n * 33_333_000, None))
        done += grouper.take() is not None
    assert done == 7_999


@pytest.mark.parametrize("images", [["ir"], ["color"]])
def test_a_recording_without_depth_is_read_and_says_so(images: list[str], tmp_path: Path) -> None:
    mode = "PASSIVE_IR" if images == ["ir"] else "NFOV_2X2BINNED"
    path = tmp_path / "take.mkv"
    color = "MJPG" if images == ["color"] else None
    with Recorder(path, calibration(mode), 30, color_format=color, depth=False, ir=color is None) as recorder:
        for number in range(1, 4):
            recorder.write(make_capture(number, mode, images=images))
    with RecordingCamera(path) as camera:
        assert not camera.measures_depth
        assert camera.tags["K4A_DEPTH_MODE"] == ("PASSIVE_IR" if color is None else "OFF")
        assert len(list(camera)) == 3


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_refused_in_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "take.mkv"
    os.mkfifo(path)
    with pytest.raises(RecordingError, match=r"is a pipe or device.*save it to a file first"):
        RecordingCamera(path)
