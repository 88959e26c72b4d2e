"""How captures come to the TOP: live, when they are due, or read ahead by a thread."""

import threading
from collections.abc import Iterator

import pytest

from bodychan import Calibration, Capture, Playback
from bodychan.errors import CameraError
from bodychan.operators.kinect.playback import Part
from bodychan.operators.kinect.sources import LiveSource, Played, ReadAhead, open_source
from scripted import PERIOD_USEC, LiveScripted, ScriptedCamera, scripted_captures
from standins import until

PERIOD = PERIOD_USEC / 1e6


class HeldCamera(ScriptedCamera):
    """Reads a capture only when the test lets it."""

    def __init__(self, calibration: Calibration, count: int) -> None:
        super().__init__(calibration, scripted_captures(count))
        self.go = threading.Semaphore(1)  # the first is read when it is opened
        self.waiting = False

    def _read(self) -> Capture | None:
        self.waiting = True
        assert self.go.acquire(timeout=20)
        self.waiting = False
        return super()._read()


@pytest.fixture
def held(calibration: Calibration) -> Iterator[HeldCamera]:
    camera = HeldCamera(calibration, 100)
    yield camera
    camera.go.release(1000)


def arrived(source: ReadAhead, seconds: float) -> list[int]:
    found: list[int] = []

    def came() -> bool:
        found.extend(due.capture.index for due in source.due(seconds))
        return bool(found)

    until(came, "a capture")
    return found


def test_each_kind_of_camera_has_its_source(calibration: Calibration) -> None:
    camera = ScriptedCamera(calibration, scripted_captures(3))
    live = LiveScripted(calibration, scripted_captures(3))
    assert isinstance(open_source(camera, Playback(), realtime=False), Played)
    assert isinstance(open_source(live, Playback(), realtime=True), LiveSource)
    with open_source(camera, Playback(), realtime=True) as source:
        assert isinstance(source, ReadAhead)


def test_offline_every_capture_comes_when_it_is_due(calibration: Calibration) -> None:
    source = Played(Part(ScriptedCamera(calibration, scripted_captures(5)), Playback()))
    assert [due.capture.index for due in source.due(2.5 * PERIOD)] == [1, 2, 3]
    assert source.upcoming is not None
    assert source.upcoming.capture.index == 4
    assert [due.capture.index for due in source.due(9.0)] == [4, 5]
    assert source.ended
    source.go_to(PERIOD)
    assert not source.ended


def test_offline_captures_before_a_damaged_one_come_first(calibration: Calibration) -> None:
    captures: list[Capture | Exception] = [*scripted_captures(2), CameraError("damaged")]
    source = Played(Part(ScriptedCamera(calibration, captures), Playback()))
    assert [due.capture.index for due in source.due(0.0)] == [1]
    seen: list[int] = []
    with pytest.raises(CameraError, match="damaged"):
        seen.extend(due.capture.index for due in source.due(9.0))
    assert seen == [2]
    assert not source.ended


def test_capture_by_capture_those_before_a_damaged_one_come_first(calibration: Calibration) -> None:
    captures: list[Capture | Exception] = [*scripted_captures(2), CameraError("damaged")]
    seen: list[int] = []
    with pytest.raises(CameraError, match="damaged"):
        source = Played(Part(ScriptedCamera(calibration, captures), Playback()))
        seen.extend(capture.index for capture in source.each())
    assert seen == [1, 2]


def test_in_real_time_nobody_waits_for_a_slow_camera(held: HeldCamera) -> None:
    with ReadAhead(Part(held, Playback())) as source:
        assert [due.capture.index for due in source.due(0.0)] == [1]
        until(lambda: held.waiting, "the thread")
        for frame in range(1, 4):
            assert source.due(frame * PERIOD) == []
        held.go.release()
        assert arrived(source, 3 * PERIOD) == [2]
        held.go.release(1000)


