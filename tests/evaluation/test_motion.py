from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bodychan.evaluation.measures import Tracked, Truth, match
from bodychan.evaluation.motion import (
    bone_lengths,
    identity,
    jitter,
    lag_captures,
    lag_ms,
    smoothed,
    trade,
)
from bodychan.model.skeleton import Joint
from runs import STEP, pacing, perfect, standing, truth


def delayed(tracked: Tracked, captures: int) -> Tracked:
    rows = np.clip(np.arange(len(tracked.present)) - captures, 0, len(tracked.present) - 1)
    return replace(tracked, joints=tracked.joints[rows])


def swapped(tracked: Tracked, first: int) -> Tracked:
    """The two bodies exchange their ids from a capture on."""

    def exchange(values: np.ndarray) -> np.ndarray:
        out = values.copy()
        out[first:] = values[first:, ::-1]
        return out

    names = ("present", "joints", "orientations", "confidence")
    return replace(tracked, **{name: exchange(getattr(tracked, name)) for name in names})


@given(st.integers(-6, 6))
@settings(max_examples=13, deadline=None)
def test_a_shift_by_captures_is_the_lag(captures: int) -> None:
    true = truth([pacing(120), pacing(120, x=1200, period=33)])
    found = lag_ms([match("test", true, delayed(perfect(true), captures))])
    assert found == pytest.approx(captures * STEP * 1000, abs=5)


@given(st.floats(-4, 4))
def test_a_part_of_a_capture_is_found_too(shift: float) -> None:
    t = np.arange(200.0)[:, None]
    waves = [50 * np.sin((t - delay) / 9 + phase) for delay in (0, shift) for phase in (0.0, 1.3)]
    true, found = np.hstack(waves[:2]), np.hstack(waves[2:])
    assert lag_captures(true, found) == pytest.approx(shift, abs=0.05)


def test_gaps_and_leaps_do_not_change_the_lag() -> None:
    true = truth([pacing(150)])
    late = delayed(perfect(true), 2)
    late.present[40:50] = False
    late.joints[::9, :, Joint.WRIST_LEFT] += 400
    assert lag_ms([match("test", true, late)]) == pytest.approx(2 * STEP * 1000, abs=4)


def test_where_nobody_moves_there_is_no_lag() -> None:
    true = truth([standing(60)])
    tracked = perfect(true)
    tracked.joints[:] += np.random.default_rng(0).normal(0, 2, tracked.joints.shape)
    assert np.isnan(lag_ms([match("test", true, tracked)]))


@given(st.floats(0.5, 5), st.integers(0, 100))
@settings(max_examples=20)
def test_white_noise_of_one_sigma_is_the_jitter(sigma: float, seed: int) -> None:
    true = truth([standing(150)])
    tracked = perfect(true)
    tracked.joints[:] += np.random.default_rng(seed).normal(
        0, (sigma, 2 * sigma, sigma), tracked.joints.shape
    )
    found = jitter([match("test", true, tracked)])
    assert found.axes_mm == pytest.approx((sigma, 2 * sigma, sigma), rel=0.15)
    assert found.samples == 148


def test_jitter_is_measured_only_on_who_stands_still_and_true_breathing_is_none() -> None:
    breath = standing(100)
    breath[:, 2] += 4 * np.sin(np.arange(100) / 15)
    true = truth([breath, pacing(100, x=1500)])
    tracked = perfect(true)
    tracked.joints[:, 1] += np.random.default_rng(0).normal(0, 9, tracked.joints[:, 1].shape)
    assert jitter([match("test", true, tracked)]).sigma_mm == pytest.approx(0, abs=1e-9)
    walker = truth([pacing(100)])
    assert np.isnan(jitter([match("test", walker, perfect(walker))]).sigma_mm)


