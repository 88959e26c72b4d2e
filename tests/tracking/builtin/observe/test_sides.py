from collections.abc import Sequence

import numpy as np
import pytest

from bodychan.model.arrays import F64, Bool
from bodychan.tracking.blazepose.crop import Region
from bodychan.tracking.blazepose.landmarks import LANDMARK_COUNT, Landmark, Landmarks
from bodychan.tracking.builtin.observe.sides import Expected, Sides, tell
from people import Person, person

FRAME = 1 / 30
MM_PER_PIXEL = 5.0
LEGS = ("KNEE", "ANKLE", "HEEL", "TOE")


def seen(who: Person) -> Landmarks:
    """What the network says of somebody, in an image without perspective."""
    body = who.completed()
    ones, region = np.ones(LANDMARK_COUNT), Region(0.0, 0.0, 400.0)
    mask = np.zeros((256, 256), np.float32)
    return Landmarks(
        body.points[:, :2] / MM_PER_PIXEL, ones, ones, body.world.copy(), 1.0, mask, region, region
    )


def of(parts: Sequence[str]) -> Bool:
    return np.array([not parts or landmark.name.partition("_")[0] in parts for landmark in Landmark])


def mixed_up(landmarks: Landmarks, parts: Sequence[str] = ()) -> Landmarks:
    """The same, left and right of some parts, or of all, taken for each other."""
    named = [m.name.replace("LEFT", "x").replace("RIGHT", "LEFT").replace("x", "RIGHT") for m in Landmark]
    order = np.where(of(parts), [Landmark[name] for name in named], np.arange(LANDMARK_COUNT))
    return Landmarks(
        landmarks.pixels[order],
        landmarks.visibility,
        landmarks.presence,
        landmarks.world[order] * np.where(of(parts)[:, None], (1.0, 1.0, -1.0), 1.0),
        landmarks.score,
        landmarks.mask,
        landmarks.region,
        landmarks.next_region,
    )


def run(captures: Sequence[Landmarks], there: bool = True) -> list[Landmarks]:
    """Name each capture's landmarks, where those of the capture before are expected again."""
    sides, found = Sides.unknown(), [captures[0]]
    known: F64 = np.full(LANDMARK_COUNT, MM_PER_PIXEL)
    for landmarks in captures[1:]:
        expected = Expected(found[-1].pixels, known, np.full(LANDMARK_COUNT, there))
        named, sides = tell(landmarks, expected, sides, FRAME)
        found.append(named)
    return found


def agree(found: Landmarks, true: Landmarks) -> bool:
    return np.allclose(found.pixels, true.pixels) and np.allclose(found.world, true.world)


@pytest.mark.parametrize("parts", [(), LEGS, ("ELBOW", "WRIST", "PINKY", "INDEX", "THUMB")])
def test_sides_taken_for_each_other_are_put_right_until_it_lasts(parts: Sequence[str]) -> None:
    true = seen(person(yaw=10.0))
    wrong = mixed_up(true, parts)
    assert not agree(wrong, true)
    assert all(agree(found, true) for found in run([true] * 5 + [wrong] * 5 + [true] * 5))
    assert agree(run([true] * 5 + [wrong] * 40)[-1], wrong)


def test_the_longer_the_network_agreed_the_longer_it_is_doubted() -> None:
    true = seen(person(yaw=10.0))
    contradicted = [mixed_up(true)] * 24  # 0.8 s
    assert agree(run([true] * 5 + contradicted)[-1], contradicted[0])
    assert agree(run([true] * 90 + contradicted)[-1], true)


def test_a_network_that_changes_its_mind_all_the_time_is_put_right_all_the_time() -> None:
    true = seen(person(yaw=10.0))
    wavering = [mixed_up(true) if t % 3 else true for t in range(30)]
    assert all(agree(found, true) for found in run([true] * 60 + wavering))


def test_whoever_is_first_seen_the_wrong_way_round_is_soon_put_right() -> None:
    true = seen(person(yaw=10.0))
    assert agree(run([mixed_up(true)] * 3 + [true] * 12)[-1], true)


def test_of_legs_that_pass_each_other_the_network_says_which_is_which() -> None:
    strides = [seen(person(yaw=90.0, knee=40.0 * np.sin(t / 5))) for t in range(60)]
    assert all(agree(found, true) for found, true in zip(run(strides), strides, strict=True))


def test_where_nothing_is_expected_the_network_is_believed() -> None:
    true = seen(person())
    captures = [true] * 3 + [mixed_up(true)] * 3
    assert all(agree(f, c) for f, c in zip(run(captures, there=False), captures, strict=True))


def test_the_reflection_of_a_reflection_is_the_pose_itself() -> None:
    true = seen(person(yaw=25.0, knee=40.0))
    both = mixed_up(mixed_up(true), LEGS)
    found = run([true] * 30 + [both])[-1]
    assert agree(found, true)
