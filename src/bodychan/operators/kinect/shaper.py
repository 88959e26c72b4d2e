"""What a Kinect Azure CHOP remembers from capture to capture, and from cook to cook."""

from collections import deque
from dataclasses import dataclass

from bodychan.cameras.base import Camera
from bodychan.channels.pipeline import Memory, Row, Shaping, shape
from bodychan.channels.space import Gravity, Space, averaged, levelled_by, up_of
from bodychan.model.arrays import F64
from bodychan.model.bodies import Bodies
from bodychan.model.capture import Capture, ImuSample

_KEPT = 64
"""How many captures back bodies may be asked for again; far more than the longest time slice holds."""


@dataclass(frozen=True, slots=True, eq=False)
class _Step:
    """What was remembered before the bodies of one capture, and after."""

    bodies: Bodies
    before: Memory
    after: Memory


class Shaper:
    """Shapes bodies capture by capture, in the order of their times.

    Bodies that are asked for again start from the same past as the first time, so that a frame that is cooked
    again gives the same row, and a new parameter the row that it would have given.
    """

    def __init__(self) -> None:
        self._camera: Camera | None = None
        self._steps: deque[_Step] = deque(maxlen=_KEPT)
        self._capture: Capture | None = None
        self._gravity: Gravity | None = None

    @property
    def memory(self) -> Memory:
        """What the newest capture has left."""
        return self._steps[-1].after if self._steps else Memory()

    def follow(self, camera: Camera) -> None:
        """Start anew when it is another camera: the ids and times of the one before mean nothing there."""
        if camera is not self._camera:
            self._camera = camera
            self._steps.clear()
            self._capture = self._gravity = None

    def level(self, camera: Camera, capture: Capture | None) -> F64 | None:
        """Give the rotation to level axes by gravity; None where the camera does not tell it."""
        if capture is not None and capture is not self._capture:
            self._capture, self._gravity = capture, averaged(self._gravity, capture.imu)
        up = up_of(self._gravity, camera.calibration)
        return None if up is None else levelled_by(up)

    def row(
        self, shaping: Shaping, space: Space, bodies: Bodies, camera: Camera, imu: ImuSample | None
    ) -> Row:
        """Give the row of the bodies of one capture."""
        known = next((i for i, step in enumerate(self._steps) if step.bodies is bodies), None)
        before = self.memory if known is None else self._steps[known].before
        while known is not None and len(self._steps) > known:
            self._steps.pop()
        row, after = shape(shaping, before, bodies, camera.calibration, imu, space)
        self._steps.append(_Step(bodies, before, after))
        return row
