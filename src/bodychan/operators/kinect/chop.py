"""The Kinect Azure CHOP: the tracked bodies as named channels."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import numpy as np

from bodychan.cameras.base import Camera
from bodychan.channels.filters import Filter, Holt, OneEuro
from bodychan.channels.kinds import Kind, Kinds
from bodychan.channels.layout import IMU, JOINT_GROUPS, Layout, Naming
from bodychan.channels.naming import read_naming
from bodychan.channels.pipeline import BodiesToChannels, ChannelSettings
from bodychan.channels.players import Rules
from bodychan.channels.resample import resample
from bodychan.channels.values import imu_values
from bodychan.errors import OperatorError, ParameterError
from bodychan.model.arrays import F64
from bodychan.model.bodies import Bodies
from bodychan.model.capture import Capture, ImuSample
from bodychan.operators.chop import CHOP
from bodychan.operators.kinect.tables import ChopTable
from bodychan.operators.kinect.top import KinectAzureTOP
from bodychan.operators.operator import Network
from bodychan.operators.trail import Trail

_IMU_KINDS = Kinds(Kind(quantity) for quantity in IMU.values())

BodyCallback = Callable[[int, int], None]
"""Called with a body's id and its slot, counted from 1 as in `p1/id`."""


class BodySource(Protocol):
    """What has bodies: a Kinect Azure TOP, whose documentation says what these are, or several together."""

    @property
    def camera(self) -> Camera | None:
        """The camera in whose space the bodies are; None while there is none."""

    @property
    def capture(self) -> Capture | None:
        """The newest capture of that camera."""

    @property
    def bodies_trail(self) -> Trail[Bodies]:
        """Bodies on the timeline."""

    @property
    def imu_trail(self) -> Trail[ImuSample]:
        """Inertial samples of that camera on the timeline."""


