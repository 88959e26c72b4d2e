"""How a RealSense is to deliver: the profiles that fit what was asked for."""

import math
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from bodychan.cameras.realsense.frames import COLOR_FORMATS, KINDS
from bodychan.cameras.realsense.profiles import size_of
from bodychan.cameras.settings import DeviceSettings
from bodychan.errors import CameraError, DeviceUnavailable, Unavailable
from bodychan.optics.modes import (
    COLOR_RESOLUTIONS,
    DEFAULT_COLOR_RESOLUTION,
    DEFAULT_DEPTH_MODE,
    DEPTH_MODES,
    named,
)

# What most of them measure best in.
_USUAL_DEPTH = (848, 480)
_DEFAULT_COLOR_FORMAT = "MJPG"


def choose(device: Any, settings: DeviceSettings) -> dict[str, Any]:
    """Choose a profile of each sensor, by our names of them.

    The defaults of the settings, which are an Azure Kinect's, stand for what the device has that comes
    nearest to 848x480 and 1280x720, and for the first format of `COLOR_FORMATS` that its colour camera makes.
    Anything else is exact.

    Raises:
        CameraError: a setting is none of a RealSense.
        DeviceUnavailable: REFUSED; the device has no such profile, or measures no depth.
    """
    every = [p for sensor in device.query_sensors() for p in sensor.get_stream_profiles()]
    there = {kind: [p for p in every if KINDS.get(p.stream_type().name) == kind] for kind in KINDS.values()}
    chosen = {"depth": _depth(there["depth"], settings)}
    size, fps = size_of(chosen["depth"]), settings.fps
    for infrared in there["ir"]:
        fits = size_of(infrared) == size and infrared.fps() == fps and infrared.stream_index() < 2
        if fits and infrared.format().name in ("y8", "y16"):
            chosen.setdefault("ir", infrared)
    if settings.color and there["color"]:
        chosen["color"] = _color(there["color"], settings)
    inertial = {kind: _fastest(there[kind]) for kind in ("accel", "gyro")}
    return chosen | (inertial if all(inertial.values()) else {})


def _depth(there: Sequence[Any], settings: DeviceSettings) -> Any:
    if not there:
        raise DeviceUnavailable(Unavailable.REFUSED, "the device measures no depth: use one that does")
    mode = named(settings.depth_mode, DEPTH_MODES)
    default = settings.depth_mode == DEFAULT_DEPTH_MODE
    if mode is None or not (mode.foreign or default):
        raise CameraError(
            f"a RealSense has no depth mode '{settings.depth_mode}': name the size of its images, such as "
            "848X480"
        )
    size = _USUAL_DEPTH if default else mode.size
    return _matching(there, "depth", size, ("z16",), settings.fps, exact=not default)


def _color(there: Sequence[Any], settings: DeviceSettings) -> Any:
    mode = named(settings.color_resolution, COLOR_RESOLUTIONS)
    if mode is None:
        raise CameraError(
            f"no colour resolution '{settings.color_resolution}': name an Azure Kinect's, such as 720P, or a "
            "size, such as 640X480"
        )
    default = settings.color_format == _DEFAULT_COLOR_FORMAT
    forms = [name for name, (ours, _) in COLOR_FORMATS.items() if default or ours == settings.color_format]
    made = {profile.format().name for profile in there}
    exact = settings.color_resolution != DEFAULT_COLOR_RESOLUTION
    # In the order of the table, in which what costs least comes first.
    for form in forms:
        if form in made:
            return _matching(there, "colour", mode.size, (form,), settings.fps, exact=exact)
    return _matching(there, "colour", mode.size, forms, settings.fps, exact=exact)


def _matching(
    there: Iterable[Any],
    kind: str,
    size: tuple[int, int],
    forms: Collection[str],
    fps: int,
    *,
    exact: bool,
) -> Any:
    """Give the profile of a size, or of the size that comes nearest to it."""
    able = [profile for profile in there if profile.format().name in forms]
    fitting = [p for p in able if p.fps() == fps and (size_of(p) == size or not exact)]
    if fitting:
        return min(fitting, key=lambda p: abs(math.prod(size_of(p)) - math.prod(size)))
    sizes = sorted({(*size_of(profile), profile.fps()) for profile in able})
    choices = ", ".join(f"{w}X{h} at {rate}" for w, h, rate in sizes) or "none in this format"
    what = f"{kind} images of {size[0]}X{size[1]}" if exact else f"{kind} images"
    raise DeviceUnavailable(
        Unavailable.REFUSED, f"the device has no {what} at {fps} a second; there are: {choices}"
    )


def _fastest(there: Sequence[Any]) -> Any:
    return max(there, key=lambda profile: profile.fps(), default=None)
