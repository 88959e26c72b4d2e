from dataclasses import replace

import numpy as np
import pytest

from bodychan import Calibration
from bodychan.cameras.synthetic.camera import SyntheticCamera
from bodychan.model.arrays import F64
from bodychan.model.skeleton import Confidence
from bodychan.tracking.blazepose.view import view
from bodychan.tracking.builtin.fit.body import Body, carry, delivered
from bodychan.tracking.builtin.observe.candidate import Sight
from bodychan.tracking.builtin.trace import Trace
from bodychan.tracking.builtin.tracker import BuiltinTracker

pytestmark = pytest.mark.usefixtures("model_files")

STILL = np.zeros(3)


@pytest.fixture(scope="module")
def traces() -> list[Trace]:
    """What the tracker makes of somebody who stands and breathes for 0.3 s."""
    with SyntheticCamera("synthetic:still") as camera, BuiltinTracker(camera.calibration) as tracker:
        captures = [camera.read() for _ in range(10)]
        return [tracker.explain(capture) for capture in captures if capture is not None]


@pytest.fixture(scope="module")
def calibration() -> Calibration:
    return SyntheticCamera("synthetic:still").calibration


@pytest.fixture
def body(traces: list[Trace]) -> Body:
    (person,) = traces[-2].people.values()
    return person.body


def sight(trace: Trace, calibration: Calibration, seconds: float | None = None) -> Sight:
    seen = view(trace.capture)
    assert seen is not None
    assert trace.capture.depth is not None
    when = trace.capture.device_usec / 1e6 if seconds is None else seconds
    return Sight(seen, trace.capture.depth, calibration, when)


def off(one: F64, other: F64) -> float:
    return float(np.linalg.norm(one - other, axis=-1).max())


def test_a_body_remembers_since_when_and_until_when_it_was_found(traces: list[Trace], body: Body) -> None:
    assert body.began == pytest.approx(traces[0].capture.device_usec / 1e6)
    assert body.found == body.seconds == pytest.approx(traces[-2].capture.device_usec / 1e6)


def test_a_body_that_is_not_found_is_carried_on_where_its_skin_is(
    traces: list[Trace], body: Body, calibration: Calibration
) -> None:
    carried = carry(body, STILL, sight(traces[-1], calibration))
    assert carried is not None
    assert off(carried.pose.positions, body.pose.positions) < 80
    assert (carried.pose.confidence <= Confidence.LOW).all()
    assert carried.found == body.found
    assert carried.seconds > body.seconds


def test_it_is_carried_no_longer_than_it_had_been_found(
    traces: list[Trace], body: Body, calibration: Calibration
) -> None:
    known_for = body.found - body.began
    assert carry(body, STILL, sight(traces[-1], calibration, body.found + known_for - 0.01)) is not None
    assert carry(body, STILL, sight(traces[-1], calibration, body.found + known_for + 0.01)) is None
    new = replace(body, began=body.found)
    assert carry(new, STILL, sight(traces[-1], calibration)) is None
    old = replace(body, began=body.found - 100.0)
    assert carry(old, STILL, sight(traces[-1], calibration, body.found + 0.39)) is not None
    assert carry(old, STILL, sight(traces[-1], calibration, body.found + 0.41)) is None


def test_where_none_of_its_skin_is_seen_it_is_not(
    traces: list[Trace], body: Body, calibration: Calibration
) -> None:
    nothing = replace(sight(traces[-1], calibration), depth=np.zeros((576, 640), np.uint16))
    assert carry(body, STILL, nothing) is None
    assert carry(body, np.array([900.0, 0.0, 0.0]), sight(traces[-1], calibration)) is None


def test_bodies_are_delivered_by_their_ids(traces: list[Trace], body: Body) -> None:
    bodies = delivered(traces[-1].capture, {7: body, 9: body})
    assert bodies.ids.tolist() == [7, 9]
    assert np.array_equal(bodies.positions[0], body.pose.positions)
    assert len(delivered(traces[-1].capture, {})) == 0
