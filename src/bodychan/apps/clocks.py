"""How far the clocks of a rig's recordings are apart: by their cables, or by how people move at the start."""

import logging
from collections.abc import Sequence

from bodychan.errors import BodychanError
from bodychan.fusion.clocks import retimed
from bodychan.fusion.rig import Rig
from bodychan.fusion.tracks import tracks_of
from bodychan.model.bodies import Bodies
from bodychan.operators.kinect.playback import Playback
from bodychan.operators.kinect.settings import sensor_url
from bodychan.operators.kinect.top import KinectAzureTOP
from bodychan.operators.project import Project

_LOG = logging.getLogger(__name__)
_SECONDS = 20.0
"""How much of the recordings is looked at."""


def timed_by_motion(rig: Rig, tops: Sequence[KinectAzureTOP], start: float) -> Rig:
    """Give a rig with the offsets of the clocks in these recordings; say them, or that they cannot be told.

    The first seconds are tracked for it, in all recordings at a time.

    Args:
        rig: whose poses hold.
        tops: of its cameras, in its order.
        start: from which second on each recording is looked at.
    """
    seen = _first_seen(tops, start)
    found, told = retimed(rig, [tracks_of(bodies) for bodies in seen])
    first, *others = (sensor_url(top.par) for top in tops)
    for source, camera, known in zip(others, found.cameras[1:], told[1:], strict=True):
        seconds = f"{-camera.offset_usec / 1e6:+.3f} s"
        if known:
            _LOG.info(
                "the clock of %s shows %s against that of %s, by how people move", source, seconds, first
            )
        else:
            _LOG.warning(
                "nothing tells how far the clock of %s is from that of %s: nobody moves before both in the "
                "first %.0f s; the rig's %s is taken. Let somebody walk there when a take begins, or "
                "calibrate with this take",
                source,
                first,
                _SECONDS,
                seconds,
            )
    return found


def _first_seen(tops: Sequence[KinectAzureTOP], start: float) -> list[list[Bodies]]:
    """Track the first seconds of all recordings, side by side."""
    found: list[list[Bodies]] = [[] for _ in tops]
    with Project() as project:
        twins = [_twin(project, top, Playback(start, _SECONDS)) for top in tops]
        going = {number: twin.play_through() for number, twin in enumerate(twins)}
        while going:
            for number, run in list(going.items()):
                try:
                    next(run)
                except StopIteration:
                    del going[number]
                except BodychanError:  # it comes again when the recording is played, and is told then
                    del going[number]
                else:
                    bodies = twins[number].bodies
                    found[number] += [] if bodies is None else [bodies]
    return found


def _twin(project: Project, top: KinectAzureTOP, playback: Playback) -> KinectAzureTOP:
    """Make a TOP that sees what another one will see."""
    twin = project.create(KinectAzureTOP, top.name, playback=playback)
    for row, value in top.par:
        setattr(twin.par, row.name, value)
    twin.own_process = top.own_process
    return twin
