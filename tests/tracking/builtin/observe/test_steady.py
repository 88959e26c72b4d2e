import numpy as np

from bodychan.model.arrays import F64
from bodychan.model.skeleton import JOINT_COUNT
from bodychan.tracking.builtin.observe.steady import FORGOTTEN_SECONDS, Motion, steadied

SIGMA = np.full(JOINT_COUNT, 15.0)


def through(joints: F64, sigma: F64 = SIGMA, step: float = 1 / 30) -> list[Motion]:
    motion: Motion | None = None
    out = []
    for k, sample in enumerate(joints):
        motion = steadied(sample, sigma, 1 + k * step, motion)
        out.append(motion)
    return out


def test_who_stands_still_hardly_jitters() -> None:
    noise = np.random.default_rng(1).normal(0, 4, (150, JOINT_COUNT, 3))
    levels = np.array([m.level for m in through(noise)])[60:]
    assert np.diff(levels, axis=0).std() < 0.5 * np.diff(noise, axis=0).std()


def test_who_moves_is_hardly_late() -> None:
    way = np.arange(60)[:, None, None] * np.array([50.0, 0.0, 0.0]) + np.zeros((60, JOINT_COUNT, 3))
    last = through(way)[-1]
    assert np.abs(way[-1] - last.level).max() < 0.5 * 50.0
    assert np.allclose(last.speed[:, 0], 1500, rtol=0.02)


def test_hidden_joints_are_steadied_more() -> None:
    noise = np.random.default_rng(2).normal(0, 4, (150, JOINT_COUNT, 3))
    seen, hidden = (
        np.diff([m.level for m in through(noise, sigma)], axis=0).std() for sigma in (SIGMA, SIGMA * 8)
    )
    assert hidden < 0.7 * seen


def test_after_a_gap_or_when_time_runs_back_nothing_is_known() -> None:
    first = steadied(np.zeros((JOINT_COUNT, 3)), SIGMA, 1.0, None)
    for seconds in (1.0 + FORGOTTEN_SECONDS + 0.1, 0.5):
        later = steadied(np.full((JOINT_COUNT, 3), 100.0), SIGMA, seconds, first)
        assert (later.level == 100.0).all()
        assert not later.speed.any()
