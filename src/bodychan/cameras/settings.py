"""What a live device is asked for when it is opened."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from os import PathLike
from typing import NamedTuple

from bodychan.cameras.k4a import api as k4a
from bodychan.cameras.k4a.api import Configuration
from bodychan.errors import CameraError, did_you_mean
from bodychan.optics.modes import (
    COLOR_RESOLUTIONS,
    DEFAULT_COLOR_RESOLUTION,
    DEFAULT_DEPTH_MODE,
    DEPTH_MODES,
)

COLOR_CONTROLS = tuple(k4a.COLOR_CONTROLS)
"""The colour controls of all devices, by name."""


class ControlRange(NamedTuple):
    """What a colour control can be set to."""

    automatic: bool
    lowest: int
    highest: int
    step: int
    default: int
    default_automatic: bool


@dataclass(frozen=True, slots=True)
class DeviceSettings:
    """The modes of a device, by the names that recordings use.

    `color_resolution` may also be "OFF". `fps` is 5, 15 or 30, on Femto devices also 25. `wired_sync` is
    STANDALONE, MASTER or SUBORDINATE; a subordinate's colour image comes `subordinate_delay_usec` after the
    master's, and the depth image `depth_delay_usec` after the colour image (before it, where negative).
    `color_controls` maps names of `native.k4a.COLOR_CONTROLS` to values, None for automatic; devices keep
    those that are not named here as they were set last, until they lose power. `library` is where the
    maker's library is, if it is not where it belongs; `timeout` how many seconds `read` waits.
    """

    depth_mode: str = DEFAULT_DEPTH_MODE
    color_resolution: str = DEFAULT_COLOR_RESOLUTION
    color_format: str = "MJPG"
    fps: int = 30
    wired_sync: str = "STANDALONE"
    subordinate_delay_usec: int = 0
    depth_delay_usec: int = 0
    color_controls: Mapping[str, int | None] = field(default_factory=dict)
    library: str | PathLike[str] | None = None
    timeout: float = 2.0

    @property
    def color(self) -> bool:
        """Whether there are colour images."""
        return self.color_resolution != "OFF"

    def configuration(self, frame_rates: Mapping[int, int]) -> Configuration:
        """Give the settings as the library takes them; `frame_rates` are those that the device has.

        Raises:
            CameraError: a name or number is none of a device, or two settings exclude each other.
        """
        self._check_names(frame_rates)
        fault = self._contradiction()
        if fault is not None:
            raise CameraError(fault)
        return Configuration(
            color_format=k4a.COLOR_FORMATS[self.color_format],
            color_resolution=k4a.COLOR_RESOLUTIONS[self.color_resolution],
            depth_mode=k4a.DEPTH_MODES[self.depth_mode],
            camera_fps=frame_rates[self.fps],
            # A capture without its depth image could not be tracked.
            synchronized_images_only=self.color,
            depth_delay_off_color_usec=self.depth_delay_usec,
            wired_sync_mode=k4a.WIRED_SYNC_MODES[self.wired_sync],
            subordinate_delay_off_master_usec=self.subordinate_delay_usec,
        )

    def _check_names(self, frame_rates: Mapping[int, int]) -> None:
        for what, name, known in (
            ("depth mode", self.depth_mode, DEPTH_MODES),
            ("colour resolution", self.color_resolution, [*COLOR_RESOLUTIONS, "OFF"]),
            ("colour format", self.color_format, k4a.COLOR_FORMATS),
            ("wired sync mode", self.wired_sync, k4a.WIRED_SYNC_MODES),
        ):
            if name not in known:
                raise CameraError(f"no {what} '{name}': {did_you_mean(name, known)}")
        if self.fps not in frame_rates:
            rates = ", ".join(map(str, sorted(frame_rates)))
            raise CameraError(f"the device has no {self.fps} frames per second: choose one of {rates}")
        check_control_names(self.color_controls)

    def _contradiction(self) -> str | None:
        """Say which settings exclude each other; the rules are those of the maker's library."""
        period_usec = 1_000_000 // self.fps
        modes = {self.depth_mode: DEPTH_MODES[self.depth_mode]}
        if self.color:
            modes[self.color_resolution] = COLOR_RESOLUTIONS[self.color_resolution]
        for name, mode in modes.items():
            if self.fps > mode.max_fps:
                return f"{name} has at most {mode.max_fps} frames per second, not {self.fps}: lower fps"
        if self.color and self.color_format in ("NV12", "YUY2") and self.color_resolution != "720P":
            return f"{self.color_format} exists in 720P only: choose MJPG or BGRA for {self.color_resolution}"
        if self.wired_sync == "MASTER" and not self.color:
            return "a MASTER needs its colour camera, which gives the beat: set color_resolution"
        if self.subordinate_delay_usec and self.wired_sync != "SUBORDINATE":
            return "subordinate_delay_usec is for a SUBORDINATE: set wired_sync, or leave it at 0"
        if not 0 <= self.subordinate_delay_usec <= period_usec:
            return f"subordinate_delay_usec is 0 to one frame period ({period_usec} µs)"
        if self.depth_delay_usec and not self.color:
            return "depth_delay_usec is counted from the colour image: set color_resolution"
        if abs(self.depth_delay_usec) > period_usec:
            return f"depth_delay_usec is at most one frame period ({period_usec} µs) to either side"
        if not 0 < self.timeout < float("inf"):
            return f"timeout is a finite time in seconds above 0, not {self.timeout}"
        return None

    def tags(self) -> dict[str, str]:
        """Give the settings as the tags of a recording."""
        tags = {
            "K4A_DEPTH_MODE": self.depth_mode,
            "K4A_WIRED_SYNC_MODE": self.wired_sync,
            "K4A_IR_MODE": "PASSIVE" if self.depth_mode == "PASSIVE_IR" else "ACTIVE",
            "K4A_IMU_MODE": "ON",
        }
        if self.color:
            tags["K4A_COLOR_MODE"] = f"{self.color_format}_{self.color_resolution}"
            tags["K4A_DEPTH_DELAY_NS"] = str(1000 * self.depth_delay_usec)
        if self.wired_sync == "SUBORDINATE":
            tags["K4A_SUBORDINATE_DELAY_NS"] = str(1000 * self.subordinate_delay_usec)
        return tags


def check_control_names(names: Mapping[str, int | None]) -> None:
    """Refuse names that are no colour controls.

    Raises:
        CameraError: which, and what there is.
    """
    for name in names:
        if name not in k4a.COLOR_CONTROLS:
            raise CameraError(f"no colour control '{name}': {did_you_mean(name, k4a.COLOR_CONTROLS)}")
