"""The Fusion CHOP: the bodies that several cameras track, as one set of named channels."""

import logging
import math
from dataclasses import dataclass, field, replace
from pathlib import Path

from bodychan.cameras.base import Camera
from bodychan.errors import OperatorError
from bodychan.fusion.clocks import wired
from bodychan.fusion.merge import Fuser
from bodychan.fusion.rig import Rig, RigCamera
from bodychan.fusion.running import Arrivals, Finding, RunningClocks
from bodychan.model.bodies import Bodies
from bodychan.model.capture import Capture, ImuSample
from bodychan.operators.kinect.aside import Aside
from bodychan.operators.kinect.chop import BodySource, KinectAzureCHOP
from bodychan.operators.kinect.settings import sensor_url
from bodychan.operators.kinect.tables import FusionTable
from bodychan.operators.kinect.top import KinectAzureTOP
from bodychan.operators.operator import Network
from bodychan.operators.trail import Trail

_LOG = logging.getLogger(__name__)
_STALE_SECONDS = 0.25
"""A camera whose newest bodies are so much older than another one's has dropped out."""
SERIAL = "K4A_DEVICE_SERIAL_NUMBER"
"""The tag by which a camera knows its place in a rig."""


@dataclass
class _Together:
    """The bodies of all cameras in the space of the rig's first one; see `BodySource`."""

    rig: Rig
    """As its file has it; the fuser's has the clocks as they are now."""
    fuser: Fuser
    clocks: RunningClocks
    camera: Camera | None = None
    capture: Capture | None = None
    bodies_trail: Trail[Bodies] = field(default_factory=Trail)
    imu_trail: Trail[ImuSample] = field(default_factory=Trail)
    newest: Bodies | None = None

    def follow(self, first: KinectAzureTOP, working: list[KinectAzureTOP]) -> None:
        """Take camera and inertial samples from the first TOP; what it had stays when it drops out."""
        if first.camera is not None:
            self.camera, self.capture, self.imu_trail = first.camera, first.capture, first.imu_trail
        elif self.camera is None:
            self.camera = next((top.camera for top in working if top.camera is not None), None)

    def take(self, seen: list[Bodies | None], frame: int, usec: int, seconds: float) -> None:
        """Fuse the bodies of a moment, if it is a new one, and put them on the timeline."""
        if self.newest is None or usec > self.newest.device_usec:
            self.fuser.rig = self.clocks.at(usec)
            self.newest = self.fuser.fuse(seen, frame, usec)
            self.bodies_trail.add(seconds, self.newest)
            self.bodies_trail.forget(seconds)


class _Live:
    """The newest bodies of a live camera, by the time of the timeline."""

    def __init__(self) -> None:
        self._arrivals = Arrivals()
        self._newest: Bodies | None = None
        self._timed: Bodies | None = None

    def timed(self, bodies: Bodies, arrived_usec: int, offset_usec: int) -> Bodies:
        """Give bodies that came at a time of the timeline with the time of a clock with this offset."""
        if self._timed is None or bodies is not self._newest:
            usec = self._arrivals.usec(bodies.device_usec, arrived_usec)
            self._newest, self._timed = bodies, replace(bodies, device_usec=usec - offset_usec)
        return self._timed