class KinectAzureCHOP(CHOP):
    """Named channels of the players that a Kinect Azure TOP tracks.

    While nobody is there, or the TOP is missing or not active, the channels stay and are 0.
    """

    table = ChopTable
    par: ChopTable

    def __init__(self, project: Network, name: str) -> None:
        super().__init__(project, name)
        self._entered: list[BodyCallback] = []
        self._left: list[BodyCallback] = []
        self._there: dict[int, int] = {}
        self._now: dict[int, int] = {}
        self.source: BodySource | None = None
        """What the bodies of the last cook came from."""
        self._camera: Camera | None = None
        self._to_channels: BodiesToChannels | None = None
        # Kept while no parameter of the project changes: they are asked for several times in every cook.
        self._layout = Layout()
        self._layout_of: tuple[int, Naming] | None = None
        self._settings: ChannelSettings | None = None

    @property
    def layout(self) -> Layout:
        """Which channels the parameters ask for, named as the naming table says."""
        self._naming_error = None
        naming: Naming = ()
        try:
            naming = self._read_naming()
        except OperatorError as error:
            # The channels keep their usual names; the error is raised where the values are needed.
            self._naming_error = error
        if self._layout_of != (self.project.changes, naming):
            self._layout_of = self.project.changes, naming
            self._layout, self._settings = layout_of(self.par, naming), None
        return self._layout

    def _asked_for(self) -> ChannelSettings:
        """Return what the parameters ask of all channels but the IMU's, which have times of their own."""
        if self._settings is None:
            self._settings = settings_of(self.par, replace(self._layout, imu=False))
        return self._settings

    def on_body_entered(self, callback: BodyCallback) -> BodyCallback:
        """Call `callback(id, place)` in the cook in which a body gets a slot; return the callback.

        The channels of that cook can be read in it. A body that moves to another slot does not enter again.
        An operator with callbacks is cooked in every step of its project.
        """
        self._entered.append(callback)
        return callback

    def on_body_left(self, callback: BodyCallback) -> BodyCallback:
        """Call `callback(id, place)` in the cook in which a body loses its slot; return the callback.

        A body that is held leaves when the hold time is over. When the channels become 0 because the operator
        or its TOP has stopped working, everybody leaves.
        """
        self._left.append(callback)
        return callback

    def info(self) -> dict[str, float]:
        """Return the Info channels of this operator, with a filter's lag in ms; see `Operator.info`."""
        if self.par.filter == "none":
            return super().info()
        lag = self._to_channels.filter_lag if self._to_channels and self._now else 0.0
        return super().info() | {"filter_lag": 1000.0 * lag}

    _naming: tuple[str, float, Naming] = ("", 0.0, ())
    _naming_error: OperatorError | None = None

    def _names(self) -> tuple[str, ...]:
        return self.layout.names

    def _kinds(self, _names: tuple[str, ...]) -> Kinds:
        return self._layout.kinds

    def _read_naming(self) -> Naming:
        """Return the naming table; the file is read again when it has changed."""
        path = self.par.namingtable
        if not path:
            return ()
        changed = Path(path).stat().st_mtime if Path(path).exists() else 0.0
        if (path, changed) != self._naming[:2]:
            self._naming = (path, changed, read_naming(path))
        return self._naming[2]

    def cook(self, force: bool = False) -> None:
        """Bring the operator up to the project's frame and call the callbacks; see `Operator.cook`."""
        cooks = self.totalCooks
        super().cook(force)
        if self.totalCooks > cooks:
            self._tell()

    def _cook(self) -> None:
        self._now = {}
        super()._cook()

    def _values(self, names: tuple[str, ...], times: F64) -> F64:
        if self._naming_error is not None:
            raise self._naming_error
        zeros = np.zeros((len(names), len(times)))
        if not self.par.active:
            return zeros
        top = self.source = self._bodies_from()
        if top.camera is None:
            return zeros
        if top.camera is not self._camera or self._to_channels is None:
            self._camera, self._to_channels = top.camera, BodiesToChannels(top.camera.calibration)
        settings = self._to_channels.settings = self._asked_for()
        rows = self._rows(top, top.camera, self._to_channels, times)
        parts = [self._sampled(settings.layout.kinds, rows, times)]
        if self.par.imuchans:
            samples = top.imu_trail.between(times[0], times[-1])
            parts.append(
                self._sampled(_IMU_KINDS, [(s, self._imu_row(sample)) for s, sample in samples], times)
            )
        return np.concatenate(parts) if len(parts) > 1 else parts[0]

    def _bodies_from(self) -> BodySource:
        """Return what has the bodies, up to date.

        Raises:
            OperatorError: it does not work.
        """
        top = self.project.reference(self, "top", KinectAzureTOP)
        top.cook()
        if top.errors():
            raise OperatorError(f"{top.path} has an error: {top.errors()}")
        if not top.par.active:
            raise OperatorError(f"{top.path} is not active: switch its parameter 'active' on")
        self._warnings += top.tracker_warnings
        return top

    def _rows(
        self, top: BodySource, camera: Camera, to_channels: BodiesToChannels, times: F64
    ) -> list[tuple[float, F64]]:
        """Return every channel but the IMU's of the bodies of a slice, and since when they hold."""
        imu = top.capture.imu if top.capture is not None else ()
        found: list[tuple[float, F64]] = []
        levelled = True
        for seconds, bodies in top.bodies_trail.between(times[0], times[-1]):
            row = to_channels.row(bodies, imu)
            if row.zeroed:
                more = f" and {len(row.zeroed) - 1} more" if len(row.zeroed) > 1 else ""
                self._warnings.append(f"not a finite number, set to 0: {row.zeroed[0]}{more}")
            self._now = {int(body): place for place, body in enumerate(row.slots.ids, 1) if body}
            levelled &= row.levelled
            found.append((seconds, row.values))
        if not levelled:
            self._warnings.append(
                f"{camera.name} gives no gravity to level the world by: set levelsource to manual"
            )
        return found

    def _imu_row(self, sample: ImuSample) -> F64:
        values = imu_values(sample)
        finite = np.isfinite(values)
        # A recording holds no temperature: that is no fault of the sensor's.
        if not finite[1:].all():
            self._warnings.append(
                f"{self.path}: not finite, set to 0: {np.sum(~finite[1:])} values of the inertial sensor, at "
                f"{sample.accel_usec} µs of device time"
            )
        return np.where(finite, values, 0.0)

    def _sampled(self, kinds: Kinds, rows: list[tuple[float, F64]], times: F64) -> F64:
        """Turn rows that hold from a time on into samples, (C, S); zeros before the first row."""
        if not rows:
            return np.zeros((len(kinds), len(times)))
        at = np.array([seconds for seconds, _ in rows])
        values = np.stack([row for _, row in rows], axis=1)
        return resample(kinds, at, values, times, linear=self.par.interp == "linear")

    def export_now(self) -> None:
        """Set what the channels drive; an operator with callbacks is cooked so that they are called."""
        super().export_now()
        if self._entered or self._left:
            self.cook()

    def _tell(self) -> None:
        """Call the callbacks; who is there is noted first, for a callback may cook the operator again."""
        before, self._there = self._there, self._now
        for callbacks, these, others in (
            (self._left, before, self._there),
            (self._entered, self._there, before),
        ):
            for body, place in these.items():
                if body not in others:
                    for callback in tuple(callbacks):
                        callback(body, place)


