"""Every stage of the built-in tracker in one capture of a recording, as one picture."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bodychan.bodies import Bodies
from bodychan.calibration import Calibration
from bodychan.cameras import open_camera
from bodychan.cameras.base import Camera
from bodychan.capture import Capture
from bodychan.errors import CameraError
from bodychan.evaluation.truth import People, known_by_source, truth_reader
from bodychan.outputs.files import require_free
from bodychan.skeleton import Joint
from bodychan.tracking import open_tracker
from bodychan.tracking.complete import Completed, complete
from bodychan.tracking.detect import Detections, Detector, merge
from bodychan.tracking.image import View, for_detector, view
from bodychan.tracking.landmarks import INPUT_SIZE, LandmarkModel, Landmarks
from bodychan.tracking.lift import Lifted, cloud, grid, lift
from bodychan.tracking.models import locate
from bodychan.tracking.region import Region, cut
from bodychan.tracking.search import parts
from bodychan.tracking.segment import index_map
from bodychan.types import F64, U8

WARM_CAPTURES = 30
"""So many captures before the one that is drawn are tracked as well: sizes and ids have settled then."""
_MOST = 6
_DETECTOR_SCORE, _PERSON_SCORE = 0.4, 0.4
_SAME_OVERLAP = 0.3
"""A body whose region overlaps a detection's by so much is the one that was detected."""
_AROUND = 1.1
"""Radius of the circle around a body's hips, relative to its farthest joint."""


@dataclass(frozen=True, slots=True, eq=False)
class Person:
    """One region that was looked at: `cutout` (256, 256, 3) uint8 is what the landmark network saw.

    `lifted` and `completed` are None where the network saw no person or the depth image shows none.
    """

    cutout: U8
    landmarks: Landmarks
    lifted: Lifted | None
    completed: Completed | None


@dataclass(frozen=True, slots=True, eq=False)
class Stages:
    """What each stage gave in one capture.

    `seen` is what the networks see; `squares` the parts of it that were searched and `detections` what was
    found there. `people` were looked at one by one, each as if the capture were the first; `bodies` are the
    tracker's, which has seen the captures before; `owner` (H, W) the body index map; `truth` the people as
    they are, where that is known.
    """

    capture: Capture
    seen: View
    squares: list[Region]
    detections: Detections
    people: list[Person]
    bodies: Bodies
    owner: U8 | None
    truth: People | None


def run(recording: str, number: int, out: Path, *, overwrite: bool = False) -> Stages:
    """Draw every stage of one capture into a PNG.

    Args:
        recording: what `open_camera` takes; where NAME.gt.json lies beside it, the truth is drawn too.
        number: of the capture, counted from 1, dropped ones counted too.
        out: the picture.
        overwrite: replace it if it exists.

    Raises:
        CameraError: the recording cannot be read, or has no such capture.
        ModelError: the tracker's model files are missing and cannot be fetched.
        OutputError: the picture exists and `overwrite` is off, or cannot be written.
    """
    from bodychan import picture
    from bodychan.evaluation import debug_plots

    require_free(out, overwrite=overwrite)
    known = known_by_source(recording)
    with open_camera(recording) as camera, open_tracker(camera.calibration) as tracker:
        captures = _until(camera, number)
        capture, bodies = list(tracker.track_each(captures))[-1]
        true = truth_reader(known, camera)(capture) if known else None
        stages = explain(capture, bodies, camera.calibration, true)
        picture.save(debug_plots.draw(stages, camera.calibration, recording), out, overwrite=overwrite)
    return stages


def _until(camera: Camera, number: int) -> Iterator[Capture]:
    """Give the captures that lead up to one, and that one last."""
    if number < 1:
        raise CameraError(f"{camera.name} has no capture {number}: they are counted from 1")
    first = max(number - WARM_CAPTURES, 1)
    camera.seek(camera.start_usec + round((first - 1.5) * 1e6 / camera.fps))
    last = 0
    for capture in camera:
        last = capture.index
        if last > number:
            raise CameraError(f"{camera.name} has no capture {number}, it was dropped: the next is {last}")
        yield capture
        if last == number:
            return
    raise CameraError(f"{camera.name} has no capture {number}: it has {len(camera)}")


def explain(capture: Capture, bodies: Bodies, calibration: Calibration, true: People | None = None) -> Stages:
    """Go through the stages of the tracker once more for a capture, as if it were the first.

    Args:
        capture: with at least one image.
        bodies: what the tracker gave for it.
        calibration: the camera's.
        true: the people as they are, to be drawn.

    Raises:
        CameraError: the capture has no image.
    """
    seen = view(capture)
    if seen is None:
        raise CameraError(f"capture {capture.index} has no image: choose another")
    files = locate()
    detector, model = Detector(files.detector, 1), LandmarkModel(files.landmarks, 1)
    squares = parts(seen.image.shape[1], seen.image.shape[0])
    smooth = for_detector(seen)
    found = merge([detector.detect(smooth, square, _DETECTOR_SCORE) for square in squares])
    # The network looks twice where a person was detected: the second region follows from its landmarks.
    regions = [model.find(seen.image, region).next_region for region in found.regions()]
    for points in bodies.positions:
        region = _around(points, calibration, seen.camera)
        if region is not None and all(region.overlap(other) < _SAME_OVERLAP for other in regions):
            regions.append(region)
    people = [_look(capture, seen, region, model, calibration) for region in regions[:_MOST]]
    owner = None if capture.depth is None else index_map(capture.depth, bodies, calibration)
    return Stages(capture, seen, squares, found, people, bodies, owner, true)


def _around(points: F64, calibration: Calibration, camera: str) -> Region | None:
    """Give the region of a body (32, 3) that may not have been detected; None if it is out of view."""
    pixels, valid = calibration.project(points, "depth", camera)
    if not valid.all():
        return None
    hips = pixels[[Joint.HIP_LEFT, Joint.HIP_RIGHT]].mean(axis=0)
    up = pixels[Joint.NECK] - hips
    radius = float(np.linalg.norm(pixels - hips, axis=1).max()) * _AROUND
    return Region.around_person(hips, hips + up * (radius / max(math.hypot(*up), 1e-6)))


def _look(
    capture: Capture, seen: View, region: Region, model: LandmarkModel, calibration: Calibration
) -> Person:
    cutout = np.rint(cut(seen.image, region, INPUT_SIZE, 0.0, 255.0)).astype(np.uint8)
    landmarks = model.find(seen.image, region)
    lifted = completed = None
    if capture.depth is not None and landmarks.score > _PERSON_SCORE:
        around = cloud(capture.depth, grid(calibration), calibration, seen.camera)
        lifted = lift(landmarks, capture.depth, around, calibration, seen.camera)
    if lifted is not None:
        completed = complete(lifted, landmarks.world, None, 0.0)
    return Person(cutout, landmarks, lifted, completed)
