import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bodychan.channels.filters import Filter, Filtered, Holt, OneEuro, lag_seconds, smooth
from bodychan.channels.players import Slots
from bodychan.model.arrays import F64
from bodychan.model.rotations import (
    quaternion_product,
    quaternion_to_matrix,
    quaternion_to_vector,
    vector_to_quaternion,
)
from bodychan.model.skeleton import PARENTS
from rows import compact
from scripted import standing

FILTERS: tuple[Filter, ...] = (OneEuro(), Holt())
START = compact(standing([1]), 1)


def slots(seconds: float, metres: float = 0.0, turn: F64 | None = None, body: int = 1) -> Slots:
    """One body that has moved along x, with every joint turned by a rotation vector."""
    orientations = START.orientations
    if turn is not None:
        orientations = quaternion_product(vector_to_quaternion(turn), orientations)
    return replace(
        START,
        device_usec=round(seconds * 1e6),
        ids=np.array([body]),
        positions=START.positions + np.array([1000.0 * metres, 0.0, 0.0]),
        orientations=orientations,
    )


def through(chosen: Filter, run: Sequence[Slots]) -> Iterator[tuple[Slots, Filtered]]:
    memory: Filtered | None = None
    for sample in run:
        done, memory = smooth(chosen, sample, memory)
        yield done, memory


def moved(done: Slots) -> float:
    """How far the root has moved; the other joints hang on it."""
    return float((done.positions - START.positions)[0, 0, 0] / 1000)


def bones(slots: Slots) -> F64:
    """Each joint in its parent's frame, mm."""
    frames, parents = quaternion_to_matrix(slots.orientations[0]), np.array(PARENTS[1:])
    off = slots.positions[0, 1:] - slots.positions[0, parents]
    return np.asarray(np.einsum("jba,jb->ja", frames[parents], off))


def turned(done: Slots) -> F64:
    back = START.orientations * (1, -1, -1, -1)
    return np.asarray(quaternion_to_vector(quaternion_product(done.orientations, back))[0, 5])


intervals = st.lists(st.floats(0.005, 0.1), min_size=5, max_size=20)
euro = st.builds(OneEuro, st.floats(0.01, 20), st.floats(0, 50), st.floats(0.1, 10))
holt = st.builds(
    Holt, st.floats(0, 0.99), st.floats(0, 1), st.floats(0, 5), st.floats(0, 0.2), st.floats(0, 0.2)
)


@settings(max_examples=50)
@given(st.one_of(euro, holt), intervals)
def test_what_does_not_move_comes_out_as_it_went_in(chosen: Filter, steps: list[float]) -> None:
    run = [slots(t, 0.7, np.array([0.4, -1.0, 2.0])) for t in np.cumsum(steps)]
    for done, _ in through(chosen, run):
        assert np.allclose(done.positions, run[0].positions, atol=1e-6)
        assert np.allclose(np.abs((done.orientations * run[0].orientations).sum(-1)), 1, atol=1e-9)


@settings(max_examples=50)
@given(st.one_of(euro, holt), intervals, st.integers(0, 99))
def test_rotations_stay_rotations_and_are_right_whatever_the_quaternions_sign(
    chosen: Filter, steps: list[float], seed: int
) -> None:
    rng = np.random.default_rng(seed)
    run = [slots(t, 0.0, rng.normal(size=3)) for t in np.cumsum(steps)]
    flipped = [replace(s, orientations=s.orientations * rng.choice([-1.0, 1.0], (1, 32, 1))) for s in run]
    for (a, _), (b, _) in zip(through(chosen, run), through(chosen, flipped), strict=True):
        assert np.allclose(np.linalg.norm(a.orientations, axis=-1), 1)
        assert np.allclose(np.abs((a.orientations * b.orientations).sum(-1)), 1, atol=1e-6)


@pytest.mark.parametrize("chosen", FILTERS)
def test_a_step_is_reached_in_the_end(chosen: Filter) -> None:
    run = [
        slots(t / 30, 0.0 if t < 5 else 0.03, np.array([0.0, 0.0 if t < 5 else 0.1, 0.0])) for t in range(120)
    ]
    found = [done for done, _ in through(chosen, run)]
    assert moved(found[4]) == 0
    assert 0 < moved(found[5]) < 0.03
    assert moved(found[-1]) == pytest.approx(0.03, abs=0.001)
    assert turned(found[-1])[1] == pytest.approx(0.1, abs=0.004)


def test_one_euro_without_beta_is_the_low_pass_of_its_cutoff() -> None:
    run = [slots(t / 30, 0.0 if t == 0 else 1.0) for t in range(31)]
    found = [moved(done) for done, _ in through(OneEuro(2.0, 0.0), run)]
    expected = [1 - math.exp(-2 * math.pi * 2.0 * t / 30) for t in range(31)]
    # Device time is whole microseconds, so that frames are 1/30 s to within 1e-5.
    assert found == pytest.approx(expected, abs=1e-5)


def test_holt_without_jitter_radius_is_double_exponential_smoothing_as_in_the_books() -> None:
    rng = np.random.default_rng(5)
    samples = np.cumsum(rng.normal(0, 0.02, 40))
    level, trend, expected = float(samples[0]), 0.0, []
    for x in samples:
        last, level = level, float(0.4 * x + 0.6 * (level + trend))
        trend = 0.3 * (level - last) + 0.7 * trend
        expected.append(level + 0.5 * trend)
    run = [slots(t / 30, x) for t, x in enumerate(samples)]
    found = [moved(done) for done, _ in through(Holt(0.6, 0.3, 0.5, 0.0, 9.0), run)]
    assert found == pytest.approx(expected, abs=1e-5)


