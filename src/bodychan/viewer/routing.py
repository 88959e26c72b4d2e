"""Outputs that come and go while the timeline runs, each with a light that says how it does."""

import time
from collections.abc import Callable, Iterable
from functools import partial

from bodychan.apps.live import BodiesSink
from bodychan.apps.outlets import Outlet
from bodychan.apps.supply import makers, origin, switch_on
from bodychan.channels.channels import Channels
from bodychan.operators.chop import CHOP
from bodychan.operators.kinect.chop import KinectAzureCHOP
from bodychan.operators.kinect.top import KinectAzureTOP
from bodychan.outputs.about import About
from bodychan.outputs.base import Output
from bodychan.outputs.zenoh import ZenohOutput
from bodychan.viewer.events import Light, OutputLight

_RECENT_SECONDS = 1.0
"""How long an output counts as sending after its last frame, and as failing after it lost one."""


class Lamp:
    """An output with its light: one that is slow or fails is told of, and does not hold up the others."""

    def __init__(self, number: int, operator: CHOP, output: Output) -> None:
        self.number, self.source, self.makers = number, operator.name, makers(operator)
        self.outlet = Outlet(output, background=True)
        self.origin: Callable[[], About | None] = lambda: None
        """Asked before each write where the channels come from, until it is known."""
        self._bodies: BodiesSink | None = None
        if isinstance(operator, KinectAzureCHOP) and isinstance(output, ZenohOutput):
            self._bodies = BodiesSink(operator, self.outlet, output)
        self._written = self._lost = -_RECENT_SECONDS
        self._seen = (0, 0)

    def write(self, channels: Channels) -> None:
        """Hand channels to the output."""
        self._look()
        about = self.origin()
        if about is not None:
            self.outlet.describe(about)
            self.origin = lambda: None
        self.outlet.write(channels)
        if self._bodies is not None:
            self._bodies.write(channels)

    def close(self) -> str:
        """Finish the output; say what went wrong, nothing if all is well."""
        if self.outlet.failure is None:
            self.outlet.finish()
        return self.outlet.failure or ""

    def shown(self) -> OutputLight:
        """Say how it does."""
        self._look()
        outlet, now = self.outlet, time.monotonic()
        problem = outlet.failure or ""
        if not problem and now - self._lost < _RECENT_SECONDS:
            problem = f"it cannot be reached: {outlet.lost} frames are lost so far; it goes on trying"
        light: Light = "sending" if now - self._written < _RECENT_SECONDS else "idle"
        return OutputLight(
            self.number, self.source, outlet.target, "failing" if problem else light, outlet.writes, problem
        )

    def _look(self) -> None:
        """Note when the output last sent and lost something; it does both on a thread of its own."""
        writes, lost = self._seen
        self._seen = now = (self.outlet.writes, self.outlet.lost)
        if now[1] > lost:
            self._lost = time.monotonic()
        elif now[0] > writes:
            self._written = time.monotonic()


def _origin(top: KinectAzureTOP, chop: KinectAzureCHOP) -> About | None:
    return None if top.camera is None else origin(top, chop)


class Board:
    """All outputs of a project; a sink for the channels of each of its operators."""

    def __init__(self) -> None:
        self._lamps: dict[int, Lamp] = {}
        self._numbered = 0

    def __len__(self) -> int:
        return len(self._lamps)

    def add(self, operator: CHOP, output: Output, top: KinectAzureTOP) -> None:
        """Send the channels of an operator to one more output; `top` holds the camera.

        The channels that it cannot do without are switched on; files that are open do not get them.
        """
        self.add_all([(operator, output)], top)

    def add_all(self, lines: Iterable[tuple[CHOP, Output]], top: KinectAzureTOP) -> None:
        """Add outputs that begin together: none gets channels that only another cannot do without."""
        for operator, output in lines:
            self._numbered += 1
            lamp = Lamp(self._numbered, operator, output)
            if len(lamp.makers) == 1:
                lamp.origin = partial(_origin, top, lamp.makers[0])
            self._lamps[self._numbered] = lamp
        switch_on({lamp.outlet: lamp.makers for lamp in self._lamps.values()})

    def remove(self, number: int) -> str:
        """Close an output; say what went wrong, nothing if all is well."""
        lamp = self._lamps.pop(number, None)
        return lamp.close() if lamp else ""

    def write(self, source: str, channels: Channels) -> None:
        """Hand the channels of an operator to its outputs."""
        for lamp in self._lamps.values():
            if lamp.source == source:
                lamp.write(channels)

    def targets(self) -> list[tuple[str, str]]:
        """Return operator and target of each output."""
        return [(lamp.source, lamp.outlet.target) for lamp in self._lamps.values()]

    def shown(self) -> tuple[OutputLight, ...]:
        """Say how each output does."""
        return tuple(lamp.shown() for lamp in self._lamps.values())

    def close(self) -> list[str]:
        """Close every output; return what went wrong."""
        return [problem for number in tuple(self._lamps) if (problem := self.remove(number))]
