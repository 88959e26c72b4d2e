"""What the tracker makes of stereo depth: joint errors on synthetic scenes, with depth as a D435 measures it.

    python benchmarks/stereo.py [SCENE ...]

Disparities are those of 848x480 pixels and a baseline of 50 mm: off by smooth noise, in steps of 1/32 pixel.
What stands nearer is fatter by a pixel and throws a shadow to its left; there are small holes.
"""

import sys
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from scipy import ndimage

from bodychan.cameras.synthetic.camera import SyntheticCamera
from bodychan.model.arrays import F64, U16
from bodychan.model.skeleton import Joint
from bodychan.optics.modes import size_name
from bodychan.tracking.builtin.tracker import BuiltinTracker

FOCAL, BASELINE_MM = 424.0, 50.0
STEPS = 32
FARTHEST_SHADOW = 25
CAPTURES, EVERY = 180, 2
"""So many captures of a scene, of which every second is tracked: 15 a second."""
SAME_MM = 300.0
MAJOR = [
    Joint[name]
    for name in (
        *("PELVIS", "SPINE_CHEST", "NECK", "HEAD"),
        *(f"{part}_{side}" for part in ("SHOULDER", "ELBOW", "WRIST") for side in ("LEFT", "RIGHT")),
        *(f"{part}_{side}" for part in ("HIP", "KNEE", "ANKLE") for side in ("LEFT", "RIGHT")),
    )
]

Measure = Callable[[U16], U16]


def stereo(noise: float, focal: float) -> Measure:
    """Make a measurement with disparities off by so many pixels, for images of a focal length."""
    random = np.random.default_rng(3)

    def smooth(shape: tuple[int, ...], width: float) -> F64:
        made = ndimage.gaussian_filter(random.standard_normal(shape), width)
        return np.asarray(made / made.std(), np.float64)

    def measure(depth: U16) -> U16:
        true = np.where(depth > 0, FOCAL * BASELINE_MM / np.maximum(depth, 1.0), 0.0)
        true = ndimage.maximum_filter(true, size=3)
        shadowed = np.zeros(depth.shape, np.bool_)
        for pixels in range(1, FARTHEST_SHADOW):
            nearer = np.zeros_like(true)
            nearer[:, :-pixels] = true[:, pixels:]
            shadowed |= (nearer - true) * focal / FOCAL > pixels
        seen = np.rint((true + noise * smooth(depth.shape, 1.5)) * STEPS) / STEPS
        lost = shadowed | (true == 0) | (seen < 0.5) | (smooth(depth.shape, 2.0) > 2.3)
        return np.where(lost, 0.0, FOCAL * BASELINE_MM / np.maximum(seen, 0.5)).astype(np.uint16)

    return measure


def errors(scene: str, measure: Measure | None, *, infrared: bool) -> tuple[F64, int]:
    """Track a scene: errors in mm (N, 16) of the people that were found, and how many there were."""
    camera = SyntheticCamera(scene)
    calibration, lens = camera.calibration, camera.calibration.lenses["depth"]
    if not infrared:
        calibration = replace(calibration, depth_mode=size_name((lens.width, lens.height)))
    found: list[F64] = []
    people = 0
    with BuiltinTracker(calibration) as tracker:
        for capture, _ in zip(camera, range(CAPTURES), strict=False):
            if capture.index % EVERY == 0 or capture.depth is None:
                continue
            seen = replace(capture, depth=measure(capture.depth)) if measure else capture
            bodies, truth = tracker.track(seen), camera.truth(capture)
            people += len(truth)
            for person in truth.positions:
                off = np.linalg.norm(bodies.positions - person, axis=2)[:, MAJOR]
                nearest = min(off, key=np.median, default=None)
                if nearest is not None and np.median(nearest) < SAME_MM:
                    found.append(nearest)
    return np.array(found).reshape(-1, len(MAJOR)), people


def main() -> None:
    """Print a line for each scene and kind of depth."""
    for scene in sys.argv[1:] or ["synthetic:walk", "synthetic:two"]:
        focal = SyntheticCamera(scene).calibration.lenses["depth"].fx
        for name, measure, infrared in (
            ("time of flight and infrared", None, True),
            ("time of flight", None, False),
            ("stereo, 0.08 pixels", stereo(0.08, focal), False),
            ("stereo, 0.2 pixels", stereo(0.2, focal), False),
        ):
            off, people = errors(scene, measure, infrared=infrared)
            mean, worst = off.mean(), np.percentile(off, 95)
            print(
                f"{scene:16} {name:28} found {len(off)}/{people}, {mean:.1f} mm, 95 % within {worst:.0f} mm"
            )


if __name__ == "__main__":
    main()
