"""A tracker of one's own: follows the nearest figure in the depth image and fits a stiff body to it.

    python examples/custom_tracker.py [SOURCE] [TARGET]

SOURCE is what `bodychan.open_camera` takes, a synthetic scene if not given; TARGET what
`bodychan.open_output` takes, the terminal if not given. No networks are used: only where the body is and how
tall it is are measured. The camera must be about level. The limbs hang straight down, and the confidence says
where the depth image disagrees; a pillar that stands nearer is taken for a person. To measure it, use
`bodychan.evaluation.benchmark.run(["synthetic:walk"], open_one=NearestFigure)`.
"""

import argparse
import sys
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial.transform import Rotation

import bodychan
from bodychan import Bodies, Calibration, Capture, Joint

REACH_MM = 500.0
"""A figure does not go farther than this from one capture to the next."""
LOST_SECONDS = 1.0
"""After so long without a figure the nearest one is somebody new."""
STATURE_MM = (1500.0, 2000.0)
WIDTH_MM, LEAST_HEIGHT_MM = (150.0, 1000.0), 600.0
"""Size of a figure; walls are wider."""
EYES = 0.936
"""Height of the eyes in statures (Drillis and Contini, Body Segment Parameters, 1966)."""
DEEP_MM = 110.0
"""From the skin in front to the pelvis; joints have no more flesh than twice that before them."""
JUMP_MM = 150.0
"""Neighbouring pixels whose depths differ by more are not one surface."""
STEP = 4
"""Every so many pixels of the depth image are looked at."""
OUT_OF_RANGE, PREDICTED, SEEN = 0, 1, 2
"""Levels of confidence."""

Floats = NDArray[np.float64]

# Up, forward and left of somebody who faces the camera, in its axes: x right, y down, z forward.
UP, FORWARD, LEFT = np.array([[0.0, -1.0, 0.0], [0.0, 0.0, -1.0], [1.0, 0.0, 0.0]])


def standing() -> tuple[Floats, Rotation]:
    """Return somebody who stands with hanging arms: positions (32, 3) for a stature of 1, and rotations.

    The pelvis is the origin. The axes of the joints are those that docs/conventions.md describes.
    """
    trunk = np.stack([UP, FORWARD, LEFT], axis=1)
    positions, rotations = np.zeros((len(Joint), 3)), [Rotation.identity()] * len(Joint)
    for joint in Joint:
        parent = joint.parent
        axes = trunk
        if joint.name.startswith("CLAVICLE"):
            axes = np.stack([LEFT, FORWARD, -UP], axis=1)
        elif joint.name.startswith(("SHOULDER", "ELBOW", "WRIST", "HAND_")):
            axes = np.stack([-UP, FORWARD, -LEFT], axis=1)
        if joint.side == "right":  # the left twin in the mirror, with all axes negated
            axes = -np.diag([-1.0, 1.0, 1.0]) @ axes
        rotations[joint] = Rotation.from_matrix(axes)
        if parent is not None:
            positions[joint] = positions[parent] + rotations[parent].apply(joint.direction) * joint.length
            if joint.rotation is not None:
                rotations[joint] = rotations[parent] * Rotation.from_quat(joint.rotation, scalar_first=True)
    eyes_over_feet = (positions[Joint.EYE_LEFT] - positions[Joint.FOOT_LEFT]) @ UP
    return positions * (EYES / eyes_over_feet), Rotation.concatenate(rotations)


class Figure:
    """Something of a person's size: `top` (3,) mm its highest place, and its `height` in mm."""

    def __init__(self, points: Floats) -> None:
        heights = points @ UP
        self.height = float(np.ptp(heights))
        highest = points[heights > heights.max() - 100.0]
        self.top = np.array([np.median(highest[:, 0]), points[heights.argmax(), 1], np.median(points[:, 2])])


def figures(depth: NDArray[np.uint16], calibration: Calibration) -> list[Figure]:
    """Find what stands free of its surroundings and is as large as a person, the nearest first."""
    points = bodychan.remap.point_cloud(depth, calibration)[::STEP, ::STEP].astype(np.float64)
    z = points[..., 2]
    # The floor goes away from the camera faster than it goes up, both towards the rows above and those below.
    floor = np.ones(z.shape, bool)
    for rows in (-3, 3):
        slope = np.roll(points, rows, axis=0) - points
        floor &= np.abs(slope[..., 2]) > np.abs(slope[..., 1])
    jumps = [np.abs(np.diff(z, axis=axis, prepend=0)) > JUMP_MM for axis in (0, 1)]
    labels, count = ndimage.label((z > 0) & ~floor & ~jumps[0] & ~jumps[1])
    found = []
    for part in range(1, count + 1):
        own = points[labels == part]
        # Without the outermost tenth: a strip of the floor may hang on the feet.
        width = np.ptp(np.percentile(own[:, 0], (5, 95)))
        if WIDTH_MM[0] < width < WIDTH_MM[1] and np.ptp(own[:, 1]) > LEAST_HEIGHT_MM:
            found.append(Figure(own))
    return sorted(found, key=lambda figure: float(figure.top[2]))


