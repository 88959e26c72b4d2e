import numpy as np

from bodychan import Bodies
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