def layout_of(par: ChopTable, naming: Naming = ()) -> Layout:
    """Return the channels that the parameters ask for."""
    return Layout(
        players=par.maxplayers,
        groups=frozenset(group for group in JOINT_GROUPS if getattr(par, group)),
        imu=par.imuchans,
        aspect_correct=par.aspectcorrectuv,
        flip_v=par.flipimagev,
        flip_u=par.flipskelu,
        status=par.statuschans,
        unroll=par.unrollbones,
        naming=naming,
    )


def settings_of(par: ChopTable, layout: Layout) -> ChannelSettings:
    """Return how bodies are to become channels.

    Raises:
        ParameterError: the zone is empty, or `slotids` is not a list of ids.
    """
    return ChannelSettings(
        layout=layout,
        rules=_rules(par),
        filter=_filter(par),
        level=None if not par.levelworld else "gravity" if par.levelsource == "imu" else par.cameratilt,
        height=par.cameraheight,
        mirrored=par.mirrorbodies,
    )


def _filter(par: ChopTable) -> Filter | None:
    if par.filter == "oneeuro":
        return OneEuro(par.mincutoff, par.beta, par.dcutoff)
    if par.filter == "holt":
        return Holt(par.smoothing, par.correction, par.prediction, par.jitterradius, par.maxdeviation)
    return None


def _rules(par: ChopTable) -> Rules:
    # Both are checked even where they are not in use: a mistake is told when it is made.
    zone, ids = _zone(par), _ids(par.slotids)
    return Rules(
        policy=par.slotpolicy,
        hold=par.holdtime,
        near=par.nearlimit,
        far=par.farlimit,
        zone=zone if par.zone else None,
        hysteresis=par.slothysteresis,
        dwell=par.slotdwell,
        ids=ids if par.slotpolicy == "fixedid" else (),
    )


def _zone(par: ChopTable) -> tuple[tuple[float, float], ...]:
    zone = tuple((getattr(par, f"zonemin{axis}"), getattr(par, f"zonemax{axis}")) for axis in "xyz")
    for axis, (least, greatest) in zip("xyz", zone, strict=True):
        if least > greatest:
            raise ParameterError(
                f"the zone is empty: its least {axis}, {least:g} m, is above its greatest, {greatest:g} m"
            )
    return zone


def _ids(text: str) -> tuple[int, ...]:
    words = re.split(r"[\s,;]+", text.strip()) if text.strip() else []
    if not all(word.isdecimal() for word in words):
        raise ParameterError(f"parameter 'slotids': {text!r} is not a list of body ids: write them as '4 9'")
    ids = tuple(int(word) for word in words)
    used = [body for body in ids if body]
    if len(set(used)) < len(used):
        raise ParameterError(f"parameter 'slotids': {text!r} names a body twice; it can have one place")
    return ids
