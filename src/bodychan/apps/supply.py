"""What outputs are given beside channels: the groups that they need, and where all comes from."""

from collections.abc import Mapping, Sequence

from bodychan.apps.outlets import Outlet
from bodychan.operators.chop import CHOP
from bodychan.operators.kinect.chop import KinectAzureCHOP
from bodychan.operators.kinect.fusion import FusionCHOP
from bodychan.operators.kinect.settings import sensor_url
from bodychan.operators.kinect.top import KinectAzureTOP
from bodychan.operators.merge import MergeCHOP
from bodychan.outputs.about import About
from bodychan.outputs.angles import GROUPS


def supply(outlets: Mapping[Outlet, CHOP], *, angles: bool = False) -> None:
    """Switch on the groups of channels that outputs need, unseen by the others; say where all comes from.

    That is not said where several operators' bodies are merged, or where the camera does not work.

    Args:
        outlets: all outputs of a project, each with the operator whose channels it gets.
        angles: whether joint angles are made on the way.

    Raises:
        CameraError: a camera cannot be opened.
        OperatorError: an operator does not name its camera.
    """
    before = {outlet: makers(source) for outlet, source in outlets.items()}
    switch_on(before, GROUPS if angles else frozenset())
    for outlet, chops in before.items():
        if len(chops) == 1:
            top = _camera_of(chops[0])
            if top.failure is None:
                outlet.describe(origin(top, chops[0]))


def makers(source: CHOP) -> tuple[KinectAzureCHOP, ...]:
    """Give the operators that make an operator's channels of bodies: itself, or those that it merges."""
    if isinstance(source, KinectAzureCHOP):
        return (source,)
    if not isinstance(source, MergeCHOP):
        return ()
    return tuple(dict.fromkeys(maker for merged in source.sources for maker in makers(merged)))


def switch_on(
    outlets: Mapping[Outlet, Sequence[KinectAzureCHOP]], also: frozenset[str] = frozenset()
) -> None:
    """Switch on the groups of channels that outputs need, unseen by those that do not.

    Args:
        outlets: outputs with the makers of their channels; whichever of them get channels that other outputs
            have needed before do not get them now, either.
        also: groups that are needed of every maker.
    """
    asked = {chop: chop.layout.groups for chops in outlets.values() for chop in chops}
    for outlet, chops in outlets.items():
        for chop in chops:
            for group in (outlet.groups | also) - asked[chop]:
                setattr(chop.par, group, True)
    none: frozenset[str] = frozenset()
    for outlet, chops in outlets.items():
        there = none.union(*(chop.layout.groups for chop in chops))
        outlet.hidden |= there - outlet.groups - none.union(*(asked[chop] for chop in chops))


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


def _camera_of(chop: KinectAzureCHOP) -> KinectAzureTOP:
    """Give the camera whose bodies become channels; of several the first."""
    if isinstance(chop, FusionCHOP):
        return chop.placed()[0][1]
    return chop.project.reference(chop, "top", KinectAzureTOP)
