import os
from collections.abc import Iterator, Sequence

import numpy as np
import pytest

from bodychan import Calibration, Capture
from bodychan.cameras.registry import open_camera
from bodychan.errors import CameraError, TrackerError
from bodychan.tracking.apart import ApartTracker
from bodychan.tracking.base import TrackerSettings
from bodychan.tracking.registry import open_tracker
from moody import closed, moody
from recordings import calibration


@pytest.fixture
def tracker() -> Iterator[ApartTracker]:
    with ApartTracker(moody, calibration(), TrackerSettings()) as opened:
        yield opened


def captures(numbers: Sequence[int]) -> list[Capture]:
    return [Capture(number, depth_usec=1000 * number) for number in numbers]


def test_bodies_are_those_that_the_tracker_gives_here() -> None:
    with open_camera("synthetic:two?seconds=0.2&fps=15") as camera:
        shown = list(camera)
        with open_tracker(camera.calibration) as here:
            ours = list(here.track_each(shown))
        with open_tracker(camera.calibration, own_process=True) as apart:
            assert isinstance(apart, ApartTracker)
            theirs = list(apart.track_each(shown))
    assert len(ours) == len(theirs) == 3
    for (capture, one), (same, other) in zip(ours, theirs, strict=True):
        assert capture is same
        for name in ("ids", "positions", "orientations", "confidence"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


def test_an_error_costs_its_capture_and_the_rest_comes_in_order(tracker: ApartTracker) -> None:
    shown = captures(range(1, 8))
    given: list[int] = []
    left = list(shown)
    with pytest.raises(RuntimeError, match="ValueError: a three"):
        for capture, bodies in tracker.track_each(shown):
            assert left.pop(0) is capture
            given += bodies.ids.tolist()
    left.pop(0)
    for _, bodies in tracker.track_each(left):
        given += bodies.ids.tolist()
    assert given == [1, 2, 4, 5, 6, 7]


def test_what_was_read_before_an_error_is_still_given(tracker: ApartTracker) -> None:
    def damaged() -> Iterator[Capture]:
        yield from captures([1, 2])
        raise CameraError("damaged")

    given: list[int] = []
    with pytest.raises(CameraError, match="damaged"):
        for _, bodies in tracker.track_each(damaged()):
            given += bodies.ids.tolist()
    assert given == [1, 2]


def test_a_run_that_was_left_does_not_disturb_the_next_capture(tracker: ApartTracker) -> None:
    next(iter(tracker.track_each(captures([1, 2, 4, 5]))))
    assert tracker.track(captures([9])[0]).ids.tolist() == [9]


def test_a_tracker_that_stops_and_a_process_that_dies_are_told(tracker: ApartTracker) -> None:
    with pytest.raises(TrackerError, match="it has stopped"):
        tracker.track(captures([13])[0])
    with pytest.raises(TrackerError, match="the process that tracked this camera was ended by SIGKILL"):
        tracker.track(captures([23])[0])
    with pytest.raises(TrackerError, match="was ended by SIGKILL"):
        tracker.track(captures([1])[0])
    tracker.close()


def test_in_real_time_it_is_open_at_once_or_not_at_all() -> None:
    settings = TrackerSettings(wait=False)
    with pytest.raises(TrackerError, match="the tracker cannot be opened: no such model"):
        ApartTracker(closed, calibration(), settings)
    with ApartTracker(moody, calibration(), settings) as tracker:
        assert tracker._opened
        assert tracker.track(captures([7])[0]).ids.tolist() == [7]


def test_what_keeps_it_from_being_opened_is_told_with_the_first_capture() -> None:
    with (
        ApartTracker(closed, calibration(), TrackerSettings()) as tracker,
        pytest.raises(TrackerError, match="the tracker cannot be opened: no such model"),
    ):
        tracker.track(captures([1])[0])


def test_closing_ends_the_process(tracker: ApartTracker) -> None:
    assert tracker.track(captures([1])[0]).ids.tolist() == [1]
    pid = tracker._process.pid
    assert pid is not None
    tracker.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_other_kinds_stay_here(monkeypatch: pytest.MonkeyPatch) -> None:
    from bodychan.tracking import registry

    monkeypatch.setattr(registry.TRACKERS, "maker", lambda _kind: moody)
    own: Calibration = calibration()
    assert not isinstance(open_tracker(own, "mine", own_process=True), ApartTracker)
