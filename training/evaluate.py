"""How far the network's joints are from the truth: on bodies held out, and on recorded takes with truth.

One look at one crop each, without time or fit: what the network itself can do.
"""

import argparse
import importlib.util
import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from bodychan.model.skeleton import Joint
from bodychan.optics.calibration import Calibration
from bodychan.tracking.builtin.observe.crop import cut, square_about
from bodychan.tracking.builtin.observe.network import JointNetwork, Look
from bodychan.tracking.builtin.observe.upright import Upright
from training.bodies import load
from training.samples import (
    ACTION,
    HIDDEN,
    NEIGHBOURS,
    PRESENT,
    SELF_HIDDEN,
    SIDE_MM,
    STATURE,
    VISIBLE,
    YAW,
    Z0_MM,
    Samples,
    generate,
)
from training.train import inputs

MAJOR = [Joint.HEAD] + [
    Joint[f"{part}_{side}"]
    for part in ("SHOULDER", "ELBOW", "WRIST", "HIP", "KNEE", "ANKLE")
    for side in ("LEFT", "RIGHT")
]
_LEAST_PIXELS, _LEAST_JOINTS = 2500, 6
"""A person counts with so many visible pixels and visible major joints, as in `bench tracker`."""

Values = NDArray[np.float64]


def summary(errors: Values, visible: NDArray[np.uint8]) -> dict[str, float]:
    """Give the measures of errors (N, 32) mm: of major joints that are seen, and of hidden ones."""
    errors, visible = errors[:, MAJOR], visible[:, MAJOR]
    seen, hidden = errors[visible == VISIBLE], errors[(visible == SELF_HIDDEN) | (visible == HIDDEN)]
    return {
        "people": len(errors),
        "median": float(np.median(seen)),
        "mean": float(seen.mean()),
        "pck100": 100 * float((seen < 100).mean()),
        "hidden": float(np.median(hidden)) if len(hidden) else float("nan"),
        "hidden_mean": float(hidden.mean()) if len(hidden) else float("nan"),
    }


def confidence(errors: Values, seen: Values, visible: NDArray[np.uint8], least: float) -> dict[str, float]:
    """Say what it means for a joint to count as seen, from a probability on."""
    called = seen[:, MAJOR] > least
    hidden = np.isin(visible[:, MAJOR], (SELF_HIDDEN, HIDDEN))
    return {
        "within_100": 100 * float((errors[:, MAJOR][called] < 100).mean()),
        "hidden_called_seen": 100 * float(called[hidden].mean()),
        "visible_called_seen": 100 * float(called[visible[:, MAJOR] == VISIBLE].mean()),
    }


def on_held_out(network: JointNetwork, bodies: Path, count: int, *, infrared: bool) -> dict[str, object]:
    """Measure on bodies that were never trained on, by view, distance, stature and pose."""
    samples = generate(load(bodies, held_out=True), count, 987_654_321)
    found = [_looked(network, samples, i, infrared=infrared) for i in range(count)]
    about, side = samples.about, samples.about[:, SIDE_MM, None]
    places, seen = np.stack([f[0] for f in found]), np.stack([f[1] for f in found])
    presence = np.array([f[2] for f in found])
    errors = np.linalg.norm(places - samples.joints, axis=-1) * side
    inside = ((samples.joints[..., :2] > 0) & (samples.joints[..., :2] < 1)).all(axis=-1)
    visible = np.where(inside, samples.visible, 3).astype(np.uint8)
    there = about[:, PRESENT] > 0
    groups = {
        "all": there,
        "seen from the front": there & (np.cos(about[:, YAW]) < -0.5),
        "seen from the side": there & (np.abs(np.cos(about[:, YAW])) < 0.5),
        "seen from behind": there & (np.cos(about[:, YAW]) > 0.5),
        "nearer than 1.5 m": there & (about[:, Z0_MM] < 1500),
        "farther than 3.5 m": there & (about[:, Z0_MM] > 3500),
        "smaller than 1.5 m": there & (about[:, STATURE] < 1.5),
        "taller than 1.9 m": there & (about[:, STATURE] > 1.9),
        "with neighbours": there & (about[:, NEIGHBOURS] > 0),
        "seated": there & (about[:, ACTION] == 1),
        "lying": there & (about[:, ACTION] == 2),
    }
    out: dict[str, object] = {name: summary(errors[g], visible[g]) for name, g in groups.items()}
    out["confidence"] = confidence(errors[there], seen[there], visible[there], 0.5)
    out["presence"] = {
        "people called nobody": 100 * float((presence[there] < 0.5).mean()),
        "nobody called a person": 100 * float((presence[~there] > 0.5).mean()),
    }
    return out


