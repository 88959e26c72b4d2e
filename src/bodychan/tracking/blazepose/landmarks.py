"""Second stage: the 33 landmarks of one person in the image, by BlazePose's landmark model.

What each of the network's five results means, and the step from its heat maps to finer landmarks, is that of
MediaPipe's pose_landmark graph.
"""

from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

import numpy as np

from bodychan.model.arrays import F32, F64, U8
from bodychan.tracking.blazepose.crop import Region, cut
from bodychan.tracking.blazepose.interpreter import Interpreter

INPUT_SIZE = 256
_HIPS, _CIRCLE = 33, 34
"""The two auxiliary points, from which the region in the next image follows."""
_RESULTS = range(5)

_HEAT_WINDOW = np.stack(np.meshgrid(np.arange(-3, 4), np.arange(-3, 4)), axis=-1).reshape(-1, 2)
"""Cells of the heat map around a landmark, x and y, in which its warmth is looked for."""
_LEAST_WARMTH = 0.5
"""A heat map that is nowhere warmer around a landmark says nothing of it."""


class Landmark(IntEnum):
    """BlazePose's landmarks in its order; left is the person's own."""

    NOSE = 0
    EYE_INNER_LEFT = 1
    EYE_LEFT = 2
    EYE_OUTER_LEFT = 3
    EYE_INNER_RIGHT = 4
    EYE_RIGHT = 5
    EYE_OUTER_RIGHT = 6
    EAR_LEFT = 7
    EAR_RIGHT = 8
    MOUTH_LEFT = 9
    MOUTH_RIGHT = 10
    SHOULDER_LEFT = 11
    SHOULDER_RIGHT = 12
    ELBOW_LEFT = 13
    ELBOW_RIGHT = 14
    WRIST_LEFT = 15
    WRIST_RIGHT = 16
    PINKY_LEFT = 17
    PINKY_RIGHT = 18
    INDEX_LEFT = 19
    INDEX_RIGHT = 20
    THUMB_LEFT = 21
    THUMB_RIGHT = 22
    HIP_LEFT = 23
    HIP_RIGHT = 24
    KNEE_LEFT = 25
    KNEE_RIGHT = 26
    ANKLE_LEFT = 27
    ANKLE_RIGHT = 28
    HEEL_LEFT = 29
    HEEL_RIGHT = 30
    TOE_LEFT = 31
    TOE_RIGHT = 32


LANDMARK_COUNT = len(Landmark)
TRUNK = [Landmark.SHOULDER_LEFT, Landmark.SHOULDER_RIGHT, Landmark.HIP_LEFT, Landmark.HIP_RIGHT]


@dataclass(frozen=True, slots=True, eq=False)
class Landmarks:
    """One person's landmarks in an image.

    `pixels` (33, 2) 0-centred, also outside the image; `visibility` (33,) 0 to 1, how likely a landmark is
    not hidden, `presence` (33,) how likely it is inside the region; `world` (33, 3) mm from the middle of
    the hips, axes as the camera's (x right, y down, z away from it), a guess of the pose from the image
    alone; `score` 0 to 1, how likely the region shows a person at all; `mask` (256, 256) over `region`,
    above 0 where the person is; `region` the part of the image that was looked at, and `next_region` where
    the person is, to be looked at in the next image.
    """

    pixels: F64
    visibility: F64
    presence: F64
    world: F64
    score: float
    mask: F32
    region: Region
    next_region: Region


def decode(outputs: list[F32], region: Region) -> Landmarks:
    """Turn what the network gives into landmarks.

    Args:
        outputs: landmarks (1, 195): 39 times x, y, z in input pixels, logits of visibility and presence;
            score (1, 1); mask logits (1, 256, 256, 1); heat maps (1, 64, 64, 39), logits of where each
            landmark is; world landmarks (1, 117) in m.
        region: the part of the image that the network saw.
    """
    points = outputs[0].reshape(-1, 5).astype(np.float64)
    pixels = region.to_image(refined(points[:, :2] / INPUT_SIZE, outputs[3][0]))
    flat = outputs[4].reshape(-1, 3)[:LANDMARK_COUNT].astype(np.float64) * 1000
    turn = region.matrix[:, :2] / region.size
    return Landmarks(
        pixels[:LANDMARK_COUNT],
        _sigmoid(points[:LANDMARK_COUNT, 3]),
        _sigmoid(points[:LANDMARK_COUNT, 4]),
        np.concatenate([flat[:, :2] @ turn.T, flat[:, 2:]], axis=1),
        float(outputs[1][0, 0]),
        outputs[2][0, :, :, 0],
        region,
        Region.around_person(pixels[_HIPS], pixels[_CIRCLE]),
    )


def refined(fractions: F64, heat: F32) -> F64:
    """Move landmarks to the middle of the warmth around them.

    The network says twice where a landmark is: as two numbers, and as a heat map, which is the more exact of
    the two near to where the numbers point. Where the map is cold there, they stand.

    Args:
        fractions: (N, 2) of the input's width and height.
        heat: (H, W, N) logits; cell 0 lies at fraction 0.
    """
    height, width, count = heat.shape
    size = np.array([width, height])
    middle = np.floor(fractions * size).astype(np.int64)
    cells = middle[:, None] + _HEAT_WINDOW
    inside = ((cells >= 0) & (cells < size)).all(axis=-1)
    x, y = np.moveaxis(np.clip(cells, 0, size - 1), -1, 0)
    warmth = np.where(inside, _sigmoid(heat[y, x, np.arange(count)[:, None]].astype(np.float64)), 0.0)
    total = np.maximum(warmth.sum(axis=1), 1e-9)
    moved = (cells * warmth[:, :, None]).sum(axis=1) / total[:, None] / size
    clear = (warmth.max(axis=1) > _LEAST_WARMTH) & inside[:, len(_HEAT_WINDOW) // 2]
    return np.where(clear[:, None], moved, fractions)


def _sigmoid(logits: F64) -> F64:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(logits, -50, 50))))


class LandmarkModel:
    """The landmark network."""

    def __init__(self, model: Path, threads: int) -> None:
        self._network = Interpreter(model, threads)

    def find(self, image: U8, region: Region) -> Landmarks:
        """Find the landmarks of the person in a region of an image (H, W, 3)."""
        return self.look(part_of(image, region), region)

    def look(self, part: F32, region: Region) -> Landmarks:
        """Find them in what `part_of` gives of the image."""
        return decode(self._network.run(part, _RESULTS), region)


def part_of(image: U8, region: Region) -> F32:
    """Cut out of an image (H, W, 3) what the network is given of a region, (256, 256, 3)."""
    return cut(image, region, INPUT_SIZE, 0.0, 1.0)
