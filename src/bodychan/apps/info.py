"""What is installed here, and what is in a recording."""

import platform
from importlib.metadata import PackageNotFoundError, version
from os import PathLike

import bodychan
from bodychan.cameras.base import Camera
from bodychan.cameras.connected import connected
from bodychan.cameras.registry import open_camera
from bodychan.optics.modes import DEPTH_MODES, one_named

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

    Raises:
        CameraError: it cannot be opened or read.
    """
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


def _mode(camera: Camera, tag: str, mode: str) -> str:
    """Give a mode of the calibration, which names one of each sensor, also of one that is off."""
    return "OFF" if camera.tags.get(tag) == "OFF" else mode


def _contents(camera: Camera, *, lit: bool) -> dict[str, str]:
    """Count what is in the captures; they are gone through once. `lit` says what kind of infrared it is."""
    counts = dict.fromkeys(("captures", "depth", "ir", "color", "imu samples"), 0)
    frames = 0
    for capture in camera:
        counts["captures"] += 1
        counts["depth"] += capture.depth is not None
        counts["ir"] += capture.ir is not None
        counts["color"] += capture.color_image is not None
        counts["imu samples"] += len(capture.imu)
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
