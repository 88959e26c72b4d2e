"""A tracker of one's own: follows the nearest figure in the depth image and stands a stiff body into it.

    python examples/custom_tracker.py [SOURCE] [TARGET]

SOURCE is what `bodychan.open_camera` takes, a synthetic scene if not given; TARGET what
`bodychan.open_output` takes, the terminal if not given. No networks are used: only where the body is and how
tall it is are measured. The limbs hang as they may, and the confidence says so; a pillar that stands nearer
is taken for a person. How well it does, say `bodychan.evaluation.benchmark.run(["synthetic:walk"],
open_one=NearestFigure)` and `bodychan.evaluation.tables`.
"""

import argparse
import sys
from collections.abc import Sequence

import numpy as np

from bodychan import Bodies, Calibration, Capture, Channels, Tracker, open_camera, open_output
from bodychan.cameras.synthetic.kinematics import ArmAngles, Pose, arm_rotations, body_frame, solve_pose
from bodychan.channels.pipeline import Memory, Shaping, shape
from bodychan.channels.space import Space
from bodychan.errors import BodychanError
from bodychan.model.arrays import F64, U8, U16
from bodychan.model.rotations import matrix_to_quaternion
from bodychan.model.skeleton import BIND_BONES, Confidence, Joint
from bodychan.testing import check_tracker
from bodychan.tracking.builtin.detect.blobs import Blob, blobs

REACH_MM = 500.0
"""A figure does not go farther than this from one capture to the next."""
LOST_SECONDS = 1.0
"""After so long without a figure the nearest one is somebody new."""
STATURE_MM = (1500.0, 2000.0)
HIPS_BELOW = 0.48
"""From the top of the head to the hips, in statures."""
TEMPLATE_STATURE_MM = 1483.0
"""Stature of somebody with the bones of `BIND_BONES`."""
DEEP_MM = 110.0
"""From the skin in front to the pelvis; joints have no more flesh than twice that before them."""


def standing() -> Pose:
    """Give a person who stands at the origin and faces the camera: positions (32, 3) mm, rotations."""
    trunk = body_frame(0.0)
    turning = {joint: trunk for joint in Joint if joint.rotation is None}
    # A right limb's axes are its left twin's in the mirror, negated.
    for leg in (Joint.HIP_RIGHT, Joint.KNEE_RIGHT, Joint.ANKLE_RIGHT):
        turning[leg] = trunk * (-1.0, -1.0, 1.0)
    for left in (True, False):
        turning |= arm_rotations(trunk, ArmAngles(), left)
    return solve_pose(BIND_BONES, np.zeros(3), turning)


class NearestFigure(Tracker):
    """Follows one figure: the nearest to the camera at first, then the one nearest to where it was."""

    def __init__(self, calibration: Calibration) -> None:
        pose = standing()
        self._lens = calibration.lenses["depth"]
        self._positions = pose.positions
        self._orientations = matrix_to_quaternion(pose.rotations)
        # What is remembered from capture to capture. Times are the device's: no clock is ever read, so the
        # same captures give the same bodies.
        self._id = 0
        self._stature = STATURE_MM[0]
        self._place = np.zeros(3)
        self._usec: int | None = None

    def track(self, capture: Capture) -> Bodies:
        """Give the figure as a body; nobody where the capture has no depth or shows no figure."""
        blob = None if capture.depth is None else self._choose(capture)
        if capture.depth is None or blob is None:
            return Bodies.none(capture.index, capture.device_usec)
        # Legs apart hide how tall somebody is: the tallest that was seen counts.
        self._stature = min(max(self._stature, blob.height), STATURE_MM[1])
        pelvis = blob.top - HIPS_BELOW * self._stature * blob.up + (0.0, 0.0, DEEP_MM)
        positions = pelvis + self._positions * (self._stature / TEMPLATE_STATURE_MM)
        return Bodies(
            capture.index,
            capture.device_usec,
            np.array([self._id]),
            positions[None],
            self._orientations[None],
            self._confidence(positions, capture.depth)[None],
        )

    def _choose(self, capture: Capture) -> Blob | None:
        assert capture.depth is not None
        found = blobs(capture.depth, self._lens)  # the nearest first
        away = None if self._usec is None else (capture.device_usec - self._usec) / 1e6
        if away is not None and 0 <= away <= LOST_SECONDS:
            found = [blob for blob in found if self._distance(blob) < REACH_MM]
            found.sort(key=self._distance)
        elif found:
            self._id += 1
            self._stature = STATURE_MM[0]
        if not found:
            return None
        self._place, self._usec = found[0].top, capture.device_usec
        return found[0]

    def _distance(self, blob: Blob) -> float:
        return float(np.linalg.norm(blob.top - self._place))

    def _confidence(self, positions: F64, depth: U16) -> U8:
        """Say what is known of each joint (32,): MEDIUM only where the depth shows skin just before it."""
        pixels, valid = self._lens.project(positions)
        cells = np.rint(pixels).astype(np.int64)
        inside = valid & ((cells >= 0) & (cells < (depth.shape[1], depth.shape[0]))).all(axis=1)
        cells[~inside] = 0
        flesh = positions[:, 2] - depth[cells[:, 1], cells[:, 0]]
        level = np.where((flesh > 0) & (flesh < 2 * DEEP_MM), Confidence.MEDIUM, Confidence.LOW)
        return np.where(inside, level, Confidence.NONE).astype(np.uint8)


def main(arguments: Sequence[str] | None = None) -> None:
    """Check that the tracker keeps the contract, then send what it tracks to an output, as channels."""
    parser = argparse.ArgumentParser(description="Follow the nearest figure in the depth image.")
    parser.add_argument("source", nargs="?", default="synthetic:walk?seconds=2")
    parser.add_argument("target", nargs="?", default="terminal")
    args = parser.parse_args(arguments)
    with open_camera(args.source) as camera:
        captures = [capture for capture, _ in zip(camera, range(20), strict=False)]
        check_tracker(lambda: NearestFigure(camera.calibration), captures)
    shaping, memory = Shaping(), Memory()
    with (
        open_camera(args.source) as camera,
        NearestFigure(camera.calibration) as tracker,
        open_output(args.target) as output,
    ):
        for capture, bodies in tracker.track_each(camera):
            row, memory = shape(shaping, memory, bodies, camera.calibration, None, Space())
            output.write(Channels(shaping.layout.names, row.values[:, None], camera.fps, capture.index))


if __name__ == "__main__":
    try:
        main()
    except BodychanError as error:
        sys.exit(f"error: {error}")
