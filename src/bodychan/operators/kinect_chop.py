"""The Kinect Azure CHOP: the tracked bodies as named channels."""

from typing import TYPE_CHECKING

import numpy as np

from bodychan.channels import JOINT_GROUPS, Channel, Channels, Layout, evaluate
from bodychan.errors import OperatorError
from bodychan.operators.base import Operator
from bodychan.operators.kinect_top import MAX_BODIES, KinectAzureTOP
from bodychan.operators.parameters import Kind, Parameter
from bodychan.players import compact
from bodychan.types import F32, F64

if TYPE_CHECKING:
    from bodychan.operators.project import Project

_PAGE = "Kinect Azure"


def _toggle(name: str, label: str, default: bool, text: str) -> Parameter:
    return Parameter(name, label, _PAGE, Kind.TOGGLE, default, text)


class KinectAzureCHOP(Operator):
    """Named channels of the players that a Kinect Azure TOP tracks.

    Reading a channel cooks the operator up to the project's frame. While nobody is there, or the TOP is
    missing or not active, the channels stay and are 0.
    """

    parameters = (
        _toggle("active", "Active", True, "Takes the bodies of the TOP; when off, every channel is 0."),
        Parameter(
            "top", "Kinect Azure TOP", _PAGE, Kind.OPERATOR, "", "Name of the Kinect Azure TOP of the camera."
        ),
        Parameter(
            "maxplayers",
            "Max Players",
            _PAGE,
            Kind.INT,
            1,
            "How many players have channels. Those without a body are 0.",
            1,
            MAX_BODIES,
        ),
        _toggle(
            "relbonerotations",
            "Relative Bone Rotations",
            False,
            "Rotation of each joint about X, Y, Z relative to its parent, degrees.",
        ),
        _toggle(
            "absbonerotations",
            "Absolute Bone Rotations",
            False,
            "Rotation of each joint about X, Y, Z relative to the world, degrees.",
        ),
        _toggle("bonelengths", "Bone Lengths", False, "Distance of each joint from its parent, metres."),
        _toggle("worldspace", "World Space Positions", True, "Position of each joint, metres."),
        _toggle(
            "colorspace",
            "Color Image Positions",
            False,
            "Position of each joint in the colour image, 0 to 1.",
        ),
        _toggle(
            "depthspace", "Depth Image Positions", False, "Position of each joint in the depth image, 0 to 1."
        ),
        _toggle(
            "aspectcorrectuv",
            "Aspect Correct UVs",
            False,
            "Scales v by the image's height over its width, so that u and v have one unit.",
        ),
        _toggle("flipimagev", "Mirror Image V Positions", False, "Puts 0, 0 at the top left of the images."),
        _toggle("flipskelu", "Mirror U Positions", False, "Mirrors u, for images that are shown mirrored."),
        _toggle(
            "confidence",
            "Bone Confidence",
            False,
            "How sure each joint is: 0 out of range, 1 predicted, 2 seen.",
        ),
        _toggle(
            "imuchans",
            "IMU Channels",
            False,
            "Temperature in °C, acceleration in m/s² and rotation in rad/s of the camera.",
        ),
    )

    def __init__(self, project: "Project", name: str, **values: object) -> None:
        super().__init__(project, name, **values)
        self._channels: Channels | None = None

    @property
    def layout(self) -> Layout:
        """Which channels the parameters ask for."""
        par = self.par
        return Layout(
            players=par.maxplayers,
            groups=frozenset(group for group in JOINT_GROUPS if getattr(par, group)),
            imu=par.imuchans,
            aspect_correct=par.aspectcorrectuv,
            flip_v=par.flipimagev,
            flip_u=par.flipskelu,
        )

    @property
    def channels(self) -> Channels:
        """The channels at the project's frame."""
        self.cook()
        assert self._channels is not None  # every cook leaves some, at least zeros
        return self._channels

    def _cook(self) -> None:
        layout = self.layout
        values = np.zeros(len(layout.names))
        try:
            values = self._values(layout)
        finally:
            start = max(self.project.frame - 1, 0)
            self._channels = Channels(layout.names, values[:, None], self.project.fps, start)

    def _values(self, layout: Layout) -> F64:
        zeros = np.zeros(len(layout.names))
        if not self.par.active:
            return zeros
        top = self._top()
        top.cook()
        if top.errors():
            raise OperatorError(f"{top.path} has an error: {top.errors()}")
        if not top.par.active:
            self._warnings.append(f"{top.path} is not active: switch its parameter 'active' on")
            return zeros
        if top.camera is None or top.bodies is None:
            return zeros
        slots = compact(top.bodies, layout.players)
        return evaluate(layout, slots, top.camera.calibration, top.imu)

    def _top(self) -> KinectAzureTOP:
        if not self.par.top:
            raise OperatorError(f"{self.path} has no TOP: set its parameter 'top' to a Kinect Azure TOP")
        top = self.project.op(self.par.top)
        if not isinstance(top, KinectAzureTOP):
            raise OperatorError(f"{self.path}: {top.path} is a {type(top).__name__}, not a KinectAzureTOP")
        return top

    @property
    def numChans(self) -> int:
        """Number of channels."""
        return self.channels.numChans

    @property
    def numSamples(self) -> int:
        """Number of samples in each channel."""
        return self.channels.numSamples

    @property
    def rate(self) -> float:
        """Samples per second."""
        return self.channels.rate

    @property
    def start(self) -> float:
        """Index of the first sample on the timeline."""
        return self.channels.start

    @property
    def end(self) -> float:
        """Index of the last sample on the timeline."""
        return self.channels.end

    def __len__(self) -> int:
        return self.numChans

    def __bool__(self) -> bool:
        return True

    def __getitem__(self, key: str | int) -> Channel:
        return self.channels[key]

    def chan(self, *names_or_indices: str | int, caseSensitive: bool = True) -> Channel | None:
        """Give the first channel that a pattern or index chooses, None if there is none."""
        return self.channels.chan(*names_or_indices, caseSensitive=caseSensitive)

    def chans(self, *names_or_indices: str | int, caseSensitive: bool = True) -> list[Channel]:
        """Give the channels that patterns or indices choose; all of them without an argument."""
        return self.channels.chans(*names_or_indices, caseSensitive=caseSensitive)

    def numpyArray(self) -> F32:
        """Give all samples, (channels, samples) float32."""
        return self.channels.numpyArray()
