"""What a report of a fault should say of a live camera, whether it opens or not."""

import re
from pathlib import Path

from bodychan.cameras import computer
from bodychan.cameras.k4a.api import MICROSOFT, ORBBEC
from bodychan.cameras.k4a.handles import K4a
from bodychan.cameras.library import Library, can_load, file_of
from bodychan.cameras.orbbec.sdk import find
from bodychan.cameras.orbbec.source import is_chosen
from bodychan.errors import DeviceUnavailable
from bodychan.optics.calibration import Calibration

_ENGINES = ("*depthengine*.so*", "depthengine_2_0.dll")


def about(scheme: str) -> dict[str, str]:
    """Describe the computer and the library that a camera of a kind is opened through; nothing is opened."""
    own = scheme == "orbbec" and is_chosen(None)
    vendor = computer.ORBBEC if scheme == "orbbec" else computer.MICROSOFT
    try:
        library = _orbbec() if own else _k4a(ORBBEC if scheme == "orbbec" else MICROSOFT)
    except DeviceUnavailable:
        # Opening the camera says why, and what to do.
        library = {"library": "none that can be used"}
    return computer.facts_for(vendor) | library


def _orbbec() -> dict[str, str]:
    sdk = find()
    return {
        "library": str(sdk.file),
        "library version": f"OrbbecSDK {sdk.version}",
        "depth engine": _engine(sdk.file.parent / "extensions" / "depthengine", "libEGL.so.1"),
    }


def _k4a(library: Library) -> dict[str, str]:
    file = file_of(K4a(library).functions)
    # The library does not tell its version, its name does.
    version = re.search(r"\.so\.([\d.]+)$|SDK v([\d.]+)", file)
    return {
        "library": file,
        "library version": next(filter(None, version.groups())) if version else "its name does not say",
        "depth engine": _engine(Path(file).parent, "libGL.so.1"),
    }


def _engine(folder: Path, graphics: str) -> str:
    """Say where the depth engine is, and whether the system has what it draws with."""
    found = [file.name for pattern in _ENGINES for file in sorted(folder.glob(pattern))]
    if not found:
        return f"none in {folder}: without it there is no depth, unless the system has it elsewhere"
    told = f"{found[0]} in {folder}"
    if found[0].endswith(".dll") or can_load(graphics):
        return told
    return f"{told}, but {graphics}, which it needs, is not installed"


def calibration_facts(calibration: Calibration) -> dict[str, str]:
    """Sum a calibration up: lenses in pixels of the mode, and where the other sensors are."""
    facts = {}
    for name, lens in calibration.lenses.items():
        facts[f"{name} lens"] = (
            f"{lens.width}x{lens.height}, focal length {lens.fx:.1f} {lens.fy:.1f}, centre {lens.cx:.1f} "
            f"{lens.cy:.1f}, radial {' '.join(f'{k:.3g}' for k in lens.radial)}, tangential "
            f"{' '.join(f'{p:.2g}' for p in lens.tangential)}"
        )
    for name, pose in calibration.poses.items():
        if name != "depth":
            place = " ".join(f"{value:.1f}" for value in pose[:3, 3])
            facts[f"{name} pose"] = f"origin of the depth camera at {place} mm"
    return facts
