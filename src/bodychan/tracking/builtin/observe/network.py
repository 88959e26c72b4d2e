"""The joint network: crops in, joints with uncertainty and visibility out. Trained by `training`."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bodychan.model.arrays import F32, F64, I64, frozen
from bodychan.model.skeleton import Joint
from bodychan.tracking.builtin.observe.crop import SIZE, Square

WEIGHTS = Path(__file__).resolve().parents[1] / "weights" / "joints.onnx"
_LAPLACE = 2.0**0.5
"""Standard deviation of a Laplace distribution over its scale, which the network gives."""
_LOG_SIGMA = (-6.0, 2.0)
MIRRORED: I64 = frozen(np.array([int(joint.mirrored) for joint in Joint]))


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """What the network sees in a square: a person's joints, in the upright camera's frame.

    `joints` (32, 3) mm with the error `sigma` (32,) mm to expect; `seen` (32,) how likely each is seen, and
    `presence` that somebody is there at all, 0 to 1.
    """

    square: Square
    joints: F64
    sigma: F64
    seen: F64
    presence: float


class JointNetwork:
    """The network, on one thread for each call; several threads may call it.

    A crop is looked at as it is and in the mirror, and the mean counts.
    """

    def __init__(self, weights: Path = WEIGHTS) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        # One thread a call, so that results do not depend on how many processors there are.
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(weights, options, providers=["CPUExecutionProvider"])

    def look(self, crop: F32, square: Square) -> Look:
        """Look at a crop (4, S, S) of a square."""
        pair = np.stack([crop, crop[:, :, ::-1]])
        found, there = self._session.run(None, {"crops": pair})
        straight, mirrored = found.astype(np.float64)
        mirrored = mirrored[MIRRORED]
        mirrored[:, 0] = 1.0 - mirrored[:, 0]
        mean = (straight + mirrored) / 2
        apart = np.linalg.norm((straight - mirrored)[:, :3], axis=1) / 2
        scale = np.exp(np.clip(mean[:, 3], *_LOG_SIGMA)) * _LAPLACE
        return Look(
            square,
            _placed(mean, square),
            np.hypot(scale, apart) * square.side_mm,
            1.0 / (1.0 + np.exp(-mean[:, 4])),
            float(1.0 / (1.0 + np.exp(-there.astype(np.float64).mean()))),
        )


def _placed(found: F64, square: Square) -> F64:
    """Give the joints (32, 3) mm that the network's numbers mean."""
    tangents = np.array([square.x, square.y]) + (found[:, :2] - 0.5) * square.side
    z = np.maximum(square.depth_mm + found[:, 2] * square.side_mm, 200.0)
    return np.concatenate([tangents * z[:, None], z[:, None]], axis=1)


__all__ = ["SIZE", "WEIGHTS", "JointNetwork", "Look"]
