import pytest

from bodychan import Bodies
from bodychan.apps.batch.quality import Quality, Watch
from scripted import PERIOD_USEC, standing


def watched(*who: list[int]) -> Quality:
    watch = Watch()
    for index, ids in enumerate(who):
        watch.take(standing(ids, index + 1, index * PERIOD_USEC))
    return watch.result()


def test_nothing_was_tracked() -> None:
    assert Watch().result() == Quality()
    assert watched([]) == Quality()


def test_share_and_confidence() -> None:
    found = watched([1], [1, 2], [], [2])
    assert found.body_share == 0.75
    assert found.mean_confidence == 2.0


def test_a_ghost_is_gone_soon_and_was_not_there_at_the_end() -> None:
    # Nine captures are 0.27 s, ten are 0.3 s.
    assert watched(*[[1]] * 9, [], []).ghosts == 1
    assert watched(*[[1]] * 11, [], []).ghosts == 0
    assert watched(*[[]] * 5, [1], [1]).ghosts == 0


@pytest.mark.parametrize(
    ("gap", "switches"), [(0, 1), (20, 1), (40, 0)], ids=["at once", "within a second", "too late"]
)
def test_a_new_id_where_another_was_lost_is_a_switch(gap: int, switches: int) -> None:
    lost = [standing([1], 1, 0)] + [Bodies.none(2, PERIOD_USEC * (i + 1)) for i in range(gap)]
    first = standing([1], 3, PERIOD_USEC * (gap + 1))
    watch = Watch()
    for bodies in lost:
        watch.take(bodies)
    # Body 9 is where body 1 was.
    watch.take(
        Bodies(3, first.device_usec, first.ids * 9, first.positions, first.orientations, first.confidence)
    )
    assert watch.result().id_switches == switches


def test_somebody_new_elsewhere_is_no_switch() -> None:
    assert watched([1], [4]).id_switches == 0