def test_in_real_time_some_captures_are_read_ahead(held: HeldCamera) -> None:
    held.go.release(1000)
    with ReadAhead(Part(held, Playback())) as source:
        until(lambda: held._at == 4, "four captures")
        assert [due.capture.index for due in source.due(2 * PERIOD)] == [1, 2, 3]
        assert source.upcoming is not None
        assert source.upcoming.capture.index == 4
        until(lambda: held._at == 7, "three more")
    assert source.dropped == 0


def test_in_real_time_what_is_late_is_skipped_and_counted(held: HeldCamera) -> None:
    with ReadAhead(Part(held, Playback())) as source:
        source.due(0.0)
        until(lambda: held.waiting, "the thread")
        source.due(10 * PERIOD)  # capture 11 is due while 2 is still being read, which took ten periods
        held.go.release()
        assert arrived(source, 10 * PERIOD) == [2]
        until(lambda: held.waiting, "the thread")
        held.go.release()
        # The next one will take as long, so that 21 is the one that will be due then.
        assert arrived(source, 20 * PERIOD) == [21]
        assert source.dropped == 18
        held.go.release(1000)


def test_what_is_recorded_comes_late_but_whole(held: HeldCamera) -> None:
    with ReadAhead(Part(held, Playback())) as source:
        source.keep_all = True
        source.due(0.0)
        until(lambda: held.waiting, "the thread")
        source.due(10 * PERIOD)
        held.go.release(1000)
        seen: list[int] = []
        while len(seen) < 10:
            seen += arrived(source, 10 * PERIOD)
        assert seen == list(range(2, 12))
        assert source.dropped == 0


def test_a_jump_throws_away_what_was_read_ahead(held: HeldCamera) -> None:
    held.go.release(1000)
    with ReadAhead(Part(held, Playback())) as source:
        until(lambda: held._at == 4, "four captures")
        source.go_to(50 * PERIOD)
        assert arrived(source, 50 * PERIOD)[0] == 50
        source.go_to(PERIOD)
        assert arrived(source, PERIOD)[0] == 1


def test_the_end_comes_after_the_last_capture_and_a_jump_takes_it_back(calibration: Calibration) -> None:
    with ReadAhead(Part(ScriptedCamera(calibration, scripted_captures(3)), Playback())) as source:
        seen: list[int] = []

        def ended() -> bool:
            seen.extend(due.capture.index for due in source.due(9.0))
            return source.ended

        until(ended, "the end")
        assert seen[-1] == 3
        source.go_to(0.0)
        assert not source.ended
        assert arrived(source, 0.0) == [1]


def test_what_went_wrong_comes_once_after_the_captures_before_it(calibration: Calibration) -> None:
    captures: list[Capture | Exception] = [*scripted_captures(3), CameraError("damaged")]
    with ReadAhead(Part(ScriptedCamera(calibration, captures), Playback())) as source:
        seen: list[int] = []

        def failed() -> bool:
            try:
                seen.extend(due.capture.index for due in source.due(0.1))
            except CameraError:
                return True
            return False

        until(failed, "the error")
        assert seen == [1, 2, 3]
        assert source.due(9.0) == []


def test_capture_by_capture_nothing_is_skipped(calibration: Calibration) -> None:
    with ReadAhead(Part(ScriptedCamera(calibration, scripted_captures(50)), Playback())) as source:
        assert [capture.index for capture in source.each()] == list(range(1, 51))
        assert source.dropped == 0


def test_closing_ends_the_thread(held: HeldCamera) -> None:
    before = threading.active_count()
    source = ReadAhead(Part(held, Playback()))
    until(lambda: held.waiting, "the thread")
    held.go.release(1000)
    source.close()
    source.close()
    assert threading.active_count() == before


def test_a_live_camera_gives_its_newest_capture_once(calibration: Calibration) -> None:
    camera = LiveScripted(calibration, scripted_captures(3))
    source = LiveSource(camera)
    camera.pushed = 2
    assert [due.capture.index for due in source.due(1.0)] == [2]
    assert list(source.due(2.0)) == []
    assert source.dropped == 1
    assert not source.ended
