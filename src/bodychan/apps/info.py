"""What is installed here, and what is in a recording."""

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from os import PathLike

import bodychan
from bodychan.cameras.about import about, calibration_facts
from bodychan.cameras.base import Camera
from bodychan.cameras.connected import connected
from bodychan.cameras.live import MAKERS, LiveCamera
from bodychan.cameras.registry import open_camera
from bodychan.errors import CameraError
from bodychan.model.capture import Capture
from bodychan.optics.modes import COLOR_RESOLUTIONS, DEPTH_MODES, one_named
from bodychan.plugins import scheme_of

FAULT = "fault"
"""The fact that says why a live camera does not work; what else there is to tell stands before it."""
_LOOKED_AT = 45
"""Captures of a live camera that are looked at: 1.5 s at 30 a second."""
_PACKAGES = ("numpy", "numba", "av", "onnxruntime", "pyarrow", "scipy")


def environment() -> dict[str, str]:
    """Describe this installation: versions, platform, and the cameras that are connected."""
    facts = {
        "bodychan": bodychan.__version__,
        "python": f"{platform.python_version()} on {platform.platform()}",
    }
    for package in _PACKAGES:
        try:
            facts[package] = version(package)
        except PackageNotFoundError:
            facts[package] = "missing: install bodychan again"
    for number, camera in enumerate(connected(), 1):
        facts[f"camera {number}"] = camera.told()
    return facts


def describe(source: str | PathLike[str]) -> dict[str, str]:
    """Describe a camera, recording or scene: modes, length, and what it says of itself.

    Of a live camera it is all that a report of a fault should say; where it does not open or deliver, the
    `FAULT` says why.

    Raises:
        CameraError: a recording or scene cannot be opened or read.
    """
    scheme = scheme_of(os.fspath(source))
    if scheme in MAKERS:
        return _describe_live(os.fspath(source), scheme)
    with open_camera(source) as camera:
        facts = {
            "source": camera.name,
            "depth mode": _mode(camera, "K4A_DEPTH_MODE", camera.calibration.depth_mode),
            "colour resolution": _mode(camera, "K4A_COLOR_MODE", camera.calibration.color_resolution),
            "frame rate": f"{camera.fps} fps",
            "start": f"{camera.start_usec} µs device time",
        }
        if camera.duration_usec is not None:
            facts["length"] = f"{camera.duration_usec / 1e6:.3f} s"
            facts |= _contents(camera, lit=one_named(camera.calibration.depth_mode, DEPTH_MODES).lit)
        facts |= {name: value for name, value in sorted(camera.tags.items()) if len(value) < 100}
        facts |= {f"warning {i}": text for i, text in enumerate(camera.warnings, 1)}
    return facts


def _describe_live(url: str, scheme: str) -> dict[str, str]:
    facts = {
        "source": url,
        "bodychan": f"{bodychan.__version__}, Python {platform.python_version()}",
    } | about(scheme)
    try:
        with LiveCamera(url) as camera:
            facts |= {
                "modes asked for": f"{camera.settings.depth_mode}, {camera.settings.color_resolution} "
                f"{camera.settings.color_format}, {camera.fps} fps",
            }
            facts |= {name: value for name, value in sorted(camera.tags.items()) if len(value) < 100}
            facts |= {name: value for name, value in camera.facts.items() if value}
            if "depth modes" not in facts:
                facts["modes"] = f"{', '.join(DEPTH_MODES)}; {', '.join(COLOR_RESOLUTIONS)}: the library's"
            facts |= calibration_facts(camera.calibration)
            facts["delivers"] = _delivery(camera)
            facts |= {f"warning {i}": text for i, text in enumerate(camera.warnings, 1)}
    except CameraError as error:
        facts[FAULT] = str(error)
    return facts


def _delivery(camera: Camera) -> str:
    """Look at some captures as they come, and say how many of what came a second."""
    camera.backlog = _LOOKED_AT
    counts = dict.fromkeys(("captures", "depth", "ir", "color", "imu samples"), 0)
    first = last = camera.read()
    while last is not None and counts["captures"] < _LOOKED_AT:
        _count(counts, last)
        last = camera.read()
    assert first is not None
    assert last is not None
    seconds = (last.device_usec - first.device_usec) / 1e6
    told = ", ".join(f"{count / seconds:.1f} {name}" for name, count in counts.items())
    missed = last.index - first.index - _LOOKED_AT
    return f"{told} a second; {missed} of {last.index - first.index} frame periods brought no capture"


def _count(counts: dict[str, int], capture: Capture) -> None:
    counts["captures"] += 1
    counts["depth"] += capture.depth is not None
    counts["ir"] += capture.ir is not None
    counts["color"] += capture.color_image is not None
    counts["imu samples"] += len(capture.imu)


def _mode(camera: Camera, tag: str, mode: str) -> str:
    """Give a mode of the calibration, which names one of each sensor, also of one that is off."""
    return "OFF" if camera.tags.get(tag) == "OFF" else mode


def _contents(camera: Camera, *, lit: bool) -> dict[str, str]:
    """Count what is in the captures; they are gone through once. `lit` says what kind of infrared it is."""
    counts = dict.fromkeys(("captures", "depth", "ir", "color", "imu samples"), 0)
    frames = 0
    for capture in camera:
        _count(counts, capture)
        frames = capture.index
    return {name: str(count) for name, count in counts.items()} | {
        "dropped": str(frames - counts["captures"]),
        "tracking": _tracking(depth=counts["depth"] > 0, infrared=lit and counts["ir"] > 0),
    }


def _tracking(*, depth: bool, infrared: bool) -> str:
    """Say in which images the built-in tracker looks for people."""
    if not depth:
        return "not possible: there is no depth"
    return "in infrared and depth" if infrared else "in depth alone"
