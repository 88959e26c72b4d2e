"""Whatever a tracker raises or gives costs that capture, and the run goes on."""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pytest

from bodychan import Bodies, Calibration, Capture, KinectAzureCHOP, KinectAzureTOP, Project, Tracker
from bodychan.errors import CameraError, TrackerError
from bodychan.operators.kinect.tables import TopTable
from bodychan.operators.kinect.trackers import Tracking
from bodychan.tracking.k4abt.claims import HardwareClaims
from scripted import LiveScripted, ScriptedCamera, install, scripted_captures, standing
from standins import until

CAPTURES = scripted_captures(6)


class Faulty(Tracker):
    """Does at some captures what it is told to: raises, or gives what is no `Bodies`."""

    def __init__(self, faults: dict[int, object]) -> None:
        self._faults = faults
        self.closed = False

    def track(self, capture: Capture) -> Bodies:
        fault: Any = self._faults.get(capture.index)
        if isinstance(fault, Exception):
            raise fault
        return fault or standing([1], capture.index, capture.device_usec)

    def close(self) -> None:
        self.closed = True


class Pipelined(Faulty):
    """Takes captures ahead of those that it gives back."""

    def track_each(self, captures: Iterable[Capture]) -> Iterator[tuple[Capture, Bodies]]:
        source, failure = iter(captures), None
        waiting: list[Capture] = []
        while True:
            try:
                waiting.append(next(source))
            except StopIteration:
                break
            except Exception as error:
                failure = error
                break
            if len(waiting) > 1:
                yield waiting[0], self.track(waiting.pop(0))
        for capture in waiting:
            yield capture, self.track(capture)
        if failure is not None:
            raise failure


FAULTS = {2: np.linalg.LinAlgError("Singular matrix"), 3: [1, 2], 5: ValueError("no Bodies")}


def tracking(monkeypatch: pytest.MonkeyPatch, tracker: Tracker, calibration: Calibration) -> Tracking:
    install(monkeypatch, lambda: ScriptedCamera(calibration, CAPTURES), lambda: tracker)
    opened = Tracking("/project1/top", HardwareClaims())
    opened.open(TopTable("KinectAzureTOP"), calibration, wait=True)
    return opened


@pytest.mark.parametrize("kind", [Faulty, Pipelined])
def test_a_run_goes_on_with_nobody_where_tracking_failed(
    kind: type[Faulty], monkeypatch: pytest.MonkeyPatch, calibration: Calibration
) -> None:
    opened = tracking(monkeypatch, kind(FAULTS), calibration)
    found = list(opened.track_each(iter(CAPTURES)))
    assert [capture.index for capture, _ in found] == [1, 2, 3, 4, 5, 6]
    assert [len(bodies) for _, bodies in found if bodies is not None] == [1, 0, 0, 1, 0, 1]
    assert [bodies.frame for _, bodies in found if bodies is not None] == [1, 2, 3, 4, 5, 6]
    assert opened.errors == 3
    assert opened.warnings == [
        "/project1/top: the tracker failed at capture 5 (ValueError: no Bodies), so nobody is tracked in it; "
        "3 captures so far"
    ]


@pytest.mark.parametrize("kind", [Faulty, Pipelined])
@pytest.mark.parametrize("faults", [{}, {3: ValueError("at the last one")}])
def test_what_reading_raises_is_not_taken_for_the_trackers(
    kind: type[Faulty], faults: dict[int, object], monkeypatch: pytest.MonkeyPatch, calibration: Calibration
) -> None:
    def damaged() -> Iterator[Capture]:
        yield from CAPTURES[:3]
        raise CameraError("capture 4 is damaged")

    opened = tracking(monkeypatch, kind(faults), calibration)
    seen: list[int] = []
    with pytest.raises(CameraError, match="capture 4 is damaged"):
        seen.extend(capture.index for capture, _ in opened.track_each(damaged()))
    assert seen == [1, 2, 3]


