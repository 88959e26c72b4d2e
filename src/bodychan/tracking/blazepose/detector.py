"""First stage: where in the image are people. BlazePose's detector and the decoding of what it gives.

The constants are those of MediaPipe's pose_detection graph: a single-shot detector with 2254 anchors on a
224-pixel square, whose four keypoints are the middle of the hips, a point on the circle around them that
holds the whole person, and the same two for the upper body.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bodychan.model.arrays import F32, F64, U8, frozen
from bodychan.tracking.blazepose.crop import Region, cut
from bodychan.tracking.blazepose.interpreter import Interpreter

INPUT_SIZE = 224
_STRIDES = ((8, 2), (16, 2), (32, 6))
"""Pixels between anchors, and how many anchors lie at one place."""
_SCORE_LIMIT = 100.0
_SAME_PERSON_OVERLAP = 0.3


@dataclass(frozen=True, slots=True, eq=False)
class Detections:
    """People found in an image, best first.

    `scores` (N,) 0 to 1; `boxes` (N, 4) left, top, right, bottom of the head, and `keypoints` (N, 4, 2):
    hips, whole-body circle, shoulders, upper-body circle; both in the coordinates of the image or region.
    """

    scores: F64
    boxes: F64
    keypoints: F64

    def __len__(self) -> int:
        return len(self.scores)

    @classmethod
    def none(cls) -> "Detections":
        """Nobody."""
        return cls(np.zeros(0), np.zeros((0, 4)), np.zeros((0, 4, 2)))

    def regions(self) -> list[Region]:
        """Give the region of each person for the landmark model; coordinates must be image pixels."""
        return [Region.around_person(points[0], points[1]) for points in self.keypoints]


def anchors() -> F64:
    """Give the anchors' centres (2254, 2) as fractions of the square."""
    grids = []
    for stride, repeat in _STRIDES:
        steps = (np.arange(INPUT_SIZE // stride) + 0.5) * stride / INPUT_SIZE
        grid = np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2)
        grids.append(np.repeat(grid, repeat, axis=0))
    return frozen(np.concatenate(grids))


def decode(raw_scores: F32, raw_boxes: F32, centres: F64, threshold: float) -> Detections:
    """Turn the network's numbers into people, several finds of one person not yet joined.

    Args:
        raw_scores: (2254, 1) logits.
        raw_boxes: (2254, 12) box centre and size, then four keypoints (x, y), input pixels from the anchor.
        centres: (2254, 2) from `anchors`.
        threshold: the least score, 0 to 1.
    """
    logits = np.clip(raw_scores[:, 0].astype(np.float64), -_SCORE_LIMIT, _SCORE_LIMIT)
    scores = 1.0 / (1.0 + np.exp(-logits))
    keep = np.flatnonzero(scores >= threshold)
    keep = keep[np.argsort(-scores[keep], kind="stable")]
    places = raw_boxes[keep].reshape(-1, 6, 2).astype(np.float64) / INPUT_SIZE
    size = places[:, 1].copy()
    places += centres[keep, None]
    box = np.concatenate([places[:, 0] - size / 2, places[:, 0] + size / 2], axis=1)
    return Detections(scores[keep], box, places[:, 2:])


def join(found: Detections) -> Detections:
    """Join the finds whose boxes overlap into one each, the mean weighted by score.

    This is the weighted non-maximum suppression of BlazeFace (Bazarevsky et al. 2019), which keeps
    detections from jumping between neighbouring anchors.
    """
    rest = np.arange(len(found))
    scores, boxes, keypoints = [], [], []
    while len(rest):
        same = box_overlap(found.boxes[rest[0]], found.boxes[rest]) > _SAME_PERSON_OVERLAP
        same[0] = True
        group = rest[same]
        weights = found.scores[group] / found.scores[group].sum()
        scores.append(found.scores[group[0]])
        boxes.append(weights @ found.boxes[group])
        keypoints.append(np.tensordot(weights, found.keypoints[group], axes=1))
        rest = rest[~same]
    return Detections(np.array(scores), np.reshape(boxes, (-1, 4)), np.reshape(keypoints, (-1, 4, 2)))


def box_overlap(box: F64, boxes: F64) -> F64:
    """Give the shared area over the joint area of one box (4,) with each of several (N, 4)."""
    shared = np.minimum(box[2:], boxes[:, 2:]) - np.maximum(box[:2], boxes[:, :2])
    area = np.prod(np.maximum(shared, 0), axis=1)
    joint = np.prod(box[2:] - box[:2]) + np.prod(boxes[:, 2:] - boxes[:, :2], axis=1) - area
    return np.asarray(np.divide(area, joint, out=np.zeros_like(area), where=joint > 0))


def place(found: Detections, region: Region) -> Detections:
    """Turn coordinates that are fractions of a region, turned by quarters, into image pixels."""
    corners = region.to_image(found.boxes.reshape(-1, 2)).reshape(-1, 2, 2)
    boxes = np.concatenate([corners.min(axis=1), corners.max(axis=1)], axis=1)
    keypoints = region.to_image(found.keypoints.reshape(-1, 2)).reshape(-1, 4, 2)
    return Detections(found.scores, boxes, keypoints)


def merge(found: list[Detections]) -> Detections:
    """Join what was found in overlapping parts of one image; coordinates are image pixels."""
    scores = np.concatenate([f.scores for f in found])
    order = np.argsort(-scores, kind="stable")
    boxes = np.concatenate([f.boxes for f in found])
    keypoints = np.concatenate([f.keypoints for f in found])
    return join(Detections(scores[order], boxes[order], keypoints[order]))


def whole_image(width: int, height: int) -> Region:
    """Give the smallest upright square that holds an image."""
    return Region((width - 1) / 2, (height - 1) / 2, float(max(width, height)))


class Detector:
    """The detector network."""

    def __init__(self, model: Path, threads: int) -> None:
        self._network = Interpreter(model, threads)
        self._anchors = anchors()

    def detect(self, image: U8, region: Region, threshold: float) -> Detections:
        """Find people who stand upright in a part of an image; coordinates are image pixels."""
        boxes, scores = self._network.run(cut(image, region, INPUT_SIZE, -1.0, 1.0), (0, 1))
        return place(join(decode(scores[0], boxes[0], self._anchors, threshold)), region)
