import numpy as np
import pytest

from bodychan.cameras.synthetic.camera import SyntheticCamera
from bodychan.model.arrays import F64, U16
from bodychan.model.skeleton import Joint
from bodychan.tracking.builtin.detect.search import Proposal, Search
from bodychan.tracking.builtin.observe.upright import Upright
from bodychan.tracking.builtin.threads import Threads


@pytest.fixture(scope="module")
def scene() -> tuple[Upright, U16, F64]:
    camera = SyntheticCamera("synthetic:two")
    capture = camera.read()
    assert capture is not None
    assert capture.depth is not None
    return Upright(camera.calibration), capture.depth, camera.truth(capture).positions


def near(proposals: list[Proposal], joints: F64) -> bool:
    return any(np.linalg.norm(p.place - joints, axis=1).min() < 250 for p in proposals)


def test_people_are_proposed_and_those_who_are_followed_are_not(scene: tuple[Upright, U16, F64]) -> None:
    upright, depth, people = scene
    found = Search(upright, Threads(1)).propose(depth, [], 1.0, urgent=False)
    assert all(near(found, joints) for joints in people)
    found = Search(upright, Threads(1)).propose(depth, [people[0]], 1.0, urgent=False)
    assert near(found, people[1])
    assert all(np.linalg.norm(p.place - people[0][Joint.HEAD]) > 300 for p in found)


def test_a_search_is_due_now_and_then_and_sooner_if_somebody_is_missing(
    scene: tuple[Upright, U16, F64],
) -> None:
    upright, depth, people = scene
    search = Search(upright, Threads(1))
    assert search.propose(depth, [people[0]], 1.0, urgent=False)
    assert not search.propose(depth, [people[0]], 1.02, urgent=True)
    search._left = False  # as if there had been no more places than could be looked at
    assert not search.propose(depth, [people[0]], 1.1, urgent=False)
    assert search.propose(depth, [people[0]], 1.1, urgent=True)
    assert search.propose(depth, [people[0]], 0.2, urgent=False)  # the clock went back


@pytest.mark.parametrize(("sure", "rest"), [(False, 1.0), (True, 5.0)])
def test_where_nobody_was_is_left_alone_for_a_while(
    scene: tuple[Upright, U16, F64], sure: bool, rest: float
) -> None:
    upright, depth, _ = scene
    search = Search(upright, Threads(1))
    first = search.propose(depth, [], 1.0, urgent=False)
    for proposal in first:
        search.leave_alone(proposal, 1.0, sure=sure)
    soon = search.propose(depth, [], 0.9 + rest, urgent=False)
    assert all(np.linalg.norm(p.place - other.place) > 100 for p in first for other in soon)
    assert len(search.propose(depth, [], 1.2 + rest, urgent=False)) == len(first)


def test_where_surely_nobody_was_is_looked_at_again_when_the_picture_changes(
    scene: tuple[Upright, U16, F64],
) -> None:
    upright, depth, people = scene
    search = Search(upright, Threads(1))
    somebody = next(
        p for p in search.propose(depth, [], 0.0, urgent=False) if near([p], people[0]) and p.origin == "head"
    )
    search.propose(np.full_like(depth, 4000), [], 1.0, urgent=False)
    search.leave_alone(somebody, 1.0, sure=True)

    def is_looked_at(seconds: float) -> bool:
        found = search.propose(depth, [people[1]], seconds, urgent=True)
        return any(np.linalg.norm(p.place - somebody.place) < 100 for p in found)

    assert not is_looked_at(1.9)
    assert is_looked_at(2.1)


def test_while_nobody_is_followed_more_places_are_looked_at_and_the_rest_in_the_next_capture(
    scene: tuple[Upright, U16, F64],
) -> None:
    upright, depth, people = scene
    # Stacks of narrow things in the far half of the image: more places than are looked at in one capture.
    full = depth.copy()
    for column in range(20, full.shape[1] - 20, 80):
        full[150:, column : column + 30] = 2600
    search = Search(upright, Threads(1))
    first = search.propose(full, [], 1.0, urgent=False)
    for proposal in first:
        search.leave_alone(proposal, 1.0, sure=True)
    assert len(first) > len(Search(upright, Threads(1)).propose(full, [people[0]], 1.0, urgent=False))
    second = search.propose(full, [], 1.01, urgent=False)
    assert second, "at once"
    assert all(np.linalg.norm(p.place - other.place) > 100 for p in first for other in second)