class FusionCHOP(KinectAzureCHOP):
    """Named channels of the players that several Kinect Azure TOPs track, each with one id.

    `tops` names the TOPs. Each takes the place of the camera of the `rig` that has its serial number, the
    others those that are left, in their order. The space of the channels is that of the rig's first camera,
    and so are image positions and IMU. A camera that drops out is a warning, and the others go on.

    Recordings are brought together by their clocks, as the rig knows them: they are to be played so that they
    show the same moments. Live cameras are brought together by when their bodies come. How far that is off is
    found by how people move, every five seconds, told, and made good, if the cameras are not wired.
    """

    table = FusionTable
    par: FusionTable

    def __init__(self, project: Network, name: str) -> None:
        super().__init__(project, name)
        self.leads = True
        """Whether the TOPs follow the timeline; not while somebody goes through their captures."""
        self.offsets_usec: tuple[int, ...] = ()
        """What each clock shows less than the first, in these recordings; those of the rig where empty."""
        self._rig: tuple[str, float, Rig] | None = None
        self._together: _Together | None = None
        self._lives: dict[str, _Live] = {}
        self._aside: Aside[tuple[int | None, ...]] = Aside(apart=False)
        self._too_far: dict[int, str] = {}
        self._jumped = project.jumps
        self._serials: dict[str, str] = {}

    def tops(self) -> list[KinectAzureTOP]:
        """Return the TOPs that `tops` names, in that order.

        Raises:
            OperatorError: one of them is not there, or no TOP.
        """
        found: dict[str, KinectAzureTOP] = {}
        for _, operator in self.project.listed(self.par.tops):
            if not isinstance(operator, KinectAzureTOP):
                raise OperatorError(f"{self.path}: {operator.path} is not a KinectAzureTOP")
            found[operator.path] = operator
        if not found:
            raise OperatorError(f"{self.path}: set its parameter 'tops' to the names of the KinectAzureTOPs")
        return list(found.values())

    def rig(self) -> Rig:
        """Return the rig; its file is read again when it has changed.

        Raises:
            OperatorError: the parameter `rig` is empty.
            FusionError: there is no such rig.
        """
        path = self.par.rig
        if not path:
            raise OperatorError(f"{self.path}: set its parameter 'rig' to what `bodychan calibrate` made")
        changed = Path(path).stat().st_mtime if Path(path).exists() else 0.0
        if self._rig is None or self._rig[:2] != (path, changed):
            self._rig = path, changed, Rig.load(path)
            if self.offsets_usec:
                self._rig = path, changed, self._rig[2].with_offsets(self.offsets_usec)
        return self._rig[2]

    def placed(self) -> list[tuple[RigCamera, KinectAzureTOP]]:
        """Return each camera of the rig with its TOP: that with its serial number, else the next in order.

        Raises:
            OperatorError: as `tops` and `rig`; or there are not as many TOPs as cameras.
            FusionError: there is no such rig.
        """
        rig, tops = self.rig(), self.tops()
        if len(tops) != len(rig.cameras):
            raise OperatorError(
                f"{self.path}: its rig has {len(rig.cameras)} cameras, and 'tops' names {len(tops)} TOPs"
            )
        for top in tops:
            if top.camera is not None:
                self._serials[top.path] = top.camera.tags.get(SERIAL, "")
        order = rig.places([self._serials.get(top.path, "") for top in tops])
        return [(camera, tops[number]) for camera, number in zip(rig.cameras, order, strict=True)]

    @property
    def bodies(self) -> Bodies | None:
        """The newest bodies of all cameras together; None while there are none."""
        return self._together.newest if self._together is not None else None

    def _bodies_from(self) -> BodySource:
        for top in self.tops() if self.leads else ():
            top.cook()
        places, rig = self.placed(), self.rig()
        together = self._together
        if together is None or together.rig is not rig:
            clocks = RunningClocks(rig, told=bool(self.offsets_usec))
            together = _Together(rig, Fuser(rig), clocks)
            self._aside, self._too_far = Aside(apart=self.project.realtime), {}
        elif self._jumped != self.project.jumps:
            together.clocks.forget()
            together = _Together(rig, Fuser(together.clocks.rig), together.clocks)
        self._together, self._jumped = together, self.project.jumps
        working = [top for _, top in places if top.par.active and not top.errors()]
        for _, top in places:
            self._warnings += [f"{top.path} has dropped out: {top.errors()}"] if top.errors() else []
            self._warnings += top.tracker_warnings
        if not working:
            told = "; ".join(top.errors() or f"{top.path} is not active" for _, top in places)
            raise OperatorError(f"none of the cameras works: {told}")
        together.follow(places[0][1], working)
        self._fuse(together, places, working)
        self._warnings += self._too_far.values()
        return together

    def _fuse(
        self,
        together: _Together,
        places: list[tuple[RigCamera, KinectAzureTOP]],
        working: list[KinectAzureTOP],
    ) -> None:
        """Add the bodies of this moment to the trail, if they are new."""
        seen = [self._newest(camera, top) if top in working else None for camera, top in places]
        for number, bodies in enumerate(seen):
            if bodies is not None:
                together.clocks.note(number, bodies)
        times = [
            -math.inf if bodies is None else bodies.device_usec + camera.offset_usec
            for bodies, camera in zip(seen, together.clocks.rig.cameras, strict=True)
        ]
        late = max(times) - _STALE_SECONDS * 1e6
        for (_, top), usec in zip(places, times, strict=True):
            if -math.inf < usec < late:
                self._warnings.append(
                    f"{top.path} is {(max(times) - usec) / 1e6:.1f} s behind the others and left out: "
                    "its clock differs from what the rig says, or it has stopped"
                )
        fresh = [bodies if usec >= late else None for bodies, usec in zip(seen, times, strict=True)]
        for bodies, usec in zip(fresh, times, strict=True):
            if bodies is not None:
                together.take(fresh, bodies.frame, int(usec), self.project.seconds)
                self._look_at_clocks(together, places, int(usec))
                return

    def _newest(self, camera: RigCamera, top: KinectAzureTOP) -> Bodies | None:
        """Return the newest bodies of a TOP; those of a live camera with the time of the timeline."""
        if top.bodies is None or top.camera is None or not top.camera.live:
            return top.bodies
        arrived = round(top.bodies_trail.newest_seconds() * 1e6)
        return self._lives.setdefault(top.path, _Live()).timed(top.bodies, arrived, camera.offset_usec)

    def _look_at_clocks(
        self, together: _Together, places: list[tuple[RigCamera, KinectAzureTOP]], usec: int
    ) -> None:
        """Find out how far clocks are apart, if it is time to, and tell what is new."""
        cameras = [top.camera for _, top in places if top.camera is not None]
        if wired([camera.tags for camera in cameras]) and not any(camera.live for camera in cameras):
            return
        question = None if self._aside.busy else together.clocks.question(usec)
        if question is not None:
            self._aside.ask(question.answer)
        for finding in together.clocks.take(self._aside.answer() or ()):
            self._say(finding, places)

    def _say(self, finding: Finding, places: list[tuple[RigCamera, KinectAzureTOP]]) -> None:
        """Log that a clock was made good, or warn, from now on, that it is too far off for that."""
        camera, top = places[finding.camera]
        later = (camera.offset_usec - finding.offset_usec) / 1e6
        order = "later" if later > 0 else "earlier"
        ours, first = (sensor_url(each.par) for each in (top, places[0][1]))
        self._too_far.pop(finding.camera, None)
        if finding.applied:
            how = "bodies of %s come %.0f ms %s than those of %s, by how people move: made good from now on"
            _LOG.info(how, ours, abs(later) * 1e3, order, first)
            return
        live = top.camera is not None and top.camera.live
        remedy = (
            "find out what holds one of them up"
            if live
            else f"give the camera offset_usec = {finding.offset_usec} in the rig, and begin again"
        )
        self._too_far[finding.camera] = (
            f"bodies of {ours} come {abs(later):.1f} s {order} than those of {first}, by how people move: "
            f"too far to be made good while it runs; {remedy}"
        )
