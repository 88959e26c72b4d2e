"""Each contract checker catches who breaks the promise; what keeps it passes."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from bodychan import Bodies, Calibration, Capture, Tracker
from bodychan.cameras.base import Camera
from bodychan.testing import check_bodies, check_camera, check_hard_input, check_tracker
from scripted import LiveScripted, ScriptedCamera, ScriptedTracker, scripted_captures, standing

SIX = [1, 2, 3, 4, 5, 6]
CAPTURES = [replace(capture, depth=np.zeros((2, 2), np.uint16)) for capture in scripted_captures(4)]


def with_depth(calibration: Calibration, count: int) -> list[Capture]:
    lens = calibration.lenses["depth"]
    depth = np.zeros((lens.height, lens.width), np.uint16)
    return [replace(capture, depth=depth) for capture in scripted_captures(count)]


class Once(ScriptedCamera):
    """Gives other captures at each opening."""

    opened = 0

    def __init__(self, calibration: Calibration, captures: list[Capture]) -> None:
        Once.opened += 1
        super().__init__(calibration, [replace(c, index=c.index + Once.opened) for c in captures])


class Backwards(ScriptedCamera):
    def __init__(self, calibration: Calibration, captures: list[Capture]) -> None:
        super().__init__(calibration, captures[::-1])


class WrongCount(ScriptedCamera):
    def _count(self) -> int:
        return super()._count() + 1


class SeeksLate(ScriptedCamera):
    def _seek(self, device_usec: int) -> None:
        super()._seek(device_usec + 1)


class ReadsOn(ScriptedCamera):
    def _require_open(self) -> None:
        return


class OtherSize(ScriptedCamera):
    def __init__(self, calibration: Calibration, captures: list[Capture]) -> None:
        super().__init__(calibration, [replace(c, depth=np.zeros((3, 3), np.uint16)) for c in captures])


def test_a_camera_that_keeps_to_it_passes(calibration: Calibration) -> None:
    check_camera(lambda: ScriptedCamera(calibration, with_depth(calibration, 6)))


@pytest.mark.parametrize(
    ("kind", "broken"),
    [
        (Once, "is the same each time it is read"),
        (Backwards, "indices go up"),
        (WrongCount, "the number of captures"),
        (SeeksLate, "after seek"),
        (ReadsOn, "reading a closed camera"),
        (OtherSize, "the calibration says"),
    ],
)
def test_a_camera_that_breaks_a_promise_is_caught(
    calibration: Calibration, kind: Callable[..., Camera], broken: str
) -> None:
    with pytest.raises(AssertionError, match=broken):
        check_camera(lambda: kind(calibration, with_depth(calibration, 6)))


def test_a_live_camera_passes(calibration: Calibration) -> None:
    check_camera(lambda: LiveScripted(calibration, with_depth(calibration, 30)), captures=5)


class Repeats(LiveScripted):
    def _latest(self) -> Capture | None:
        return self._captures[self._given] if self._given > 3 else super()._latest()

    def _read(self) -> Capture | None:
        self._given += 1
        return self._captures[self._given - 1]


class SaysItSeeks(LiveScripted):
    seekable = True


@pytest.mark.parametrize(("kind", "broken"), [(Repeats, "no capture twice"), (SaysItSeeks, "cannot seek")])
def test_a_live_camera_that_breaks_a_promise_is_caught(
    calibration: Calibration, kind: Callable[..., Camera], broken: str
) -> None:
    with pytest.raises(AssertionError, match=broken):
        check_camera(lambda: kind(calibration, with_depth(calibration, 30)), captures=4)


def test_a_tracker_that_keeps_to_it_passes() -> None:
    check_tracker(lambda: ScriptedTracker(lambda c: SIX if c.depth is not None else []), CAPTURES)
    check_hard_input(lambda: ScriptedTracker(lambda _: SIX), CAPTURES)


class Moody(Tracker):
    """Gives another id at each opening."""

    made = 0

    def __init__(self) -> None:
        Moody.made += 1
        self._id = Moody.made

    def track(self, capture: Capture) -> Bodies:
        return standing([self._id], capture.index, capture.device_usec)


class Delayed(Tracker):
    def track(self, capture: Capture) -> Bodies:
        return standing([1], capture.index - 1, capture.device_usec)


def test_a_tracker_that_breaks_a_promise_is_caught() -> None:
    with pytest.raises(AssertionError, match="ids of capture 1 differ in a second run"):
        check_tracker(Moody, CAPTURES)
    with pytest.raises(AssertionError, match="frame is the capture's index"):
        check_tracker(Delayed, CAPTURES)
    with pytest.raises(AssertionError, match="a capture without images has no bodies"):
        check_tracker(lambda: ScriptedTracker(lambda _: [1]), CAPTURES)


class Shaken(Tracker):
    """Is another one after a capture without depth."""

    def __init__(self, after: list[int], offset_mm: float = 0.0) -> None:
        self._who, self._after = SIX, after
        self._offset, self._shift = 0.0, offset_mm

    def track(self, capture: Capture) -> Bodies:
        if capture.depth is None:
            self._who, self._offset = self._after, self._shift
        bodies = standing(self._who, capture.index, capture.device_usec)
        return replace(bodies, positions=bodies.positions + np.array([0.0, 0.0, self._offset]))


@pytest.mark.parametrize("after", [[1], SIX[:5], [], [*SIX, 7]])
def test_a_tracker_that_loses_or_invents_people_by_bad_captures_is_caught(after: list[int]) -> None:
    with pytest.raises(AssertionError, match=f"there were 6, there are {len(after)}"):
        check_hard_input(lambda: Shaken(after), CAPTURES)


def test_a_tracker_that_takes_people_for_others_by_bad_captures_is_caught() -> None:
    with pytest.raises(AssertionError, match="is 900 mm from where they are"):
        check_hard_input(lambda: Shaken(SIX, 900.0), CAPTURES)
    with pytest.raises(AssertionError, match="end with somebody in them"):
        check_hard_input(lambda: ScriptedTracker(lambda _: []), CAPTURES)


def test_a_tracker_that_fails_at_bad_captures_is_caught() -> None:
    def failing(capture: Capture) -> list[int]:
        if capture.depth is None:
            raise np.linalg.LinAlgError("singular")
        return SIX

    with pytest.raises(np.linalg.LinAlgError):
        check_hard_input(lambda: ScriptedTracker(failing), CAPTURES)


def good() -> Bodies:
    return standing([1, 2], 1, CAPTURES[0].device_usec)


@pytest.mark.parametrize(
    ("bodies", "broken"),
    [
        (lambda: replace(good(), frame=2), "frame is the capture's index"),
        (lambda: replace(good(), device_usec=5), "device_usec is the capture's"),
        (lambda: replace(good(), positions=good().positions * (1, 1, -1)), "where no camera sees"),
        (lambda: replace(good(), positions=good().positions * (9, 9, 9)), "from the pelvis"),
    ],
)
def test_bodies_that_are_none_are_caught(bodies: Callable[[], Bodies], broken: str) -> None:
    check_bodies(CAPTURES[0], good())
    with pytest.raises(AssertionError, match=broken):
        check_bodies(CAPTURES[0], bodies())
