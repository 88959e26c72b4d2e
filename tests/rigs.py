"""People who walk about before several cameras, as true bodies with errors like a tracker's; no images."""

from collections.abc import Callable, Sequence
from functools import cache

import numpy as np

from bodychan import Bodies
from bodychan.articulated.articulate import hang
from bodychan.fusion.calibrate import Sighting
from bodychan.fusion.rig import Rig
from bodychan.fusion.rigid import inverse, moved_bodies
from bodychan.model.arrays import F64
from bodychan.model.rotations import matrix_to_quaternion, quaternion_to_matrix, vector_to_quaternion
from bodychan.model.skeleton import BIND_BONES, Joint
from scripted import standing

Path = Callable[[float], tuple[float, float, float]]
"""From seconds to where somebody is, x and z in mm, and which way they face, in radians."""

FPS = 30


def pose(degrees: float, x: float, z: float, tilt: float = 6.0) -> F64:
    """A camera's pose in the room: turned about the vertical, tilted down, 1.2 m over the floor at y = 0."""
    matrix = np.eye(4)
    turned, tilted = (
        quaternion_to_matrix(vector_to_quaternion(np.radians(vector)))
        for vector in (np.array([0.0, degrees, 0.0]), np.array([-tilt, 0.0, 0.0]))
    )
    matrix[:3, :3] = turned @ tilted
    matrix[:3, 3] = x, -1200.0, z
    return matrix


POSES = [pose(0, 0, 0), pose(85, -2600, 2500, 9), pose(170, 400, 5200, 4), pose(-95, 2700, 2700)]


def oval(seconds: float) -> tuple[float, float, float]:
    """A walk with turns that never repeats itself soon."""
    angle = 2 * np.pi * seconds / 7.3 + 0.5 * np.sin(2 * np.pi * seconds / 5.1)
    return 850 * np.sin(angle), 2650 - 550 * np.cos(1.3 * angle), angle


def elsewhere(seconds: float) -> tuple[float, float, float]:
    """Somebody beside, who sways a little."""
    return 1500 + 60 * np.sin(seconds), 3300 + 80 * np.sin(2.3 * seconds), 0.4


@cache
def _upright() -> Bodies:
    one = standing([1])
    return Bodies(1, 0, one.ids, one.positions - one.positions[:, :1], one.orientations, one.confidence)


@cache
def _hanging() -> tuple[tuple[int, ...], ...]:
    """What hangs on each shoulder and hip: left arm, right arm, left leg, right leg."""
    roots = (Joint.SHOULDER_LEFT, Joint.SHOULDER_RIGHT, Joint.HIP_LEFT, Joint.HIP_RIGHT)
    limbs: list[set[int]] = [{int(root)} for root in roots]
    for joint in Joint:
        for limb in limbs:
            limb |= {int(joint)} if joint.parent in limb else set()
    return tuple(tuple(sorted(limb)) for limb in limbs)


def bodies_of(paths: Sequence[Path], seconds: float) -> tuple[F64, F64]:
    """The true joints (P, 32, 3) in the room and their orientations (P, 32, 4): limbs swing, people turn."""
    positions, orientations = [], []
    for number, path in enumerate(paths):
        x, z, heading = path(seconds)
        swing = 0.4 * np.sin(2 * np.pi * 0.93 * seconds + number)
        turns = np.tile(rotation(1, heading), (32, 1, 1))
        for limb, sign in zip(_hanging(), (1, -1, -1, 1), strict=True):
            turns[list(limb)] = turns[list(limb)] @ rotation(0, sign * swing)
        frames = turns @ quaternion_to_matrix(_upright().orientations[0])
        lengths = np.linalg.norm(BIND_BONES, axis=1)
        positions.append(hang(np.array([x, -930.0, z]), frames, lengths))
        orientations.append(matrix_to_quaternion(frames))
    return np.array(positions).reshape(-1, 32, 3), np.array(orientations).reshape(-1, 32, 4)


def rotation(axis: int, angle: float) -> F64:
    """The matrix that turns about an axis by an angle in radians."""
    return quaternion_to_matrix(vector_to_quaternion(np.eye(3)[axis] * angle))


def people(paths: Sequence[Path], seconds: float) -> F64:
    """The true joints (P, 32, 3) in the room."""
    return bodies_of(paths, seconds)[0]


def seen(
    camera: F64,
    paths: Sequence[Path],
    seconds: Sequence[float],
    *,
    clock: float = 0.0,
    noise_mm: float = 15.0,
    seed: int = 0,
    hidden: Sequence[int] = (),
) -> list[Bodies]:
    """What a tracker makes of them: joints with errors, most of it along the rays, those hidden worse.

    `clock` is what the camera's clock shows more than the room's.
    """
    rng = np.random.default_rng([seed, 1])
    run = []
    for frame, second in enumerate(seconds, 1):
        joints, orientations = bodies_of(paths, second)
        there = moved_bodies(
            inverse(camera),
            Bodies(
                frame,
                round((second + clock) * 1e6),
                np.arange(1, len(joints) + 1) + 10 * seed,
                joints,
                orientations,
                np.full((len(joints), 32), 2, np.uint8),
            ),
        )
        rays = there.positions / np.linalg.norm(there.positions, axis=2, keepdims=True)
        error = noise_mm * (
            rng.standard_normal(there.positions.shape)
            + 1.5 * rays * rng.standard_normal((*rays.shape[:2], 1))
        )
        confidence = there.confidence.copy()
        confidence[:, list(hidden)] = 1
        error[:, list(hidden)] *= 6
        run.append(
            Bodies(
                frame, there.device_usec, there.ids, there.positions + error, there.orientations, confidence
            )
        )
    return run


def moments(count: int = 10 * FPS, fps: int = FPS, first: float = 1.0) -> list[float]:
    return [first + number / fps for number in range(count)]


def sightings(poses: Sequence[F64], paths: Sequence[Path] = (oval,), **options: float) -> list[Sighting]:
    return [
        Sighting(f"camera {n}", seen(p, paths, moments(150, 15), seed=n, **options))  # type: ignore[arg-type]
        for n, p in enumerate(poses, 1)
    ]


def pose_errors(found: Rig, poses: Sequence[F64]) -> list[tuple[float, float]]:
    """The distance in mm and angle in degrees of every camera's pose from the true one."""
    errors = []
    for camera, true in zip(found.cameras, Rig.from_poses(poses).cameras, strict=True):
        turn = camera.pose[:3, :3].T @ true.pose[:3, :3]
        angle = np.degrees(np.arccos(np.clip((np.trace(turn) - 1) / 2, -1, 1)))
        errors.append((float(np.linalg.norm(camera.pose[:3, 3] - true.pose[:3, 3])), float(angle)))
    return errors