def wave(seconds: float) -> float:
    return 0.4 * math.sin(2 * math.pi * 0.4 * seconds)


@pytest.mark.parametrize(
    ("chosen", "share"),
    [
        (OneEuro(), 0.05),
        (OneEuro(2.0, 0.0), 0.05),
        (Holt(0.7, 0.3, 0.0, 0.0), 0.05),
        # A jitter radius looks at the way since the last frame, and that is shorter at a higher rate.
        (Holt(), 0.1),
    ],
)
def test_the_result_hardly_depends_on_the_frame_rate(chosen: Filter, share: float) -> None:
    found = {}
    for fps in (15, 30, 60):
        run = [slots(t / fps, wave(t / fps), np.array([0, wave(t / fps), 0])) for t in range(4 * fps + 1)]
        done = [d for d, _ in through(chosen, run)]
        found[fps] = np.array([[moved(d), turned(d)[1]] for d in done[:: fps // 15]])
    amplitude = 0.4
    assert np.abs(found[60] - found[30]).max() < share * amplitude
    assert np.abs(found[15] - found[30]).max() < 2 * share * amplitude


@pytest.mark.parametrize("fps", [15, 30, 60])
@pytest.mark.parametrize("speed", [0.1, 0.3, 1.0, 3.0])
@pytest.mark.parametrize(
    "chosen", [OneEuro(), OneEuro(0.5, 1.0), Holt(maxdeviation=1.0), Holt(0.7, 0.3, 0.0, 0.03, 1.0), Holt()]
)
def test_the_lag_that_is_told_is_the_lag_of_a_steady_motion(chosen: Filter, speed: float, fps: int) -> None:
    run = [slots(t / fps, speed * t / fps) for t in range(6 * fps)]
    done, memory = list(through(chosen, run))[-1]
    measured = (moved(run[-1]) - moved(done)) / speed
    assert lag_seconds(chosen, memory) == pytest.approx(measured, abs=0.0005)


def test_nobody_has_no_lag() -> None:
    nobody = replace(START, ids=np.zeros(1, np.int64))
    done, memory = smooth(OneEuro(), nobody, None)
    assert lag_seconds(OneEuro(), memory) == lag_seconds(Holt(), None) == 0
    assert np.array_equal(done.positions, nobody.positions)


@pytest.mark.parametrize("chosen", FILTERS)
@pytest.mark.parametrize(
    "last", [slots(0.1, 1.0, body=2), slots(0.7, 1.0), slots(-1.0, 1.0)], ids=["new id", "gap", "time back"]
)
def test_a_new_body_a_gap_and_time_that_runs_back_start_anew(chosen: Filter, last: Slots) -> None:
    run = [slots(0.0), slots(1 / 30, 0.1), last]
    found = [moved(done) for done, _ in through(chosen, run)]
    assert found[1] != pytest.approx(0.1)
    assert found[2] == pytest.approx(1.0)


@pytest.mark.parametrize("chosen", FILTERS)
def test_bodies_keep_their_pasts_when_they_change_places(chosen: Filter) -> None:
    rng = np.random.default_rng(1)
    both = [compact(standing([1, 2], t, t * 33_333), 2) for t in range(6)]
    both = [replace(s, positions=s.positions + 40 * rng.normal(size=s.positions.shape)) for s in both]

    def swapped(s: Slots) -> Slots:
        return replace(s, ids=s.ids[::-1], positions=s.positions[::-1], orientations=s.orientations[::-1])

    mixed = [swapped(s) if t % 2 else s for t, s in enumerate(both)]
    for t, ((a, _), (b, _)) in enumerate(zip(through(chosen, both), through(chosen, mixed), strict=True)):
        assert np.allclose(a.positions, (swapped(b) if t % 2 else b).positions)


@pytest.mark.parametrize("chosen", FILTERS)
def test_jitter_becomes_less(chosen: Filter) -> None:
    rng = np.random.default_rng(2)
    run = [slots(t / 30, rng.normal(0, 0.005), rng.normal(0, 0.02, 3)) for t in range(300)]
    done = [d for d, _ in through(chosen, run)][30:]
    assert np.std([moved(d) for d in done]) < 0.5 * 0.005
    assert np.std([turned(d) for d in done]) < 0.5 * 0.02


@pytest.mark.parametrize("chosen", FILTERS)
def test_a_body_stays_one_whatever_moves(chosen: Filter) -> None:
    rng = np.random.default_rng(4)
    run = [slots(t / 30, rng.normal(0, 0.2), rng.normal(0, 0.5, 3)) for t in range(30)]
    for sample, (done, _) in zip(run, through(chosen, run), strict=True):
        assert np.abs(bones(done) - bones(sample)).max() < 1e-6


def test_holts_result_is_never_farther_away_than_allowed() -> None:
    rng = np.random.default_rng(3)
    run = [slots(t / 30, rng.normal(0, 0.5)) for t in range(100)]
    for sample, (done, _) in zip(run, through(Holt(0.9, 0.1, 3.0), run), strict=True):
        assert abs(moved(sample) - moved(done)) <= 0.04 + 1e-9


@pytest.mark.parametrize("chosen", [*FILTERS, OneEuro(9.0, 0.0)])
def test_a_number_without_measure_passes_and_leaves_nothing_behind(chosen: Filter) -> None:
    run = [slots(0.0), slots(1 / 30, 1e200), *(slots(t / 30) for t in range(2, 30)), slots(1.0, 0.02)]
    done = [d for d, _ in through(chosen, run)]
    assert all(np.isfinite(d.positions).all() for d in done)
    assert moved(done[-2]) == pytest.approx(0, abs=1e-6)
    assert moved(done[-1]) < 0.019
