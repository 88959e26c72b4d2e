"""What the parameters of a Kinect Azure TOP mean to a live device."""

import re
from pathlib import Path

from bodychan.cameras.base import Camera
from bodychan.cameras.settings import DeviceSettings
from bodychan.errors import CameraError
from bodychan.operators.kinect.tables import TopTable
from bodychan.optics.modes import COLOR_RESOLUTIONS, DEPTH_MODES

_SCHEMES = {"microsoft": "k4a", "orbbec": "orbbec"}
_SERIAL = re.compile(r"[A-Za-z0-9]+")

_DEPTH_MODES = {mode.touchdesigner: name for name, mode in DEPTH_MODES.items()}
_RESOLUTIONS = {mode.touchdesigner: name for name, mode in COLOR_RESOLUTIONS.items()}


def sensor_url(par: TopTable) -> str:
    """Return what `open_camera` takes; a bare serial number or index is a camera of the hardware type."""
    bare = _SERIAL.fullmatch(par.sensor) and not Path(par.sensor).exists()
    return f"{_SCHEMES[par.library]}:{par.sensor}" if bare else par.sensor


def device_settings(par: TopTable) -> DeviceSettings:
    """Return the modes that a live device is opened with."""
    return DeviceSettings(
        depth_mode=par.depthsize.upper() or _DEPTH_MODES[par.depthmode],
        color_resolution=par.colorsize.upper() or _RESOLUTIONS[par.colorres],
        color_format=par.colorformat.upper(),
        fps=int(par.fps.removeprefix("fps")),
        wired_sync=par.syncmode.upper(),
        subordinate_delay_usec=par.subdelay,
        depth_delay_usec=par.depthdelay,
    )


def control_settings(par: TopTable) -> dict[str, int | None]:
    """Return the colour controls to send, None = automatic; empty while they are not enabled."""
    return _controls(par) if par.enablecolors else {}


def _controls(par: TopTable) -> dict[str, int | None]:
    return {
        "exposure": par.exposure if par.manualexposure else None,
        "whitebalance": round(par.whitebalance, -1) if par.manualwhitebalance else None,
        "brightness": par.brightness,
        "contrast": par.contrast,
        "saturation": par.saturation,
        "sharpness": par.sharpness,
        "gain": par.gain,
        "backlight": int(par.backlight),
        "powerfreq": 1 if par.powerfreq == "50hz" else 2,
    }


def reset_controls(par: TopTable) -> None:
    """Set the parameters of the colour controls back to their defaults."""
    for row, _ in par:
        if row.page == "Color" and row.name not in ("resetcolors", "enablecolors"):
            setattr(par, row.name, row.default)


class ColorControls:
    """What a live camera has been told of colour controls, and what it refused."""

    def __init__(self) -> None:
        # What was never touched stays as the device has it: ranges differ from maker to maker.
        self._sent = _controls(TopTable(""))
        self._refused: dict[str, str] = {}

    def send(self, camera: Camera, par: TopTable) -> list[str]:
        """Send a camera the controls that have changed; return a warning for each that it refuses."""
        for name, value in control_settings(par).items():
            if value == self._sent[name]:
                continue
            self._sent[name] = value
            self._refused.pop(name, None)
            try:
                camera.set_color_controls({name: value})
            except CameraError as error:
                self._refused[name] = str(error)
        return list(dict.fromkeys(self._refused.values()))