def test_bone_lengths_have_a_bias_and_a_spread_once_the_body_has_settled() -> None:
    true = truth([standing(330)])
    tracked = perfect(true)
    thigh = tracked.joints[:, 0, Joint.KNEE_LEFT] - tracked.joints[:, 0, Joint.HIP_LEFT]
    length = float(np.linalg.norm(thigh[0]))
    longer = 12 + 5 * np.sqrt(2) * np.sin(2 * np.pi * np.arange(330) / 30)
    longer[:30] = 200  # unsettled
    stretched = tracked.joints[:, 0, Joint.HIP_LEFT] + thigh * (1 + longer / length)[:, None]
    below = [Joint.KNEE_LEFT, Joint.ANKLE_LEFT]
    tracked.joints[:, 0, below] += (stretched - tracked.joints[:, 0, Joint.KNEE_LEFT])[:, None]
    found = bone_lengths([match("test", true, tracked)])
    assert (found["thigh"].bodies, found["shank"].bodies, found["all"].bodies) == (2, 2, 9)
    assert found["thigh"].bias_mm == pytest.approx(6)
    assert found["thigh"].error_mm == pytest.approx(6)
    assert found["thigh"].worst_sd_mm == pytest.approx(5, rel=0.01)
    assert found["shank"].worst_sd_mm == pytest.approx(0, abs=1e-9)


def crossing() -> Truth:
    return truth([pacing(60), pacing(60, x=1500)])


def test_ids_that_stay_are_neither_switched_nor_shared() -> None:
    true = crossing()
    found = identity([match("test", true, perfect(true))])
    assert (found.switches, found.fragmentations, found.shared) == (0, 0, 0)


@given(st.lists(st.integers(1, 59), unique=True, max_size=5))
def test_each_swap_of_two_ids_is_two_switches(swaps: list[int]) -> None:
    true = crossing()
    tracked = perfect(true)
    for first in swaps:
        tracked = swapped(tracked, first)
    found = identity([match("test", true, tracked)])
    assert found.switches == 2 * len(swaps)
    assert found.shared == (2 if swaps else 0)
    assert found.fragmentations == 0


def test_a_person_lost_in_plain_sight_is_a_fragmentation_and_one_who_left_is_not() -> None:
    away = pacing(60, x=1500)
    away[20:40] = np.nan
    true = truth([pacing(60), away])
    lost = perfect(true)
    lost.present[10:12, 0] = False
    lost.present[30, 0] = False
    found = identity([match("test", true, lost)])
    assert (found.switches, found.fragmentations, found.shared) == (0, 2, 0)


def test_a_new_id_after_a_return_is_a_switch() -> None:
    away = pacing(60)
    away[20:40] = np.nan
    back = away.copy()
    away[40:], back[:40] = np.nan, np.nan
    joined = np.where(np.isfinite(away), away, back)
    found = identity([match("test", truth([joined]), perfect(truth([away, back])))])
    assert (found.switches, found.shared) == (1, 0)


def test_a_filter_trades_jitter_for_lag() -> None:
    true = truth([standing(150), pacing(150, x=1500)])
    tracked = perfect(true)
    tracked.joints[:] += np.random.default_rng(0).normal(0, 2, tracked.joints.shape)
    rows = trade([match("test", true, tracked)])
    assert rows[0].lag_ms == pytest.approx(0, abs=2)
    assert rows[0].jitter_mm == pytest.approx(2, rel=0.1)
    for weak, strong in pairwise(rows):
        assert strong.lag_ms > weak.lag_ms
        assert strong.jitter_mm < weak.jitter_mm


def test_a_filter_approaches_a_step_by_its_time_constant_and_starts_anew_after_a_gap() -> None:
    values = np.array([0.0, 0, 1, 1, np.nan, 5, 5])[:, None]
    seconds = np.linspace(0.0, 0.24, 7)
    out = smoothed(values, seconds, 0.04)[:, 0]
    gain = 1 - np.exp(-1)
    assert out[:4] == pytest.approx([0, 0, gain, gain + gain * (1 - gain)])
    assert np.isnan(out[4])
    assert out[5:].tolist() == [5, 5]
