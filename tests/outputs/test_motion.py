import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from bodychan.model.skeleton import BIND_BONES, Joint
from bodychan.outputs.motion import Motion, motions, relative, seconds, steady_quaternions
from bodychan.outputs.skeletons import SkeletonRows
from takes import GROUPS, pose, take, world


def made(ids: list[tuple[int, ...]], frames: list[int] | None = None) -> list[Motion]:
    channels = take(ids, frames=frames)
    rows = SkeletonRows.find(channels[0].kinds, GROUPS)
    people = rows.skeletons(np.concatenate([one.samples for one in channels], axis=1))
    usec = np.concatenate([one.samples[1] for one in channels])
    return motions(people, seconds(usec, np.arange(len(usec), dtype=np.float64), 30.0), 30.0)


def test_a_body_is_followed_from_place_to_place_and_gaps_hold_the_pose() -> None:
    first, second = made([(5,), (3, 5), (5, 3), (), (3,)])
    assert (first.body, second.body) == (3, 5)
    assert first.seen.tolist() == [False, True, True, False, True]
    assert second.seen.tolist() == [True, True, True, False, False]
    for frame, (held, other) in enumerate([(1, 0), (1, 1), (2, 2), (2, 2), (4, 2)]):
        np.testing.assert_allclose(first.positions[frame], world(3, held), atol=1e-9)
        np.testing.assert_allclose(second.positions[frame], world(5, other), atol=1e-9)


def test_captures_that_were_dropped_leave_their_time() -> None:
    (motion,) = made([(3,), (3,), (3,)], frames=[0, 1, 4])
    assert motion.seen.tolist() == [True, True, False, False, True]


def test_bones_are_those_of_the_body() -> None:
    (motion,) = made([(3,)] * 3)
    np.testing.assert_allclose(motion.offsets, BIND_BONES * 0.96 * (-1, -1, 1) / 1000, atol=1e-9)
    d = np.outer((-1, -1, 1), (-1, -1, 1))
    np.testing.assert_allclose(motion.rotations[2], pose(3, 2).rotations * d, atol=1e-9)


def test_relative_rotations_chain_to_those_in_the_world() -> None:
    rotations = Rotation.random(64, random_state=1).as_matrix().reshape(2, 32, 3, 3)
    local = relative(rotations)
    for joint in Joint:
        parent = np.eye(3) if joint.parent is None else rotations[:, joint.parent]
        np.testing.assert_allclose(parent @ local[:, joint], rotations[:, joint], atol=1e-12)


def test_quaternions_keep_their_sign_through_whole_turns() -> None:
    angles = np.linspace(0, 5 * np.pi, 40)
    found = steady_quaternions(Rotation.from_rotvec(np.outer(angles, (1, 0, 0))).as_matrix())
    assert (np.einsum("fi,fi->f", found[1:], found[:-1]) > 0.9).all()
    assert steady_quaternions(np.eye(3)[None]).tolist() == [[1, 0, 0, 0]]


@pytest.mark.parametrize(
    ("usec", "places", "times"),
    [
        ([5e6, 5.1e6, 5.5e6], [7, 8, 9], [0, 0.1, 0.5]),
        ([5e6, 5e6, 5.5e6], [7, 8, 9], [0, 0.5, 1]),  # a timeline that is faster than the camera
        ([5e6, 5e6, 5.5e6], [7, 9, 10], [0, 1, 1.5]),  # and drops a frame
        ([5e6, 4e6, 5.5e6], [7, 7, 7], [0, 0.5, 1]),
        ([0, 1e12, 1.0000001e12], [7, 8, 9], [0, 10, 10.1]),
        (None, [7, 8, 9], [0, 0.5, 1]),
    ],
)
def test_times_follow_the_device_where_it_can_be_trusted(
    usec: list[float] | None, places: list[float], times: list[float]
) -> None:
    found = seconds(None if usec is None else np.array(usec), np.array(places, float), 2.0)
    np.testing.assert_allclose(found, times)
