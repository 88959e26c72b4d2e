"""The Fusion CHOP: the bodies that several cameras track, as one set of named channels."""

import math
from dataclasses import dataclass, field, replace
from pathlib import Path

from bodychan.cameras.base import Camera
from bodychan.errors import OperatorError
from bodychan.fusion.merge import Fuser
from bodychan.fusion.rig import Rig, RigCamera
from bodychan.model.bodies import Bodies
from bodychan.model.capture import Capture, ImuSample
from bodychan.operators.kinect.chop import BodySource, KinectAzureCHOP
from bodychan.operators.kinect.tables import FusionTable
from bodychan.operators.kinect.top import KinectAzureTOP
from bodychan.operators.operator import Network
from bodychan.operators.trail import Trail

_STALE_SECONDS = 0.25
"""A camera whose newest bodies are so much older than another one's has dropped out."""
SERIAL = "K4A_DEVICE_SERIAL_NUMBER"
"""The tag by which a camera knows its place in a rig."""


@dataclass
class _Together:
    """The bodies of all cameras in the space of the rig's first one; see `BodySource`."""

    rig: Rig
    fuser: Fuser
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
            self.newest = self.fuser.fuse(seen, frame, usec)
            self.bodies_trail.add(seconds, self.newest)
            self.bodies_trail.forget(seconds)


class FusionCHOP(KinectAzureCHOP):
    """Named channels of the players that several Kinect Azure TOPs track, each with one id.

    `tops` names the TOPs. Each takes the place of the camera of the `rig` that has its serial number, the
    others those that are left, in their order. The space of the channels is that of the rig's first camera,
    and so are image positions and IMU. A camera that drops out is a warning, and the others go on.

    Recordings are brought together by their clocks, as the rig knows them: they are to be played so that they
    show the same moments. Of live cameras the newest bodies are taken for those of one moment.
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
        if self._together is None or self._together.rig is not rig or self._jumped != self.project.jumps:
            self._jumped = self.project.jumps
            self._together = _Together(rig, Fuser(rig))
        working = [top for _, top in places if top.par.active and not top.errors()]
        for _, top in places:
            self._warnings += [f"{top.path} has dropped out: {top.errors()}"] if top.errors() else []
            self._warnings += top.tracker_warnings
        if not working:
            told = "; ".join(top.errors() or f"{top.path} is not active" for _, top in places)
            raise OperatorError(f"none of the cameras works: {told}")
        self._together.follow(places[0][1], working)
        self._fuse(self._together, places, working)
        return self._together

    def _fuse(
        self,
        together: _Together,
        places: list[tuple[RigCamera, KinectAzureTOP]],
        working: list[KinectAzureTOP],
    ) -> None:
        """Add the bodies of this moment to the trail, if they are new."""
        seen = [_newest(camera, top) if top in working else None for camera, top in places]
        times = [
            -math.inf if bodies is None else bodies.device_usec + camera.offset_usec
            for bodies, (camera, _) in zip(seen, places, strict=True)
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
                return


def _newest(camera: RigCamera, top: KinectAzureTOP) -> Bodies | None:
    """Return the newest bodies of a TOP; those of a live camera with the time of the timeline."""
    if top.bodies is None or top.camera is None or not top.camera.live:
        return top.bodies
    usec = round(top.bodies_trail.newest_seconds() * 1e6)
    return replace(top.bodies, device_usec=usec - camera.offset_usec)
