import numpy as np
import pytest

from bodychan.model.arrays import F64
from bodychan.tracking.builtin.associate.identity import (
    LOST_SECONDS,
    MEMORY_SECONDS,
    Likeness,
    Registry,
    assign,
)

ANYBODY = Likeness("infrared", np.zeros(2), 1.0)


def follow(times: list[float], *paths: list[tuple[float, float] | None]) -> list[list[int | None]]:
    """Run people, all alike, on (x, z) paths through the registry, None where not seen. Ids per person."""
    registry = Registry(memory=LOST_SECONDS)
    ids: list[list[int | None]] = [[] for _ in paths]
    for index, time in enumerate(times):
        seen = [p for p in range(len(paths)) if paths[p][index] is not None]
        places = np.array([[paths[p][index][0], 0.0, paths[p][index][1]] for p in seen])  # type: ignore[index]
        registry, given = assign(registry, places.reshape(-1, 3), time, [ANYBODY] * len(seen))
        for p in range(len(paths)):
            ids[p].append(given[seen.index(p)] if p in seen else None)
    return ids


def seconds(count: int, rate: float = 30.0) -> list[float]:
    return [100.0 + i / rate for i in range(count)]


def test_ids_begin_at_one_and_stay() -> None:
    walk = [(x, 2500.0) for x in np.linspace(-1500, 1500, 60)]
    stand = [(800.0, 3300.0)] * 60
    assert follow(seconds(60), [*walk], [*stand]) == [[1] * 60, [2] * 60]


@pytest.mark.parametrize("rate", [5.0, 15.0, 30.0])
def test_two_who_cross_keep_their_ids_at_any_frame_rate(rate: float) -> None:
    count = int(3 * rate)
    one = [(x, 2200.0) for x in np.linspace(-1500, 1500, count)]
    other = [(x, 2800.0) for x in np.linspace(1500, -1500, count)]
    assert follow(seconds(count, rate), [*one], [*other]) == [[1] * count, [2] * count]


def test_a_person_hidden_while_crossing_comes_out_with_the_same_id() -> None:
    count = 90
    front = [(x, 2000.0) for x in np.linspace(-1200, 1200, count)]
    back: list[tuple[float, float] | None] = [(x, 2600.0) for x in np.linspace(1200, -1200, count)]
    back[40:52] = [None] * 12
    ids = follow(seconds(count), [*front], back)
    assert set(ids[0]) == {1}
    assert set(ids[1]) == {2, None}


def test_a_gap_of_half_a_second_keeps_the_id_and_one_of_three_seconds_does_not() -> None:
    times = [0.0, 0.033, 0.533, 0.566, 3.6]
    assert follow(times, [(0.0, 2000.0)] * 5) == [[1, 1, 1, 1, 2]]


def test_an_id_is_never_given_again() -> None:
    times = [0.0, 5.0, 10.0, 15.0]
    assert follow(times, [(0.0, 2000.0)] * 4) == [[1, 2, 3, 4]]


def test_when_the_clock_goes_back_who_stands_still_keeps_the_id_and_the_others_get_new_ones() -> None:
    times = [50.0, 50.1, 3.0, 3.1, 60.0]
    stands = [(0.0, 2000.0)] * 4
    assert follow(times, [*stands, None], [None, None, (2000.0, 3000.0), (2000.0, 3000.0), None]) == [
        [1, 1, 1, 1, None],
        [None, None, 2, 2, None],
    ]
    # What was known before the clock went back is not waiting at its old time for somebody to come by.
    assert follow(times, [(0.0, 2000.0), (0.0, 2000.0), None, None, (0.0, 2000.0)]) == [[1, 1, None, None, 2]]


def test_a_clock_that_stands_still_fills_no_memory() -> None:
    registry = Registry()
    for step in range(300):
        registry, ids = assign(registry, np.array([[3000.0 * step, 0.0, 2000.0]]), 1.0, [ANYBODY])
        assert ids == [step + 1]
    assert len(registry.tracks) < 100


def test_somebody_new_far_from_where_a_body_was_lost_gets_a_new_id() -> None:
    ids = follow([0.0, 0.1], [(0.0, 2000.0), None], [None, (1500.0, 3000.0)])
    assert ids == [[1, None], [None, 2]]


def test_a_body_that_jumps_across_the_room_is_somebody_else() -> None:
    assert follow([0.0, 0.033], [(-1000.0, 2000.0), (1000.0, 2000.0)]) == [[1, 2]]


def test_the_same_time_twice_does_not_divide_by_zero() -> None:
    assert follow([1.0, 1.0], [(0.0, 2000.0), (10.0, 2000.0)]) == [[1, 1]]


def like(size: float, *lights: float) -> Likeness:
    return Likeness("infrared", np.log(np.array(lights) + 1.0), size)


TALL = like(1.3, 200, 40)
SMALL = like(0.9, 60, 120)
HERE, THERE = np.array([[0.0, 0.0, 2000.0]]), np.array([[600.0, 0.0, 2400.0]])
NOBODY = np.zeros((0, 3))


def away_and_back(seconds: float, who: Likeness, places: F64 = THERE, memory: float = MEMORY_SECONDS) -> int:
    """Give the id of somebody who is there `seconds` after the tall one, id 1, was last seen."""
    registry, _ = assign(Registry(memory=memory), HERE, 10.0, [TALL])
    registry, _ = assign(registry, NOBODY, 10.1, [])
    return assign(registry, places, 10.0 + seconds, [who])[1][0]


@pytest.mark.parametrize("seconds", [0.5, 1.4, 4.0, 9.0])
def test_somebody_who_comes_back_gets_the_old_id(seconds: float) -> None:
    shaded = Likeness("infrared", TALL.look - 0.3, 1.22)
    assert away_and_back(seconds, TALL) == 1
    assert away_and_back(seconds, shaded) == 1


@pytest.mark.parametrize("seconds", [0.5, 1.4, 4.0, 9.0])
def test_somebody_else_who_comes_instead_does_not(seconds: float) -> None:
    assert away_and_back(seconds, SMALL) == 2


def test_after_the_memory_s_time_everybody_is_new() -> None:
    assert away_and_back(MEMORY_SECONDS + 0.1, TALL) == 2


@pytest.mark.parametrize(("memory", "seconds", "found"), [(0.0, 0.5, 2), (2.0, 2.5, 2), (60.0, 55.0, 1)])
def test_the_memory_lasts_as_long_as_is_wished(memory: float, seconds: float, found: int) -> None:
    assert away_and_back(seconds, TALL, memory=memory) == found


def test_somebody_alike_who_cannot_have_come_so_far_is_somebody_else() -> None:
    assert away_and_back(0.3, TALL, np.array([[4000.0, 0.0, 2500.0]])) == 2


def test_two_who_come_back_get_each_their_own_id() -> None:
    both = np.concatenate([HERE, THERE])
    registry, ids = assign(Registry(), both, 10.0, [TALL, SMALL])
    registry, _ = assign(registry, NOBODY, 10.1, [])
    assert ids == [1, 2]
    assert assign(registry, both, 14.0, [SMALL, TALL])[1] == [2, 1]


def test_the_look_in_another_kind_of_image_does_not_count_against_somebody() -> None:
    assert TALL.unlike(Likeness("depth", SMALL.look, 1.3)) < 1
    assert TALL.unlike(SMALL) > 3


def test_a_likeness_is_a_mean_over_time() -> None:
    now = TALL.after(SMALL, 1 / 30)
    assert TALL.unlike(now) < 0.2
    for _ in range(300):
        now = now.after(SMALL, 1 / 30)
    assert SMALL.unlike(now) < 0.1
