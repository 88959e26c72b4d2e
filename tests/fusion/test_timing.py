import numpy as np
import pytest

from bodychan.fusion.timing import STEP_SECONDS, likely_matches
from bodychan.fusion.tracks import tracks_of
from rigs import POSES, elsewhere, moments, oval, seen


@pytest.mark.parametrize("clock", [0.0, 0.7, -123.4])
@pytest.mark.parametrize("fps", [30, 15])
def test_the_likeliest_offset_is_right_whatever_the_clocks_and_rates(clock: float, fps: int) -> None:
    one = tracks_of(seen(POSES[0], [oval], moments()))
    other = tracks_of(seen(POSES[1], [oval], moments(6 * fps, fps, 4.0), clock=-clock, seed=1))
    offsets = np.array([match.offset for match in likely_matches(one, other)[:3]])
    assert np.abs(offsets - clock).min() < 2 * STEP_SECONDS


def test_the_same_person_is_likelier_than_another_one() -> None:
    ones = tracks_of(seen(POSES[0], [oval, elsewhere], moments()))
    others = tracks_of(seen(POSES[1], [oval], moments(), seed=1))
    best = likely_matches(ones, others)[0]
    assert (best.first.body, best.second.body) == (1, 11)
    assert best.offset == pytest.approx(0.0, abs=2 * STEP_SECONDS)


def test_tracks_that_are_too_short_match_nothing() -> None:
    short = tracks_of(seen(POSES[0], [oval], moments(45)))
    assert likely_matches(short, short) == []
    assert likely_matches([], short) == []
