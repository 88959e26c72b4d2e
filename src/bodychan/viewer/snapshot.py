"""What pages show of one moment: frozen values, so that they can be encoded on other threads."""

import re
import time
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from bodychan.cameras.base import Camera
from bodychan.channels.channels import Channels
from bodychan.channels.pipeline import BodiesToChannels
from bodychan.channels.space import Gravity, averaged, up_of
from bodychan.model.arrays import F32, F64, I64, frozen
from bodychan.model.bodies import Bodies
from bodychan.model.capture import Capture
from bodychan.model.skeleton import JOINT_COUNT, Joint
from bodychan.operators.kinect.chop import KinectAzureCHOP, layout_of, settings_of
from bodychan.operators.kinect.top import KinectAzureTOP
from bodychan.optics.calibration import Calibration

VALUES = ("tx", "ty", "tz", "confidence", "u", "v", "depthu", "depthv")
"""What pages get of each joint, by the suffix of its channel."""

_GROUPS = frozenset({"worldspace", "confidence", "colorspace", "depthspace"})

NO_SKELETONS: F32 = frozen(np.zeros((0, JOINT_COUNT, len(VALUES)), np.float32))


@dataclass(frozen=True, eq=False)
class Snapshot:
    """One moment.

    `skeletons` (P, 32, 8) are the `VALUES` of each joint, `players` the id in each place. `tracked` is the
    capture that the bodies came from, while it is known. `placement` (3, 4) brings points from the camera's
    channel axes to those of the channels; `captured` is the wall-clock time at which the capture was first
    shown, s.
    """

    serial: int
    seconds: float
    captured: float
    capture: Capture | None
    tracked: Capture | None
    bodies: Bodies | None
    calibration: Calibration | None
    mirrored: bool
    channels: Channels | None
    revision: int
    skeletons: F32
    players: tuple[int, ...]
    placement: F64
    up: F64


class Preview:
    """The skeletons that pages draw: those of a Kinect Azure CHOP, whatever channels it is set to give."""

    def __init__(self) -> None:
        self._camera: Camera | None = None
        self._to_channels: BodiesToChannels | None = None
        self._capture: Capture | None = None
        self._gravity: Gravity | None = None

    def follow(self, top: KinectAzureTOP, chop: KinectAzureCHOP) -> None:
        """Take over the camera, and what the operator's parameters ask of bodies.

        Raises:
            BodychanError: the parameters do not go together; the operator itself says so as well.
        """
        camera = top.camera
        if camera is not self._camera:
            self._camera, self._gravity = camera, None
            self._to_channels = None if camera is None else BodiesToChannels(camera.calibration)
        if self._to_channels is not None:
            asked = layout_of(chop.par)
            layout = replace(asked, groups=_GROUPS, imu=False, status=False, unroll=False)
            self._to_channels.settings = settings_of(chop.par, layout)
        if top.capture is not None and top.capture is not self._capture:
            self._capture, self._gravity = top.capture, averaged(self._gravity, top.capture.imu)

    def skeletons(self, bodies: Bodies | None, capture: Capture | None) -> tuple[F32, tuple[int, ...]]:
        """Return the `VALUES` of each joint (P, 32, 8), and the body id in each place."""
        if self._to_channels is None or bodies is None:
            return NO_SKELETONS, ()
        values = self._to_channels.row(bodies, capture.imu if capture is not None else ()).values
        joints, ids = _places(self._to_channels.settings.layout.names)
        skeletons = values[joints].astype(np.float32).reshape(-1, JOINT_COUNT, len(VALUES))
        return frozen(skeletons), tuple(int(value) for value in values[ids])

    def placement(self) -> F64:
        """Return the (3, 4) matrix from the camera's channel axes to those of the channels."""
        if self._to_channels is None:
            return np.eye(3, 4)
        space = self._to_channels.space
        corner = space.points(np.zeros(3))
        return np.column_stack([space.points(np.eye(3)).T - corner[:, None], corner])

    def up(self) -> F64:
        """Return the direction up in the camera's channel axes, (3,): by gravity, else the image's own."""
        up = up_of(self._gravity, self._camera.calibration) if self._camera is not None else None
        return np.array([0.0, 1.0, 0.0]) if up is None else up / np.linalg.norm(up)


@cache
def _places(names: tuple[str, ...]) -> tuple[I64, I64]:
    """Return the rows of each joint's values, and of each player's id."""
    rows = {name: row for row, name in enumerate(names)}
    players = sum(re.fullmatch(r"p\d+/id", name) is not None for name in names)
    joints = [
        rows[f"p{place}/{joint.channel}:{value}"]
        for place in range(1, players + 1)
        for joint in Joint
        for value in VALUES
    ]
    ids = [rows[f"p{place}/id"] for place in range(1, players + 1)]
    return np.array(joints, np.int64), np.array(ids, np.int64)


def wall_clock(perf_counter: float) -> float:
    """Return the wall-clock time of a time of the performance counter."""
    return time.time() - (time.perf_counter() - perf_counter)