def _looked(
    network: JointNetwork, samples: Samples, i: int, *, infrared: bool
) -> tuple[Values, Values, float]:
    """Give the joints in the crop's own numbers, how likely they are seen, and the presence."""
    from bodychan.tracking.builtin.observe.crop import Square

    side, z0 = float(samples.about[i, SIDE_MM]), float(samples.about[i, Z0_MM])
    light = samples.infrared[i : i + 1] if infrared else None
    crop = inputs(samples.depth[i : i + 1], light, samples.about[i : i + 1, SIDE_MM]).numpy()[0]
    look = network.look(np.ascontiguousarray(crop), Square(0.0, 0.0, side / z0, z0))
    tangents = look.joints[:, :2] / look.joints[:, 2:] / (side / z0) + 0.5
    return np.concatenate([tangents, (look.joints[:, 2:] - z0) / side], axis=1), look.seen, look.presence


def on_takes(network: JointNetwork, folder: Path, every: int, *, infrared: bool) -> dict[str, object]:
    """Measure on the evaluation set's takes, crops about the true joints; by take and over all."""
    expand = _expander(folder)
    calibration = Calibration.from_json(folder / "calibration.json")
    upright, rows = Upright(calibration), []
    for path in sorted(folder.glob("*.k4s")):
        for frame, joints, visible in _people(expand, path, every):
            light = frame["ir"] if infrared else None
            square = square_about(joints.astype(np.float64), frame["depth"], upright.fine)
            look = network.look(cut(frame["depth"], light, upright.fine, square), square)
            rows.append((path.stem, look, joints, visible))
    names = np.array([row[0] for row in rows])
    errors = np.stack([np.linalg.norm(look.joints - joints, axis=1) for _, look, joints, _ in rows])
    visible = np.stack([row[3] for row in rows])
    out: dict[str, object] = {
        name: summary(errors[names == name], visible[names == name]) for name in sorted(set(names))
    }
    out["all"] = summary(errors, visible)
    seen = np.stack([row[1].seen for row in rows])
    out["confidence"] = confidence(errors, seen, visible, 0.5)
    out["turned by more than 90 degrees"] = 100 * float(np.mean([_turned(row[1], row[2]) for row in rows]))
    return out


def _turned(look: Look, joints: Values) -> bool:
    """Say whether the trunk is turned by more than 90° from the truth."""
    left, right = [Joint.SHOULDER_LEFT, Joint.HIP_LEFT], [Joint.SHOULDER_RIGHT, Joint.HIP_RIGHT]
    found, true = (p[left].mean(0) - p[right].mean(0) for p in (look.joints, joints))
    return float(found[[0, 2]] @ true[[0, 2]]) < 0


def _expander(folder: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("expand", folder / "expand.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _people(
    expand: ModuleType, path: Path, every: int
) -> Iterator[tuple[dict[str, NDArray[np.uint16]], Values, NDArray[np.uint8]]]:
    with zipfile.ZipFile(path) as file:
        truth = np.load(io.BytesIO(file.read("gt.npz")))
        joints, visible, pixels = truth["joints"], truth["vis"], truth["pixels"]
    for frame in expand.frames(path, every=every):
        k = frame["index"]
        for person in range(joints.shape[1]):
            enough = (visible[k, person][MAJOR] == VISIBLE).sum() >= _LEAST_JOINTS
            if pixels[k, person] >= _LEAST_PIXELS and enough:
                yield frame, joints[k, person], visible[k, person]


def main() -> None:
    """Measure exported weights and print the result as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("weights", type=Path)
    parser.add_argument("--bodies", type=Path, help="bank of bodies; those held out are used")
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--takes", type=Path, help="folder of the evaluation set")
    parser.add_argument("--every", type=int, default=5)
    given = parser.parse_args()
    network, out = JointNetwork(given.weights), {}
    for infrared in (True, False):
        name = "depth and infrared" if infrared else "depth alone"
        if given.takes:
            out[f"takes, {name}"] = on_takes(network, given.takes, given.every, infrared=infrared)
        if given.bodies:
            out[f"held out, {name}"] = on_held_out(network, given.bodies, given.count, infrared=infrared)
    print(json.dumps(out, indent=1))


if __name__ == "__main__":
    main()
