"""What outputs are given beside channels: the groups that they need, and where all comes from."""

from collections.abc import Iterable

from bodychan.apps.outlets import Outlet
from bodychan.operators.kinect.chop import KinectAzureCHOP
from bodychan.operators.kinect.settings import sensor_url
from bodychan.operators.kinect.top import KinectAzureTOP
from bodychan.outputs.about import About
from bodychan.outputs.angles import GROUPS


def supply(
    top: KinectAzureTOP, chop: KinectAzureCHOP, outlets: Iterable[Outlet], *, angles: bool = False
) -> None:
    """Switch on the groups of channels that outputs need, unseen by the others, and say where all comes from.

    Args:
        top: the camera, or the first of several.
        chop: where the channels come from.
        outlets: where they go.
        angles: whether joint angles are made on the way.

    Raises:
        CameraError: the camera cannot be opened.
    """
    every = list(outlets)
    asked = chop.layout.groups
    needed = (GROUPS if angles else frozenset()).union(*(outlet.groups for outlet in every)) - asked
    for group in needed:
        setattr(chop.par, group, True)
    about = origin(top, chop)
    for outlet in every:
        outlet.hidden = needed - outlet.groups
        outlet.describe(about)


def origin(top: KinectAzureTOP, chop: KinectAzureCHOP) -> About:
    """Say where the channels of an operator come from.

    Raises:
        CameraError: the camera cannot be opened.
    """
    parameters = {
        name: {row.name: value for row, value in operator.par}
        for name, operator in (("top", top), ("chop", chop))
    }
    raw = top.open().calibration.raw.partition(b"\0")[0]
    return About(sensor_url(top.par), raw.decode("utf-8", "replace"), parameters)
