"""A camera wired to what makes channels of it, and what both need to work."""

from collections.abc import Mapping
from os import PathLike

from bodychan.channels.channels import Channels
from bodychan.errors import CameraError, ParameterError, did_you_mean
from bodychan.operators.chop import CHOP
from bodychan.operators.kinect.chop import KinectAzureCHOP
from bodychan.operators.kinect.playback import Playback
from bodychan.operators.kinect.top import KinectAzureTOP
from bodychan.operators.project import Project


def wire(
    project: Project,
    source: str | PathLike[str],
    parameters: Mapping[str, object],
    playback: Playback | None = None,
) -> tuple[KinectAzureTOP, KinectAzureCHOP]:
    """Make a TOP for a source and a CHOP that follows it, and give each parameter to the one that has it.

    A name may say which is meant: `top.active`, `chop.active`.

    Raises:
        ParameterError: neither has the parameter, both have it, or the value is outside its range.
    """
    top = project.create(KinectAzureTOP, "kinectazure1", playback=playback, sensor=source)
    chop = project.create(KinectAzureCHOP, "bodies", top=top)
    set_parameters(parameters, top, chop)
    return top, chop


def set_parameters(parameters: Mapping[str, object], top: KinectAzureTOP, chop: KinectAzureCHOP) -> None:
    """Give each parameter to the one of the two that has it.

    Raises:
        ParameterError: neither has it, both have it, or the value is outside its range.
    """
    for name, value in parameters.items():
        setattr(_owner(name, top, chop).par, name.rpartition(".")[2], value)


def _owner(name: str, top: KinectAzureTOP, chop: KinectAzureCHOP) -> KinectAzureTOP | KinectAzureCHOP:
    prefix, dot, bare = name.rpartition(".")
    if dot:
        if prefix not in ("top", "chop"):
            raise ParameterError(f"no operator '{prefix}': write top.{bare} or chop.{bare}")
        return top if prefix == "top" else chop
    owners = [op for op in (top, chop) if name in {p.name for p in op.parameters}]
    if len(owners) == 2:
        raise ParameterError(f"both operators have a parameter '{name}': write top.{name} or chop.{name}")
    if not owners:
        known = [p.name for p in (*chop.parameters, *top.parameters)]
        raise ParameterError(f"no parameter '{name}': {did_you_mean(name, known)}")
    return owners[0]


def require_active(top: KinectAzureTOP, chop: KinectAzureCHOP) -> None:
    """Refuse a run whose channels could only be zeros.

    Raises:
        ParameterError: one of the two is not active.
        CameraError: there is no depth, without which nobody can be tracked.
    """
    for name, operator in (("top", top), ("chop", chop)):
        if not operator.par.active:
            raise ParameterError(f"{name}.active is off, all channels would be 0: leave it on")
    camera = top.open()
    if not camera.measures_depth:
        raise CameraError(
            f"{camera.name} has no depth images, which tracking needs: record again in another depth mode"
        )


def working(chop: CHOP) -> Channels:
    """Give the channels of an operator that works.

    Raises:
        BodychanError: what keeps it from working.
    """
    channels = chop.channels
    if chop.failure is not None:
        raise chop.failure
    return channels