class NearestFigure(bodychan.Tracker):
    """Follows one figure: the nearest to the camera at first, then the one nearest to where it was."""

    def __init__(self, calibration: Calibration) -> None:
        self._calibration = calibration
        self._positions, rotations = standing()
        self._orientations = rotations.as_quat(scalar_first=True)
        # What is remembered from capture to capture. Times are the device's: no clock is ever read, so the
        # same captures give the same bodies.
        self._id = 0
        self._stature = STATURE_MM[0]
        self._place = np.zeros(3)
        self._usec: int | None = None

    def track(self, capture: Capture) -> Bodies:
        """Return the figure as a body; nobody where the capture has no depth or shows no figure."""
        figure = None if capture.depth is None else self._choose(capture)
        if capture.depth is None or figure is None:
            return Bodies.none(capture.index, capture.device_usec)
        # Legs apart hide how tall somebody is: the tallest that was seen counts.
        self._stature = min(max(self._stature, figure.height), STATURE_MM[1])
        body = self._positions * self._stature
        head_top = body[Joint.EYE_LEFT] @ UP + (1.0 - EYES) * self._stature
        positions = figure.top - head_top * UP + (0.0, 0.0, DEEP_MM) + body
        return Bodies(
            capture.index,
            capture.device_usec,
            np.array([self._id], np.int64),
            positions[None],
            self._orientations[None],
            self._confidence(positions, capture.depth)[None],
        )

    def _choose(self, capture: Capture) -> Figure | None:
        assert capture.depth is not None
        found = figures(capture.depth, self._calibration)
        away = None if self._usec is None else (capture.device_usec - self._usec) / 1e6
        if away is not None and 0 <= away <= LOST_SECONDS:
            found = [figure for figure in found if self._distance(figure) < REACH_MM]
            found.sort(key=self._distance)
        elif found:
            self._id += 1
            self._stature = STATURE_MM[0]
        if not found:
            return None
        self._place, self._usec = found[0].top, capture.device_usec
        return found[0]

    def _distance(self, figure: Figure) -> float:
        return float(np.linalg.norm(figure.top - self._place))

    def _confidence(self, positions: Floats, depth: NDArray[np.uint16]) -> NDArray[np.uint8]:
        """Return what is known of each joint (32,): seen only where the depth shows skin just before it."""
        pixels, valid = self._calibration.project(positions, "depth", "depth")
        cells = np.rint(pixels).astype(np.int64)
        inside = valid & ((cells >= 0) & (cells < (depth.shape[1], depth.shape[0]))).all(axis=1)
        cells[~inside] = 0
        flesh = positions[:, 2] - depth[cells[:, 1], cells[:, 0]]
        level = np.where((flesh > 0) & (flesh < 2 * DEEP_MM), SEEN, PREDICTED)
        return np.where(inside, level, OUT_OF_RANGE).astype(np.uint8)


def main(arguments: Sequence[str] | None = None) -> None:
    """Check that the tracker keeps the contract, then send what it tracks to an output, as channels."""
    parser = argparse.ArgumentParser(description="Follow the nearest figure in the depth image.")
    parser.add_argument("source", nargs="?", default="synthetic:walk?seconds=2")
    parser.add_argument("target", nargs="?", default="terminal")
    args = parser.parse_args(arguments)
    with bodychan.open_camera(args.source) as camera:
        captures = [capture for capture, _ in zip(camera, range(20), strict=False)]
        bodychan.testing.check_tracker(lambda: NearestFigure(camera.calibration), captures)
    with (
        bodychan.open_camera(args.source) as camera,
        NearestFigure(camera.calibration) as tracker,
        bodychan.open_output(args.target) as output,
    ):
        to_channels = bodychan.BodiesToChannels(camera.calibration)
        for capture, bodies in tracker.track_each(camera):
            output.write(to_channels.channels(bodies, capture.imu, rate=camera.fps))


if __name__ == "__main__":
    try:
        main()
    except bodychan.errors.BodychanError as error:
        sys.exit(f"error: {error}")
