import os
import subprocess
import sys
import tracemalloc
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
from bodychan.cameras.recording.matroska import UNKNOWN_SIZE, Id, elements, head, head_at, read_layout
from bodychan.cameras.recording.repair import Finished, finish
from bodychan.errors import OutputError, RecordingError
from libk4arecord import HINT, Playback, find_folder
from recordings import (
    assert_equal,
    calibration_json,
    make_capture,
    numbers,
    write_recording,
    write_unfinished,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("repair")


@pytest.fixture(scope="module")
def closed(folder: Path) -> bytes:
    """A recording of a second and a half, and beside it `unfinished.mkv` that was never closed."""
    return write_unfinished(folder / "unfinished.mkv", [make_capture(number) for number in range(1, 46)])


@pytest.fixture(scope="module")
def unfinished(folder: Path, closed: bytes) -> bytes:
    return (folder / "unfinished.mkv").read_bytes()


def finished(path: Path, data: bytes) -> tuple[Finished | None, Path]:
    path.write_bytes(data)
    target = path.with_name("finished.mkv")
    result = finish(path, target)
    assert path.read_bytes() == data
    return result, target


def captures_of(path: Path) -> list[Capture]:
    try:
        with RecordingCamera(path) as camera:
            return list(camera)
    except RecordingError:
        return []


def clusters(data: bytes) -> list[tuple[int, int, int]]:
    """Where each cluster begins, where its content does, and where it ends."""
    _, start, size = head_at(data, 0)
    _, start, _ = head_at(data, start + size)
    return [e[1:] for e in elements(data, start, len(data)) if e.ident == Id.CLUSTER]


def test_a_recording_that_was_never_closed_becomes_the_closed_one(
    unfinished: bytes, closed: bytes, tmp_path: Path
) -> None:
    result, target = finished(tmp_path / "take.mkv", unfinished)
    assert target.read_bytes() == closed
    assert result is not None
    assert (result.lost_bytes, result.damaged) == (0, 0)
    assert result.seconds == pytest.approx(44 / 30 + 6 * 0.004807, abs=1e-4)


def test_a_recorder_that_was_killed_while_closing_has_left_all(
    unfinished: bytes, closed: bytes, tmp_path: Path
) -> None:
    layout = read_layout(closed)
    assert layout is not None
    assert layout.cues is not None
    for end in (layout.cues + 1, layout.cues + 30, len(closed)):
        _, target = finished(tmp_path / "take.mkv", unfinished + closed[layout.cues : end])
        assert target.read_bytes() == closed


def check_finished(path: Path, data: bytes) -> None:
    """All that could be read before must be there after, and one incomplete capture more at most."""
    path.write_bytes(data)
    before = captures_of(path)
    target = path.with_name("finished.mkv")
    try:
        result = finish(path, target)
    except RecordingError:
        assert before == []
        return
    assert path.read_bytes() == data
    assert result is not None
    with RecordingCamera(target) as camera:
        after = list(camera)
        assert camera.warnings == []
    assert len(before) <= len(after) <= len(before) + 1
    for ours, expected in zip(after, before, strict=False):
        # Samples behind the last capture join it.
        samples = ours.imu[: len(expected.imu)] if ours is after[-1] or expected is before[-1] else ours.imu
        kept = expected.imu[: len(samples)]
        assert_equal(replace(ours, imu=samples[: len(kept)]), replace(expected, imu=kept))
    kept_bytes = target.stat().st_size + result.lost_bytes
    assert abs(kept_bytes - len(data)) < 400


@given(share=st.floats(0, 1), step=st.one_of(st.none(), st.integers(-9, 40)), was_closed=st.booleans())
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_a_recording_cut_off_anywhere_keeps_all_that_is_whole(
    unfinished: bytes, closed: bytes, folder: Path, share: float, step: int | None, was_closed: bool
) -> None:
    source = closed if was_closed else unfinished
    places = [place for cluster in clusters(unfinished) for place in cluster]
    near = places[round(share * (len(places) - 1))] + (step or 0)
    check_finished(
        folder / "cut.mkv", source[: min(near if step else int(share * len(source)), len(source) - 1)]
    )


def test_inertial_samples_without_an_image_are_no_recording(closed: bytes, folder: Path) -> None:
    first_image = clusters(closed)[0][1]
    for cut in range(first_image, first_image + 4_000, 250):
        check_finished(folder / "cut.mkv", closed[:cut])
    with pytest.raises(RecordingError, match="no image in it is whole"):
        finish(folder / "cut.mkv", folder / "none.mkv")
    assert not (folder / "none.mkv").exists()


def test_a_recording_that_lacks_nothing_is_left_alone(closed: bytes, tmp_path: Path) -> None:
    result, target = finished(tmp_path / "take.mkv", closed)
    assert result is None
    assert not target.exists()


def no_recording(path: Path) -> None:
    with av.open(str(path), "w", format="matroska") as container:
        stream = container.add_stream("mjpeg", rate=30)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuvj420p"
        frame = av.VideoFrame.from_ndarray(np.zeros((48, 64, 3), np.uint8), "rgb24")
        container.mux([*stream.encode(frame.reformat(format="yuvj420p")), *stream.encode(None)])
    os.truncate(path, path.stat().st_size - 3)


def without_image(path: Path) -> None:
    write_recording(path, [make_capture(1)])
    os.truncate(path, clusters(path.read_bytes())[0][0] + 30)


def without_tracks(path: Path) -> None:
    write_recording(path, [make_capture(1)])
    os.truncate(path, 1600)


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
        (no_recording, "is a Matroska file but no Azure Kinect recording: it has no tags K4A_"),
        (without_tracks, "is cut off in its head; copy it again"),
        (without_image, "no image in it is whole; copy it again from its source"),
    ],
)
def test_what_cannot_be_finished_is_refused_in_one_line(
    write: Callable[[Path], None], message: str, tmp_path: Path
) -> None:
    path = tmp_path / "take.mkv"
    write(path)
    with pytest.raises(RecordingError, match=message) as caught:
        finish(path, tmp_path / "finished.mkv")
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)
    assert not (tmp_path / "finished.mkv").exists()


