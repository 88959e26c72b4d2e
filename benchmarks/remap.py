"""How long remapping takes, and how long it takes to build the rays that it needs.

    python benchmarks/remap.py [RECORDING]

It uses the recording's first capture with depth and colour, or else a tilted floor with boxes in the
synthetic camera's calibration. Best and median of many rounds are given; the first call, which loads or
compiles the kernels, is reported separately.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from bodychan import Calibration, remap
from bodychan.cameras.recording.camera import RecordingCamera
from bodychan.cameras.synthetic.device import calibration_json
from bodychan.model.arrays import U8, U16
from bodychan.optics.modes import COLOR_RESOLUTIONS

_ROUNDS = 100
_TARGETS_MS = {"depth_to_color": 8.0, "color_to_depth": 6.0, "point_cloud": 0.4}


def made_up() -> tuple[U16, U8, U16, Calibration]:
    """Give depth, colour and infrared of a tilted floor with boxes."""
    calibration = Calibration.from_json(calibration_json())
    y, x = np.mgrid[0:576, 0:640]
    depth = 3500 - 4 * y + 30 * np.sin(x / 40)
    for top, left, mm in ((150, 100, 1300), (220, 300, 1800), (300, 450, 900)):
        depth[top : top + 200, left - 10 : left] = 0  # the light's shadow
        depth[top : top + 200, left : left + 110] = mm
    rng = np.random.default_rng(0)
    depth[rng.random(depth.shape) < 0.005] = 0
    color = rng.integers(0, 256, (720, 1280, 3)).astype(np.uint8)
    return depth.astype(np.uint16), color, rng.integers(0, 2000, depth.shape).astype(np.uint16), calibration


def recorded(path: Path) -> tuple[U16, U8, U16, Calibration]:
    """Give depth, colour and infrared of the first capture that has all three."""
    with RecordingCamera(path) as camera:
        for capture in camera:
            if capture.depth is not None and capture.color is not None and capture.ir is not None:
                return capture.depth, capture.color, capture.ir, camera.calibration
    raise SystemExit(f"{path} has no capture with depth, colour and infrared")


def build_rays(calibration: Calibration, mode: str) -> object:
    """Build the depth camera's rays for a mode from scratch."""
    return Calibration.from_json(calibration.raw, mode).lenses["depth"].ray_planes


def measure(name: str, call: Callable[[], object], rounds: int = _ROUNDS) -> None:
    """Print the first, best and median time of a call."""
    start = time.perf_counter()
    call()
    first = time.perf_counter() - start
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        call()
        times.append(1e3 * (time.perf_counter() - start))
    target = f"   target {_TARGETS_MS[name]:.1f}" if name in _TARGETS_MS else ""
    print(
        f"{name:32s} best {min(times):7.2f} ms   median {statistics.median(times):7.2f} ms   "
        f"first {first:5.2f} s{target}"
    )


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("recording", type=Path, nargs="?")
    path: Path | None = parser.parse_args().recording
    depth, color, ir, calibration = made_up() if path is None else recorded(path)
    print(f"{calibration.depth_mode}, {calibration.color_resolution}; the first calls build the rays too")
    index = (ir % 7).astype(np.uint8)
    measure("depth_to_color", lambda: remap.depth_to_color(depth, calibration))
    measure("color_to_depth", lambda: remap.color_to_depth(color, depth, calibration))
    measure("point_cloud", lambda: remap.point_cloud(depth, calibration))
    measure("point_cloud_to_color", lambda: remap.point_cloud_to_color(depth, calibration))
    measure("ir_to_color, linear", lambda: remap.ir_to_color(ir, depth, calibration))
    measure("index_to_color", lambda: remap.index_to_color(index, depth, calibration))
    for resolution in COLOR_RESOLUTIONS:
        other = Calibration.from_json(calibration.raw, calibration.depth_mode, resolution)
        measure(f"depth_to_color at {resolution}", partial(remap.depth_to_color, depth, other), 20)
    for mode in ("NFOV_UNBINNED", "WFOV_UNBINNED"):
        measure(f"rays of {mode}", partial(build_rays, calibration, mode), 10)


if __name__ == "__main__":
    main()
