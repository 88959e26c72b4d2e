import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bodychan import Calibration, Playback
from bodychan.errors import CameraError, ParameterError
from bodychan.operators.kinect.playback import Part
from scripted import PERIOD_USEC, ScriptedCamera, scripted_captures


def part(calibration: Calibration, playback: Playback | None = None, count: int = 10) -> Part:
    return Part(ScriptedCamera(calibration, scripted_captures(count)), playback or Playback())


def read(part: Part, count: int) -> list[int]:
    found = (part.read() for _ in range(count))
    return [due.capture.index for due in found if due is not None]


@pytest.mark.parametrize(
    "values",
    [
        {"start": -1},
        {"start": math.inf},
        {"start": math.nan},
        {"start": 1e300},
        {"duration": 0},
        {"duration": math.nan},
        {"duration": 1e300},
        {"speed": 0},
        {"speed": math.nan},
        {"speed": math.inf},
    ],
)
def test_times_that_no_recording_has_are_refused_in_one_line(values: dict[str, float]) -> None:
    (name,) = values
    with pytest.raises(ParameterError, match=f"^{name} is .*: give [^\n]*$"):
        Playback(**values)  # type: ignore[arg-type]


@given(st.floats(0, 1e8), st.floats(min_value=0, max_value=1e8, exclude_min=True))
def test_every_other_time_is_taken(start: float, duration: float) -> None:
    playback = Playback(start, duration)
    assert (playback.start, playback.duration) == (start, duration)


def test_captures_come_in_order_each_with_its_time(calibration: Calibration) -> None:
    playing = part(calibration, Playback(speed=2))
    found = [due for due in (playing.read() for _ in range(11)) if due is not None]
    assert [due.capture.index for due in found] == list(range(1, 11))
    assert [due.played_usec for due in found] == [PERIOD_USEC * i for i in range(10)]
    assert found[3].seconds == pytest.approx(3 * PERIOD_USEC / 1e6 / 2)


def test_a_part_that_loops_goes_on_in_time_where_it_ended(calibration: Calibration) -> None:
    playing = part(calibration, Playback(start=0.1, duration=0.1, loop=True))
    found = [playing.read() for _ in range(8)]
    assert [due.capture.index for due in found if due] == [4, 5, 6, 4, 5, 6, 4, 5]
    assert [due.played_usec for due in found if due] == [PERIOD_USEC * i for i in range(8)]


def test_a_jump_gives_what_is_current_there_and_what_follows(calibration: Calibration) -> None:
    playing = part(calibration)
    read(playing, 9)
    playing.go_to(0.1)
    assert read(playing, 2) == [4, 5]


def test_a_camera_that_cannot_seek_goes_on_after_a_jump(calibration: Calibration) -> None:
    playing = part(calibration)
    playing.camera.seekable = False
    read(playing, 4)
    playing.go_to(0.0)
    assert playing.skip_to(10**9) == 0
    assert read(playing, 2) == [5, 6]


def test_skipping_leaves_out_what_is_late_and_says_how_many(calibration: Calibration) -> None:
    playing = part(calibration)
    assert read(playing, 2) == [1, 2]
    assert playing.skip_to(2 * PERIOD_USEC) == 0  # the next one is due
    assert playing.skip_to(6 * PERIOD_USEC) == 4
    assert read(playing, 1) == [7]


@given(st.integers(3, 10**9), st.booleans())
def test_the_last_capture_is_never_skipped(calibration: Calibration, periods: int, shorter: bool) -> None:
    playing = part(calibration, Playback(duration=0.2 if shorter else None))
    read(playing, 1)
    skipped = playing.skip_to(periods * PERIOD_USEC)
    last = 6 if shorter else 10
    assert skipped == min(periods, last - 1) - 1
    assert read(playing, 20)[-1] == last


def test_a_part_without_captures_is_refused(calibration: Calibration) -> None:
    with pytest.raises(CameraError, match="scripted has no capture at 9 s: start earlier"):
        part(calibration, Playback(start=9))