def test_a_target_that_cannot_be_written_is_named(unfinished: bytes, tmp_path: Path) -> None:
    path = tmp_path / "take.mkv"
    path.write_bytes(unfinished)
    with pytest.raises(OutputError, match=r"nowhere.finished\.mkv: No such file"):
        finish(path, tmp_path / "nowhere" / "finished.mkv")


def test_a_disk_that_fills_up_leaves_no_target(
    unfinished: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "take.mkv"
    path.write_bytes(unfinished)

    def fill(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fill)
    with pytest.raises(OutputError, match=r"finished\.mkv: No space left on device"):
        finish(path, tmp_path / "finished.mkv")
    assert os.listdir(tmp_path) == ["take.mkv"]
    assert path.read_bytes() == unfinished


def test_a_spoilt_cluster_is_kept_and_counted(unfinished: bytes, tmp_path: Path) -> None:
    _, start, end = clusters(unfinished)[20]
    spoilt = bytearray(unfinished)
    spoilt[(start + end) // 2] ^= 1
    result, target = finished(tmp_path / "take.mkv", bytes(spoilt))
    assert result is not None
    assert (result.damaged, result.lost_bytes) == (1, 0)
    assert len(captures_of(target)) == 45


@pytest.mark.parametrize("place", ["head", "inside", "end"])
def test_a_hole_of_zeros_costs_only_what_it_covers(unfinished: bytes, place: str, tmp_path: Path) -> None:
    at, start, end = clusters(unfinished)[20]
    first = {"head": at, "inside": start + 15, "end": end - 3}[place]
    spoilt = bytearray(unfinished)
    spoilt[first : first + 6] = bytes(6)
    result, target = finished(tmp_path / "take.mkv", bytes(spoilt))
    assert result is not None
    assert result.lost_bytes < 2 * (end - at)
    assert result.lost_bytes > 0 or result.damaged > 0
    captures = captures_of(target)
    assert 43 <= len(captures) <= 45
    assert captures[-1].index == 45


def test_zeros_at_the_end_are_left_out(unfinished: bytes, closed: bytes, tmp_path: Path) -> None:
    result, target = finished(tmp_path / "take.mkv", unfinished + bytes(3_000_000))
    assert result is not None
    assert result.lost_bytes == 3_000_000
    assert target.read_bytes() == closed


def test_clusters_of_unknown_size_get_one(unfinished: bytes, closed: bytes, tmp_path: Path) -> None:
    content = b"".join(
        head(Id.CLUSTER, UNKNOWN_SIZE, 8) + unfinished[start:end] for _, start, end in clusters(unfinished)
    )
    _, target = finished(tmp_path / "take.mkv", unfinished[: clusters(unfinished)[0][0]] + content)
    assert target.read_bytes() == closed


def test_memory_does_not_grow_with_the_recording(unfinished: bytes, tmp_path: Path) -> None:
    (tmp_path / "take.mkv").write_bytes(unfinished)
    tracemalloc.start()
    try:
        finish(tmp_path / "take.mkv", tmp_path / "finished.mkv")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < len(unfinished) / 5


# Microsoft's reader and recorder


@pytest.fixture(scope="session")
def oracle() -> Path:
    found = find_folder()
    if found is None:
        pytest.skip(HINT)
    return found


@pytest.mark.parametrize("share", [0.02, 0.31, 0.5, 0.777, 0.96, 1.0])
def test_microsofts_reader_opens_what_was_finished(
    share: float, unfinished: bytes, oracle: Path, tmp_path: Path
) -> None:
    _, target = finished(tmp_path / "take.mkv", unfinished[: int(len(unfinished) * share)])
    ours = captures_of(target)
    with Playback(oracle, target) as playback:
        theirs = list(playback.captures())
        playback.seek(ours[-1].device_usec)
        assert next(iter(playback.captures()), None) is not None
    assert len(ours) == len(theirs) > 0
    for capture, expected in zip(ours, theirs, strict=True):
        assert capture.depth_usec == (expected.depth and expected.depth.usec)
        if capture.depth is not None and expected.depth is not None:
            assert capture.depth.tobytes() == expected.depth.data


# Records with libk4arecord and is killed before it can close the file.
KILLED_RECORDER = """
import ctypes, os, signal, sys, time
from pathlib import Path
folder, path, calibration, captures = Path(sys.argv[1]), sys.argv[2], sys.argv[3].encode(), int(sys.argv[4])
k4a = ctypes.CDLL(str(next(folder.glob("libk4a[-.]*so*"))), ctypes.RTLD_GLOBAL)
record = ctypes.CDLL(str(next(folder.glob("libk4arecord[-.]*so*"))))
P, U64 = ctypes.c_void_p, ctypes.c_uint64
class Config(ctypes.Structure):
    _fields_ = [(n, ctypes.c_int) for n in ("format", "resolution", "depth", "fps")] + [
        ("synchronized", ctypes.c_bool), ("delay", ctypes.c_int32), ("wired", ctypes.c_int),
        ("subordinate", ctypes.c_uint32), ("no_light", ctypes.c_bool)]
class Sample(ctypes.Structure):
    _fields_ = [("temperature", ctypes.c_float), ("accel", ctypes.c_float * 3), ("accel_usec", U64),
                ("gyro", ctypes.c_float * 3), ("gyro_usec", U64)]
for library, name, arguments in (
    (record, "k4a_record_create", (ctypes.c_char_p, P, Config, P)),
    (record, "k4a_record_add_imu_track", (P,)),
    (record, "k4a_record_add_attachment", (P, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_size_t)),
    (record, "k4a_record_write_header", (P,)),
    (record, "k4a_record_write_capture", (P, P)),
    (record, "k4a_record_write_imu_sample", (P, Sample)),
    (k4a, "k4a_capture_create", (P,)), (k4a, "k4a_capture_release", (P,)), (k4a, "k4a_image_release", (P,)),
    (k4a, "k4a_image_create", (ctypes.c_int,) * 4 + (P,)), (k4a, "k4a_image_get_buffer", (P,)),
    (k4a, "k4a_image_set_device_timestamp_usec", (P, U64)),
    (k4a, "k4a_capture_set_depth_image", (P, P)), (k4a, "k4a_capture_set_ir_image", (P, P)),
):
    getattr(library, name).argtypes = arguments
k4a.k4a_image_get_buffer.restype = P
handle = P()
assert record.k4a_record_create(path.encode(), None, Config(0, 0, 1, 2), ctypes.byref(handle)) == 0
record.k4a_record_add_imu_track(handle)
record.k4a_record_add_attachment(handle, b"calibration.json", calibration, len(calibration))
assert record.k4a_record_write_header(handle) == 0
for number in range(1, captures + 1):
    usec = 2_000_000 + (number - 1) * 1_000_000 // 30
    capture = P()
    k4a.k4a_capture_create(ctypes.byref(capture))
    for kind, put in ((4, k4a.k4a_capture_set_depth_image), (5, k4a.k4a_capture_set_ir_image)):
        image = P()
        k4a.k4a_image_create(kind, 320, 288, 640, ctypes.byref(image))
        pixels = (ctypes.c_uint16 * (320 * 288)).from_address(k4a.k4a_image_get_buffer(image))
        pixels[0] = number
        k4a.k4a_image_set_device_timestamp_usec(image, usec)
        put(capture, image)
        k4a.k4a_image_release(image)
    for n in range(6):
        now = usec + n * 5000
        record.k4a_record_write_imu_sample(handle, Sample(20, (0, 0, -9.8), now, (0, 0, 0), now))
    assert record.k4a_record_write_capture(handle, capture) == 0
    k4a.k4a_capture_release(capture)
time.sleep(0.6)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_recording_of_microsofts_killed_recorder_is_finished(oracle: Path, tmp_path: Path) -> None:
    path, target = tmp_path / "take.mkv", tmp_path / "finished.mkv"
    script = tmp_path / "killed.py"
    script.write_text(KILLED_RECORDER)
    done = subprocess.run(
        [sys.executable, script, oracle, path, calibration_json().decode(), "150"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == -9, done.stderr
    with pytest.raises(
        RecordingError, match="does not say its unit of time; finish it with 'bodychan record"
    ):
        RecordingCamera(path)
    with pytest.raises(OSError, match="does not open"):
        Playback(oracle, path)
    assert finish(path, target) is not None
    with RecordingCamera(target) as camera, Playback(oracle, target) as playback:
        assert camera.fps == 30
        ours, theirs = list(camera), list(playback.captures())
    # It writes its clusters two seconds late.
    assert 80 <= len(ours) == len(theirs) <= 90
    for number, (capture, expected) in enumerate(zip(ours, theirs, strict=True), 1):
        assert capture.depth is not None
        assert expected.depth is not None
        assert capture.depth[0, 0] == number
        assert capture.depth_usec == expected.depth.usec == 2_000_000 + (number - 1) * 1_000_000 // 30


def test_gigabytes_of_nothing_are_told_at_once_and_taken_out(tmp_path: Path) -> None:
    path, finished = tmp_path / "take.mkv", tmp_path / "finished.mkv"
    data = write_recording(path, [make_capture(number) for number in range(1, 9)]).read_bytes()
    middle = data.index(Id.CLUSTER.to_bytes(4, "big"), len(data) // 2)
    with path.open("wb") as file:
        file.write(data[:middle])
        for _ in range(4):
            file.write(head(Id.VOID, 3 << 30, 8))
            file.seek(3 << 30, 1)
        file.write(data[middle:])
    with pytest.raises(RecordingError, match=r"on hold nothing.*record --repair"):
        RecordingCamera(path)
    assert finish(path, finished) is not None
    with RecordingCamera(finished) as camera:
        assert numbers(camera) == list(range(1, 9))


@pytest.mark.parametrize("filler", [b"\0", b"\xec\x80", b"\xec\x83abc"], ids=["zeros", "voids", "full voids"])
def test_a_file_full_of_filler_that_was_written_is_told_and_taken_out(filler: bytes, tmp_path: Path) -> None:
    path, finished = tmp_path / "take.mkv", tmp_path / "finished.mkv"
    data = write_recording(path, [make_capture(number) for number in range(1, 9)]).read_bytes()
    middle = data.index(Id.CLUSTER.to_bytes(4, "big"), len(data) // 2)
    block = filler * ((1 << 20) // len(filler))
    with path.open("wb") as file:
        file.write(data[:middle])
        for _ in range(80):
            file.write(block)
        file.write(data[middle:])
    with pytest.raises(RecordingError, match=f"from offset [0-9]+ on hold nothing.*record --repair '*{path}"):
        RecordingCamera(path)
    assert finish(path, finished) is not None
    with RecordingCamera(finished) as camera:
        assert numbers(camera) == list(range(1, 9))
        assert camera.warnings == []
    assert finish(finished, path) is None


@pytest.mark.parametrize("place", ["behind the last block", "behind the end"])
def test_garbage_at_the_end_costs_no_capture(place: str, tmp_path: Path) -> None:
    path, finished = tmp_path / "take.mkv", tmp_path / "finished.mkv"
    data = write_recording(path, [make_capture(number) for number in range(1, 9)]).read_bytes()
    cues = data.rindex(Id.CUES.to_bytes(4, "big"))
    at = cues if place == "behind the last block" else len(data)
    path.write_bytes(data[:at] + bytes(range(1, 251)) * 400 + data[at:])
    with RecordingCamera(path) as camera:
        assert numbers(camera) == list(range(1, 9))
        (warning,) = camera.warnings
        assert f"from offset {at} on are damaged" in warning
    found = finish(path, finished)
    assert found is not None
    assert found.lost_bytes >= 100_000
    with RecordingCamera(finished) as camera:
        assert numbers(camera) == list(range(1, 9))
        assert camera.warnings == []
