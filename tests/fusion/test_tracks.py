import numpy as np

from bodychan import Bodies
from bodychan.fusion.limbs import Limbs
from bodychan.fusion.tracks import tracks_of
from rigs import POSES, elsewhere, moments, oval, seen


def test_bodies_are_sorted_by_id_and_short_ones_left_out() -> None:
    run = seen(POSES[0], [oval, elsewhere], moments(60))
    short = seen(POSES[0], [oval], moments(5), seed=5)
    tracks = tracks_of([*run, *short])
    assert [(track.body, len(track.seconds)) for track in tracks] == [(1, 60), (2, 60)]
    np.testing.assert_array_equal(tracks[1].positions[7], run[7].positions[1])
    assert tracks_of([]) == []


def test_in_between_it_is_on_the_line_and_in_gaps_nowhere() -> None:
    run = seen(POSES[0], [oval], moments(60))
    gap = [Bodies.none(b.frame, b.device_usec) if 20 <= i < 40 else b for i, b in enumerate(run)]
    (track,) = tracks_of(gap)
    first, second = run[3].device_usec / 1e6, run[4].device_usec / 1e6
    times = np.array([first, (first + second) / 2, run[30].device_usec / 1e6, first - 1, first + 9])
    positions, confidence = track.at(times)
    np.testing.assert_allclose(positions[0], run[3].positions[0])
    np.testing.assert_allclose(positions[1], (run[3].positions[0] + run[4].positions[0]) / 2, atol=0.01)
    assert np.isnan(positions[2:]).all()
    assert (confidence[:2] == 2).all()
    assert (confidence[2:] == 0).all()


def test_limbs_follow_their_body_and_those_of_another_thickness_are_left_out() -> None:
    run = seen(POSES[0], [oval], moments(20))
    limbs = [
        Limbs(np.full((1, 4, 3), float(n)), np.ones((1, 4, 3)), np.full((1, 4), 50.0)) for n in range(20)
    ]
    limbs[5].radii[0, 2] = 80.0
    limbs[7].radii[0], limbs[7].middles[0] = np.nan, np.nan
    (track,) = tracks_of(run, limbs)
    assert track.limbs[6].tolist() == [[6.0] * 3] * 4
    assert np.isnan(track.limbs[5, 2]).all()
    assert track.limbs[5, 1].tolist() == [5.0] * 3
    # At its own time a capture counts, though the next one knows nothing.
    at = track.limbs_at(np.array([track.seconds[6], (track.seconds[6] + track.seconds[7]) / 2]))
    assert at[0, 0].tolist() == [6.0] * 3
    assert np.isnan(at[1]).all()
    (bare,) = tracks_of(run)
    assert np.isnan(bare.limbs).all()


def test_five_captures_a_second_leave_no_gaps() -> None:
    (track,) = tracks_of(seen(POSES[0], [oval], moments(60, 5)))
    assert np.isfinite(track.at(np.linspace(track.seconds[0], track.seconds[-1], 500))[0]).all()
