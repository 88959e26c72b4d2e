"""What the parameters of a Kinect Azure TOP mean to a live device."""

import re
from pathlib import Path

from bodychan.cameras.settings import DeviceSettings
from bodychan.operators.kinect import tables
from bodychan.operators.parameters import Parameters

_SCHEMES = {"microsoft": "k4a", "orbbec": "orbbec"}
_SERIAL = re.compile(r"[A-Za-z0-9]+")

_DEPTH_MODES = {
    "narrowunbinned": "NFOV_UNBINNED",
    "narrowbinned": "NFOV_2X2BINNED",
    "widebinned": "WFOV_2X2BINNED",
    "wideunbinned": "WFOV_UNBINNED",
    "passiveir": "PASSIVE_IR",
}
_RESOLUTIONS = {
    "1280x720": "720P",
    "1920x1080": "1080P",
    "2560x1440": "1440P",
    "2048x1536": "1536P",
    "3840x2160": "2160P",
    "4096x3072": "3072P",
}


def sensor_url(par: Parameters) -> str:
    """Give what `open_camera` takes; a bare serial number or index is a camera of the hardware type."""
    sensor: str = par.sensor
    bare = _SERIAL.fullmatch(sensor) and not Path(sensor).exists()
    return f"{_SCHEMES[par.library]}:{sensor}" if bare else sensor


def device_settings(par: Parameters) -> DeviceSettings:
    """Give the modes that a live device is opened with."""
    return DeviceSettings(
        depth_mode=_DEPTH_MODES[par.depthmode],
        color_resolution=_RESOLUTIONS[par.colorres],
        fps=int(par.fps.removeprefix("fps")),
        wired_sync=par.syncmode.upper(),
        subordinate_delay_usec=par.subdelay,
        depth_delay_usec=par.depthdelay,
    )


def control_settings(par: Parameters) -> dict[str, int | None]:
    """Give the colour controls to send, None = automatic; empty while they are not enabled."""
    if not par.enablecolors:
        return {}
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


def reset_controls(par: Parameters) -> None:
    """Set the parameters of the colour controls back to their defaults."""
    for parameter in tables.TOP:
        if parameter.page == "Color" and parameter.name not in ("resetcolors", "enablecolors"):
            setattr(par, parameter.name, parameter.default)
