import threading
from collections.abc import Iterator

import pytest

from bodychan import Bodies, Capture
from bodychan.errors import TrackerError
from bodychan.tracking.background import BackgroundTracker
from bodychan.tracking.base import Tracker
from scripted import scripted_captures, standing
from standins import until

CAPTURES = scripted_captures(6)


class Held(Tracker):
    """Holds each capture until the test lets it go, and may fail."""

    def __init__(self) -> None:
        self.seen: list[int] = []
        self.go = threading.Semaphore(0)
        self.failure: Exception | None = None
        self.who = [1]
        self.closed = 0

    def track(self, capture: Capture) -> Bodies:
        self.seen.append(capture.index)
        assert self.go.acquire(timeout=20)
        if self.failure is not None:
            raise self.failure
        return standing(self.who, capture.index, capture.device_usec)

    @property
    def faults(self) -> int:
        return 3

    def close(self) -> None:
        self.closed += 1


@pytest.fixture
def held() -> Held:
    return Held()


@pytest.fixture
def live(held: Held) -> Iterator[BackgroundTracker]:
    with BackgroundTracker(held) as live:
        yield live
        held.go.release(10)


def test_it_gives_what_is_finished_and_tracks_the_newest_of_what_came_meanwhile(
    held: Held, live: BackgroundTracker
) -> None:
    assert len(live.track(CAPTURES[0])) == 0
    until(lambda: held.seen == [1], "the first")
    for capture in CAPTURES[1:4]:
        found = live.track(capture)
        assert (found.frame, len(found)) == (0, 0)
    assert live.dropped == 2
    held.go.release()
    until(lambda: held.seen == [1, 4], "the newest")
    found = live.track(CAPTURES[4])
    assert (found.frame, found.ids.tolist()) == (1, [1])
    assert live.faults == 3


def test_a_capture_in_which_nobody_is_counts_as_finished_too(held: Held, live: BackgroundTracker) -> None:
    held.who = []
    live.track(CAPTURES[0])
    until(lambda: held.seen == [1], "the first")
    held.go.release()
    until(lambda: live.track(CAPTURES[1]).frame == 1, "its bodies")
    assert len(live.track(CAPTURES[2])) == 0


def test_what_is_finished_is_given_once(held: Held, live: BackgroundTracker) -> None:
    busy = [live.busy]
    live.track(CAPTURES[0])
    busy.append(live.busy)
    assert busy == [False, True]
    assert live.finished() is None
    held.go.release()
    found: list[Bodies] = []

    def came() -> bool:
        bodies = live.finished()
        found.extend([bodies] if bodies is not None else [])
        return bool(found)

    until(came, "the bodies")
    assert found[0].frame == 1
    assert live.finished() is None
    assert not live.busy


def test_an_error_comes_once_and_tracking_goes_on_with_the_next_capture(
    held: Held, live: BackgroundTracker
) -> None:
    held.failure = TrackerError("out of order: replace it")
    for capture in CAPTURES[:3]:
        live.track(capture)
        assert live.busy
        held.go.release()
        until(lambda: live._failure is not None, "the error")
        with pytest.raises(TrackerError, match="out of order"):
            live.finished()
        assert live.finished() is None
        assert not live.busy
    held.failure = None
    live.track(CAPTURES[4])
    held.go.release()
    until(lambda: (found := live.finished()) is not None and found.frame == 5, "bodies again")
    assert not live.busy


def test_closing_waits_for_the_capture_and_closes_the_tracker(held: Held) -> None:
    before = threading.enumerate()
    live = BackgroundTracker(held)
    live.track(CAPTURES[0])
    until(lambda: held.seen == [1], "the first")
    live.track(CAPTURES[1])
    held.go.release()
    live.close()
    assert held.seen == [1]  # the one that was waiting is not begun any more
    assert held.closed == 1
    assert threading.enumerate() == before


def test_a_tracker_that_waits_has_nothing_in_the_background(held: Held) -> None:
    assert held.finished() is None
    assert not held.busy
