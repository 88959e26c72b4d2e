from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from bodychan.model.arrays import F64
from bodychan.tracking.blazepose.landmarks import Landmark
from bodychan.tracking.builtin.observe.complete import Completed
from bodychan.tracking.builtin.observe.steady import Motion, steady
from people import person

FRAME = 1 / 30


def run(captures: list[Completed], step: float = FRAME) -> list[Completed]:
    motion: Motion | None = None
    found = []
    for i, body in enumerate(captures):
        steadied, motion = steady(body, motion, 5.0 + i * step)
        found.append(steadied)
    return found


def moved(body: Completed, change: Callable[[F64], F64]) -> Completed:
    return replace(body, points=change(body.points))


def test_the_first_capture_is_taken_as_it_is() -> None:
    body = person().completed()
    assert run([body])[0] is body


def test_noise_on_somebody_still_is_averaged() -> None:
    rng = np.random.default_rng(3)
    body = person().completed()
    noisy = [moved(body, lambda p: p + rng.normal(0, 4, p.shape)) for _ in range(150)]
    found = np.array([b.points for b in run(noisy)])[30:]
    before, after = (
        np.median(np.abs(np.diff(x, 2, axis=0))) / 0.6745 / np.sqrt(6)
        for x in (np.array([b.points for b in noisy]), found)
    )
    assert before == pytest.approx(4, rel=0.1)
    assert after < 1.5
    assert np.abs(found.mean(0) - body.points).max() < 2


@pytest.mark.parametrize("speed", [150.0, 600.0, 2000.0])
def test_somebody_who_walks_is_followed_with_less_than_one_capture_of_delay(speed: float) -> None:
    body = person().completed()
    walk = [moved(body, lambda p, i=i: p + np.array([speed * FRAME * i, 0, 0])) for i in range(40)]  # type: ignore[misc]
    behind = np.array([b.points[:, 0] - a.points[:, 0] for a, b in zip(run(walk), walk, strict=True)])
    assert np.abs(behind[20:]).max() < speed * FRAME


def test_one_capture_at_another_depth_is_not_believed_and_several_are() -> None:
    body = person().completed()
    knee = Landmark.KNEE_LEFT
    far = body.points.copy()
    far[knee] *= 1.15
    jumped = replace(body, points=far)
    found = run([body] * 5 + [jumped] + [body] * 5)
    assert max(np.linalg.norm(b.points[knee] - body.points[knee]) for b in found) < 40
    found = run([body] * 5 + [jumped] * 8)
    assert np.linalg.norm(found[-1].points[knee] - far[knee]) < 40


def test_a_trunk_that_seems_to_leap_aside_in_one_capture_is_held_and_a_hand_is_not() -> None:
    body = person().completed()
    leaping = body.points.copy()
    leaping[[Landmark.SHOULDER_LEFT, Landmark.WRIST_RIGHT], 0] += 150.0
    found = run([body] * 5 + [replace(body, points=leaping)])[-1].points[:, 0] - body.points[:, 0]
    assert found[Landmark.SHOULDER_LEFT] < 50
    assert found[Landmark.WRIST_RIGHT] > 130
    found = run([body] * 5 + [replace(body, points=leaping)] * 8)[-1].points[:, 0] - body.points[:, 0]
    assert found[Landmark.SHOULDER_LEFT] > 130


def test_somebody_who_was_away_starts_anew() -> None:
    body = person().completed()
    other = moved(body, lambda p: p + np.array([300.0, 0.0, 0.0]))
    assert run([body, other], step=0.6)[1] is other


def test_times_that_stand_still_or_go_back_start_anew() -> None:
    body = person().completed()
    for step in (0.0, -1.0):
        assert run([body, body], step=step)[1] is body
