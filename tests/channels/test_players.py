from collections.abc import Iterator, Sequence

import numpy as np
import pytest

from bodychan import Bodies
from bodychan.channels.players import Placed, Rules, Slots, place
from bodychan.channels.space import TO_CHANNELS
from bodychan.model.skeleton import Joint
from rows import compact
from scripted import standing

SECOND = 1_000_000


def test_bodies_fill_the_places_from_the_first() -> None:
    slots = compact(standing([4, 9]), 3)
    assert slots.ids.tolist() == [4, 9, 0]
    assert not slots.positions[2].any()
    assert not slots.confidence[2].any()


def test_the_others_move_up_when_one_leaves() -> None:
    assert compact(standing([9]), 2).ids.tolist() == [9, 0]


def test_more_bodies_than_places_leave_the_last_ones_out() -> None:
    assert compact(standing([4, 9, 2]), 2).ids.tolist() == [4, 9]


def test_nobody_leaves_every_place_empty_but_keeps_frame_and_time() -> None:
    slots = compact(Bodies.none(12, 345), 2)
    assert slots.ids.tolist() == [0, 0]
    assert (slots.frame, slots.device_usec) == (12, 345)
    assert np.array_equal(slots.orientations[..., 0], np.ones((2, 32)))


def at(places: dict[int, tuple[float, float]], seconds: float) -> Bodies:
    """Bodies whose pelvis is at x (to the right of the image) and z metres."""
    bodies = standing(list(places), round(seconds * 30) + 1, round(seconds * SECOND))
    positions = bodies.positions - bodies.positions[:, :1]
    positions = positions + np.array([[x * 1000, 0, z * 1000] for x, z in places.values()]).reshape(-1, 1, 3)
    return Bodies(
        bodies.frame, bodies.device_usec, bodies.ids, positions, bodies.orientations, bodies.confidence
    )


def through(rules: Rules, count: int, run: Sequence[Bodies]) -> Iterator[Slots]:
    memory = Placed()
    for bodies in run:
        pelvis = bodies.positions[:, Joint.PELVIS] * (TO_CHANNELS / 1000)
        slots, memory = place(bodies, pelvis, count, rules, memory)
        yield slots


def ids(rules: Rules, count: int, run: Sequence[Bodies]) -> list[list[int]]:
    return [slots.ids.tolist() for slots in through(rules, count, run)]


