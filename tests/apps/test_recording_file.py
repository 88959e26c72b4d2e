from dataclasses import replace
from pathlib import Path

import pytest

from bodychan import Capture
from bodychan.apps import recording_file
from bodychan.apps.recording_file import RecordingFile, is_recording, recording_of
from bodychan.cameras.recording.camera import RecordingCamera
from bodychan.errors import OutputError
from recordings import calibration, make_capture, numbers
from scripted import ScriptedCamera


def camera() -> ScriptedCamera:
    return ScriptedCamera(calibration(), [])


def test_a_target_may_say_how_long_the_queue_is(tmp_path: Path) -> None:
    assert [is_recording(target) for target in ("a.mkv", "a.MKV?queue=5", "a.csv?empty=nan")] == [1, 1, 0]
    file = recording_of(f"{tmp_path}/take.mkv?queue=0.1", camera())
    assert file.path == tmp_path / "take.mkv"
    file.keep()


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("take.mkv?queue=0", "a queue of 0 s holds nothing"),
        ("take.mkv?queue=nan", "a queue of nan s holds nothing"),
        ("take.mkv?queue=inf", "a queue of inf s holds nothing"),
        ("take.mkv?queue=long", "the option queue is a number of seconds, not 'long'"),
        ("take.mkv?que=1", "has no option 'que': there is queue, in seconds"),
    ],
)
def test_a_queue_that_is_none_is_named(target: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=message):
        recording_of(f"{tmp_path}/{target}", camera())
    assert list(tmp_path.iterdir()) == []


def test_the_queue_is_bounded_by_time_and_by_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    capture = make_capture(1)
    size = recording_file._bytes_of(capture)
    assert size > 2 * 2 * 320 * 288
    for seconds, memory, fit in ((0.1, 1 << 30, 3), (2.0, 5 * size, 5), (2.0, 1, 1)):
        monkeypatch.setattr(recording_file, "_QUEUE_BYTES", memory)
        file = RecordingFile(tmp_path / "take.mkv", camera(), queue=seconds)
        waiting = file.courier(lambda _capture: None)
        waiting._run = lambda: None  # type: ignore[method-assign] # nobody hands on
        assert [waiting.put(capture) for _ in range(fit + 2)] == [True] * fit + [False] * 2
        file.keep()


def test_a_late_capture_is_put_right_or_left_out_and_counted(tmp_path: Path) -> None:
    late: list[Capture] = [make_capture(n) for n in (1, 2, 4, 3, 5, 6, 7, 8)]
    with RecordingFile(tmp_path / "take.mkv", camera()) as file:
        for capture in late:
            file.write(capture)
        file.write(replace(make_capture(2), imu=()))
        assert (file.captures, file.dropped) == (8, 0)
    assert file.warnings == (
        f"{tmp_path / 'take.partial.mkv'}: capture 2 came when 8 had been written; it is left out",
    )
    with RecordingCamera(tmp_path / "take.mkv") as recorded:
        assert numbers(recorded) == list(range(1, 9))
        assert recorded.warnings == []
