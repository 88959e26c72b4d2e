from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest

from bodychan import Bodies
from bodychan.fusion.rig import Rig
from bodychan.fusion.running import Arrivals, Finding, RunningClocks
from rigs import POSES, Path, elsewhere, moments, oval, seen

RIG = Rig.from_poses(POSES[:2])


def shown(
    camera: int, times: Sequence[float], clock: Callable[[float], float], paths: Sequence[Path] = (oval,)
) -> list[Bodies]:
    """What a camera sees whose clock shows so much more than the room's at each time."""
    run = seen(POSES[camera], paths, times, seed=camera, noise_mm=10.0)
    return [
        replace(bodies, device_usec=round((t + clock(t)) * 1e6)) for t, bodies in zip(times, run, strict=True)
    ]


def play(
    clocks: RunningClocks, runs: Sequence[Sequence[Bodies]]
) -> tuple[list[tuple[float, Finding]], list[tuple[float, int]]]:
    """Show bodies to clocks in the order of the room; give what was new and the offsets, when."""
    findings, offsets = [], []
    for first, *others in zip(*runs, strict=True):
        for camera, bodies in enumerate((first, *others)):
            clocks.note(camera, bodies)
        usec = first.device_usec
        rig = clocks.at(usec)
        offsets.append((usec / 1e6, rig.cameras[1].offset_usec))
        if (question := clocks.question(usec)) is not None:
            findings += [(usec / 1e6, finding) for finding in clocks.take(question.answer())]
    return findings, offsets


def off(offsets: Sequence[tuple[float, int]], true: Callable[[float], float], since: float) -> float:
    return max(abs(usec / 1e6 - true(t)) for t, usec in offsets if t >= since)


def test_an_offset_is_found_told_once_and_reached_without_a_leap() -> None:
    times = moments(15 * 18, 15)
    runs = [shown(0, times, lambda _t: 0.0), shown(1, times, lambda _t: 0.08)]
    clocks = RunningClocks(RIG)
    findings, offsets = play(clocks, runs)
    assert [finding.camera for _, finding in findings] == [1]
    question = clocks.question(10**9)
    assert question is not None
    assert question.near == (True, True)  # from now on it is not looked for all over
    ((when, finding),) = findings
    assert when < 13
    assert finding.applied
    assert finding.offset_usec == pytest.approx(-80_000, abs=6000)
    assert offsets[0][1] == 0
    assert off(offsets, lambda _t: -0.08, when + 3) < 0.008
    assert np.abs(np.diff([usec for _, usec in offsets])).max() <= 5000


def test_a_clock_that_drifts_is_followed_and_told_again() -> None:
    """Far more than clocks do: a millisecond a second."""
    times = moments(15 * 48, 15)
    runs = [shown(0, times, lambda _t: 0.0), shown(1, times, lambda t: 0.001 * t)]
    findings, offsets = play(RunningClocks(RIG, told=True), runs)
    # The middle of the last 20 s is what is known.
    assert off(offsets, lambda t: -0.001 * t, 20.0) < 0.025
    assert 1 <= len(findings) <= 2
    assert all(finding.applied for _, finding in findings)


def test_of_somebody_who_stands_still_nothing_is_told_until_they_move() -> None:
    def late(seconds: float) -> tuple[float, float, float]:
        return oval(max(seconds, 14.0))

    def still(camera: int, clock: float) -> list[Bodies]:
        times = moments(15 * 34, 15)
        run = shown(camera, times, lambda _t: clock, (late,))
        return [
            b if t >= 14.0 else replace(run[0], frame=b.frame, device_usec=b.device_usec)
            for t, b in zip(times, run, strict=True)
        ]

    findings, offsets = play(RunningClocks(RIG), [still(0, 0.0), still(1, 0.06)])
    assert all(usec == 0 for t, usec in offsets if t < 15.0)
    ((_, finding),) = findings
    assert finding.offset_usec == pytest.approx(-60_000, abs=10_000)
    assert off(offsets, lambda _t: -0.06, 30.0) < 0.012


def test_rates_may_differ_and_a_second_person_does_not_matter() -> None:
    clocks, times = RunningClocks(RIG), moments(30 * 14)
    fast = shown(0, times, lambda _t: 0.0, (oval, elsewhere))
    slow = shown(1, times[::2], lambda _t: -0.05, (oval, elsewhere))
    findings, _ = play(clocks, [fast, [slow[n // 2] for n in range(len(fast))]])
    ((_, finding),) = findings
    assert finding.applied
    assert finding.offset_usec == pytest.approx(50_000, abs=6000)


def test_clocks_ten_seconds_apart_are_told_and_not_applied() -> None:
    times = moments(15 * 32, 15)
    runs = [shown(0, times, lambda _t: 0.0), shown(1, [t - 10.0 for t in times], lambda _t: 10.0)]
    findings, offsets = play(RunningClocks(RIG), runs)
    ((_, finding),) = findings
    assert not finding.applied
    assert finding.offset_usec == pytest.approx(-10_000_000, abs=8000)
    assert {usec for _, usec in offsets} == {0}


def test_after_a_jump_offsets_stay_and_looking_begins_anew() -> None:
    times = moments(15 * 13, 15)
    runs = [shown(0, times, lambda _t: 0.0), shown(1, times, lambda _t: 0.08)]
    clocks = RunningClocks(RIG)
    _, offsets = play(clocks, runs)
    clocks.forget()
    assert clocks.at(1_000_000).cameras[1].offset_usec == offsets[-1][1] != 0
    assert clocks.question(1_000_000) is None
    assert clocks.question(5_900_000) is None
    question = clocks.question(6_000_000)
    assert question is not None
    assert question.answer() == (0, None)


def test_a_live_camera_is_timed_by_the_quickest_of_its_bodies() -> None:
    arrivals, rng = Arrivals(), np.random.default_rng(1)
    shown_usec = [5_000_000 + 33_333 * n for n in range(300)]
    waits = rng.integers(20_000, 90_000, 300)
    waits[10] = 20_000
    timed = [arrivals.usec(u, u - 4_000_000 + int(w)) for u, w in zip(shown_usec, waits, strict=True)]
    assert all(t - u == -3_980_000 for t, u in zip(timed[10:], shown_usec[10:], strict=True))
    # Its clock begins anew: another start, and another wait.
    assert arrivals.usec(100, 20_000_000) == 20_000_000
    assert arrivals.usec(33_433, 20_050_000) == 20_033_333