def who(*captures: Sequence[int]) -> list[Bodies]:
    """Captures 0.1 s apart in which these ids are seen."""
    return [standing(list(seen), i + 1, i * SECOND // 10) for i, seen in enumerate(captures)]


def test_compact_follows_the_trackers_order_whatever_it_was_before() -> None:
    assert ids(Rules(), 2, who([4, 9], [9, 4], [9], [])) == [[4, 9], [9, 4], [9, 0], [0, 0]]


def test_sticky_bodies_keep_their_places_and_newcomers_take_the_first_free_one() -> None:
    run = who([4, 9], [9], [9, 5], [5], [6, 7, 5])
    assert ids(Rules("sticky"), 2, run) == [[4, 9], [0, 9], [5, 9], [5, 0], [5, 6]]


def test_sticky_bodies_without_a_place_wait_for_one() -> None:
    assert ids(Rules("sticky"), 1, who([4, 9], [4, 9], [9])) == [[4], [4], [9]]


def test_fixed_ids_hold_their_places_and_others_have_none() -> None:
    run = who([4, 9, 2], [4], [2, 9])
    assert ids(Rules("fixedid", ids=(9, 0, 2)), 3, run) == [[9, 0, 2], [0, 0, 0], [9, 0, 2]]


def test_nearest_changes_its_order_only_beyond_the_hysteresis_and_after_the_dwell() -> None:
    rules = Rules("nearest", hysteresis=0.2, dwell=0.5)
    run = [at({1: (0, 3.0), 2: (0, 2.0)}, 0.0)]
    run += [at({1: (0, 1.9), 2: (0, 2.0)}, 0.1 * k) for k in range(1, 20)]
    assert set(map(tuple, ids(rules, 2, run))) == {(2, 1)}
    run += [at({1: (0, 1.7), 2: (0, 2.0)}, 2.0 + 0.1 * k) for k in range(8)]
    assert ids(rules, 2, run)[20:] == [[2, 1]] * 5 + [[1, 2]] * 3


def test_a_moment_in_the_wrong_order_does_not_count_towards_the_dwell() -> None:
    rules = Rules("leftright", hysteresis=0.1, dwell=0.5)
    left, right = {1: (-1.0, 3.0), 2: (1.0, 3.0)}, {1: (1.0, 3.0), 2: (-1.0, 3.0)}
    run = [at(right if k % 4 else left, 0.1 * k) for k in range(30)]
    assert set(map(tuple, ids(rules, 2, run))) == {(1, 2)}


def test_left_to_right_is_that_of_the_cameras_image() -> None:
    run = [at({1: (0.5, 3.0), 2: (-0.5, 3.0), 3: (0.0, 4.0)}, 0.0)]
    assert ids(Rules("leftright"), 3, run) == [[2, 3, 1]]


def test_a_newcomer_that_is_nearer_takes_the_only_place_after_the_dwell() -> None:
    run = [at({1: (0, 3.0)}, 0.0)] + [at({1: (0, 3.0), 2: (0, 1.0)}, 0.1 * k) for k in range(1, 8)]
    assert ids(Rules("nearest", dwell=0.35), 1, run) == [[1]] * 5 + [[2]] * 3


@pytest.mark.parametrize("policy", ["compact", "sticky", "nearest", "leftright", "fixedid"])
def test_without_hold_a_lost_body_is_zero_at_once(policy: str) -> None:
    run = who([4], [], [4])
    assert ids(Rules(policy, ids=(4,)), 1, run) == [[4], [0], [4]]


@pytest.mark.parametrize("policy", ["compact", "sticky", "nearest", "leftright", "fixedid"])
def test_hold_keeps_place_and_pose_for_a_while_and_says_so(policy: str) -> None:
    run = [*who([4, 9], [9], [9], [9], [9])]
    slots = list(through(Rules(policy, hold=0.2, ids=(4, 9)), 2, run))
    first = slots[0].ids.tolist()
    assert [s.ids.tolist() == first for s in slots] == [True, True, True, False, False]
    where = first.index(4)
    assert slots[2].tracked.tolist() == [body == 9 for body in first]
    assert np.array_equal(slots[2].positions[where], slots[0].positions[where])
    assert slots[2].confidence[where].max() == 1
    assert 4 not in slots[3].ids


def test_a_body_that_comes_back_in_time_keeps_its_place_and_its_age() -> None:
    slots = list(through(Rules("sticky", hold=0.3), 2, who([4, 9], [9], [9, 5], [9, 4])))
    assert slots[-1].ids.tolist() == [4, 9]
    assert slots[-1].age.tolist() == pytest.approx([0.3, 0.3])
    assert slots[-1].tracked.all()


def test_age_counts_from_the_first_sight_and_is_forgotten_after_a_minute() -> None:
    run = [standing([4], 1, 0), standing([4], 2, 5 * SECOND), standing([4], 3, 66 * SECOND)]
    assert [s.age[0] for s in through(Rules(), 1, run)] == [0, 5, 0]


def test_bodies_outside_the_limits_are_as_if_not_there() -> None:
    run = [at({1: (0, 0.8), 2: (0, 2.0), 3: (0, 4.5)}, 0.0)]
    assert ids(Rules(near=1.0, far=4.0), 3, run) == [[2, 0, 0]]
    assert ids(Rules(near=1.0), 3, run) == [[2, 3, 0]]


def test_the_zone_is_a_box_in_channel_space() -> None:
    # To the right of the image is -x in channel space.
    run = [at({1: (-0.5, 2.0), 2: (0.5, 2.0), 3: (-0.5, 4.0)}, 0.0)]
    assert ids(Rules(zone=((0.0, 1.0), (-1.0, 1.0), (1.0, 3.0))), 3, run) == [[1, 0, 0]]


def test_everything_starts_anew_when_time_runs_back() -> None:
    slots = list(through(Rules("sticky", hold=9.0), 2, [standing([4, 9], 9, SECOND), standing([9], 1, 0)]))
    assert slots[-1].ids.tolist() == [9, 0]
    assert slots[-1].age.tolist() == [0, 0]


def test_more_places_or_another_policy_may_come_at_any_time() -> None:
    memory = Placed()
    for count, policy, expected in (
        (1, "nearest", [9]),
        (3, "sticky", [9, 4, 0]),
        (2, "compact", [4, 9]),
        (2, "leftright", [4, 9]),
    ):
        bodies = at({4: (-1, 3.0), 9: (0, 2.0)}, 0.0)
        pelvis = bodies.positions[:, 0] * (TO_CHANNELS / 1000)
        slots, memory = place(bodies, pelvis, count, Rules(policy), memory)
        assert slots.ids.tolist() == expected


ZONE = Rules(zone=((-1.0, 1.0), (-9.0, 9.0), (1.0, 3.0)), hysteresis=0.15, dwell=0.5)


def inside(rules: Rules, depths: Sequence[float], step: float = 0.1) -> list[bool]:
    """Whether body 4 has a place while it stands at these depths, `step` seconds each."""
    run = [at({4: (0.0, z)}, step * k) for k, z in enumerate(depths)]
    return [found == [4] for found in ids(rules, 1, run)]


def test_somebody_at_the_edge_of_a_zone_stays() -> None:
    swaying = [3.0 + 0.1 * np.sin(2 * np.pi * k / 8) for k in range(40)]
    assert inside(ZONE, [2.9, *swaying]) == [True] * 41
    assert inside(Rules(far=3.0), [2.9, *swaying]) == [True] * 41
    assert inside(Rules(near=3.0), [3.1, *swaying]) == [True] * 41


def test_somebody_who_never_came_in_is_not_let_in_by_the_hysteresis() -> None:
    assert inside(ZONE, [3.1] * 10) == [False] * 10
    assert inside(ZONE, [3.1, 2.99, 3.1]) == [False, True, True]


def test_somebody_leaves_when_they_have_been_clearly_outside_for_the_dwell() -> None:
    assert inside(ZONE, [2.9] + [3.3] * 8) == [True] * 6 + [False] * 3
    # A moment back within the hysteresis begins the dwell anew.
    assert inside(ZONE, [2.9] + [3.3] * 4 + [3.1] + [3.3] * 4) == [True] * 10


def test_somebody_who_has_left_comes_back_only_inside() -> None:
    depths = [2.9] + [3.3] * 6 + [3.1] * 3 + [2.9]
    assert inside(ZONE, depths) == [True] * 6 + [False] * 4 + [True]


def test_without_hysteresis_and_dwell_a_zone_is_exact() -> None:
    exact = Rules(zone=ZONE.zone, hysteresis=0.0, dwell=0.0)
    assert inside(exact, [2.99, 3.01, 2.99, 3.3, 2.9]) == [True, False, True, False, True]


def test_a_body_that_the_tracker_loses_at_the_edge_for_a_moment_is_still_in() -> None:
    run = [at({4: (0, 2.9)}, 0.0), at({4: (0, 3.1)}, 0.1), at({}, 0.2), at({4: (0, 3.1)}, 0.3)]
    assert ids(ZONE, 1, run) == [[4], [4], [0], [4]]
    run = [at({4: (0, 2.9)}, 0.0), at({}, 0.1), at({4: (0, 3.1)}, 5.0)]
    assert ids(ZONE, 1, run) == [[4], [0], [0]]