def test_a_tracker_that_has_stopped_ends_the_run(
    monkeypatch: pytest.MonkeyPatch, calibration: Calibration
) -> None:
    opened = tracking(monkeypatch, Faulty({2: TrackerError("it has stopped: restart")}), calibration)
    with pytest.raises(TrackerError, match="it has stopped"):
        list(opened.track_each(iter(CAPTURES)))


def test_on_the_timeline_one_capture_is_lost_and_counted(
    monkeypatch: pytest.MonkeyPatch, calibration: Calibration
) -> None:
    install(monkeypatch, lambda: ScriptedCamera(calibration, CAPTURES), lambda: Faulty(FAULTS))
    project = Project(fps=30)
    top = project.create(KinectAzureTOP, "top", sensor="scripted")
    chop = project.create(KinectAzureCHOP, "bodies", top=top)
    ids = []
    for _ in range(6):
        project.step()
        ids.append(float(chop["p1/id"]))
        assert (top.errors(), chop.errors()) == ("", "")
    assert ids == [1, 0, 0, 1, 0, 1]
    assert top.info()["bodytracking_errors"] == 3
    assert top.info()["image_errors"] == 0
    assert "failed at capture 5 (ValueError: no Bodies)" in top.warnings()


def test_in_real_time_the_run_goes_on_too(monkeypatch: pytest.MonkeyPatch, calibration: Calibration) -> None:
    camera = LiveScripted(calibration, CAPTURES)
    install(monkeypatch, lambda: camera, lambda: Faulty({2: np.linalg.LinAlgError("Singular matrix")}))
    with Project(fps=30, realtime=True) as project:
        top = project.create(KinectAzureTOP, "top", sensor="live:0")

        def cooked(reached: int) -> bool:
            top.cook(force=True)
            assert top.errors() == ""
            return (top.bodies.frame if top.bodies else 0) + int(top.info()["bodytracking_errors"]) == reached

        for camera.pushed, reached in ((1, 1), (2, 2), (3, 4)):
            until(lambda reached=reached: cooked(reached), "the tracker")  # type: ignore[misc]
        assert "(LinAlgError: Singular matrix)" in top.warnings()


@pytest.mark.parametrize(
    "error", [RuntimeError("no such thing"), TrackerError("it has stopped"), KeyError("x")]
)
def test_a_cook_raises_nothing_whatever_tracker_and_camera_raise(
    monkeypatch: pytest.MonkeyPatch, calibration: Calibration, error: Exception
) -> None:
    def refuse() -> Tracker:
        raise error

    def broken() -> ScriptedCamera:
        return ScriptedCamera(calibration, [CAPTURES[0], error])

    for camera, tracker in (
        (broken, lambda: Faulty({})),
        (lambda: ScriptedCamera(calibration, CAPTURES), refuse),
    ):
        install(monkeypatch, camera, tracker)
        project = Project(fps=30)
        top = project.create(KinectAzureTOP, "top", sensor="scripted")
        chop = project.create(KinectAzureCHOP, "bodies", top=top)
        for _ in range(3):
            project.step()
            chop.cook()
        assert str(error) in top.errors()
        assert str(error) in chop.errors()
        assert not chop.channels.samples.any()
        assert top.failure is not None
        assert error in (top.failure, top.failure.__cause__)


def test_an_error_that_stays_does_not_grow(monkeypatch: pytest.MonkeyPatch, calibration: Calibration) -> None:
    error = CameraError("damaged")
    install(monkeypatch, lambda: ScriptedCamera(calibration, [CAPTURES[0], error]), lambda: Faulty({}))
    project = Project(fps=30)
    top = project.create(KinectAzureTOP, "top", sensor="scripted")
    depths = []
    for _ in range(5):
        project.step()
        top.cook()
        trace, depth = error.__traceback__, 0
        while trace is not None:
            trace, depth = trace.tb_next, depth + 1
        depths.append(depth)
    assert len(set(depths)) == 1
