"""The joint network: crops in, joints with uncertainty and visibility out. Trained by `training`."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bodychan.model.arrays import F32, F64, I64, frozen
from bodychan.model.skeleton import Joint
from bodychan.tracking.builtin.observe.crop import SIZE, Square
from bodychan.tracking.builtin.threads import Threads

WEIGHTS = Path(__file__).resolve().parents[1] / "weights" / "joints.onnx"
_LAPLACE = 2.0**0.5
"""Standard deviation of a Laplace distribution over its scale, which the network gives."""
_LOG_SIGMA = (-6.0, 2.0)
_NOBODY = -3.0
"""Logit of somebody being there, 5 %, below which the mirror image is not looked at: it would have to be 90 %
sure to be listened to."""
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

    def look(
        self, crop: F32, square: Square, *, threads: Threads | None = None, doubtful: bool = False
    ) -> Look:
        """Look at a crop (4, S, S) of a square.

        Args:
            crop: what to look at.
            square: where it is.
            threads: to look at the crop and its mirror image side by side; the result is the same.
            doubtful: nobody may be there; where that is all but certain the mirror image is left out.
        """
        straight, mirrored = crop[None], np.ascontiguousarray(crop[None, :, :, ::-1])
        if threads is not None:
            seen = threads.map(self._see, (straight, mirrored))
        elif doubtful:
            seen = [self._see(straight)]
            if seen[0][1][0] >= _NOBODY:
                seen.append(self._see(mirrored))
        else:
            seen = [self._see(np.concatenate([straight, mirrored]))]
        found, there = (np.concatenate(parts) for parts in zip(*seen, strict=True))
        return _look(found, there, square)

    def _see(self, crops: F32) -> tuple[F32, F32]:
        """Give the joints (N, 32, 5) of crops (N, 4, S, S) and the logits (N,) of somebody being there."""
        found, there = self._session.run(None, {"crops": crops})
        return found, there


def _look(found: F32, there: F32, square: Square) -> Look:
    """Give the mean of what was seen in a crop, the first row, and in its mirror image, the second if any."""
    straight, mirrored = found[0].astype(np.float64), found[-1].astype(np.float64)
    if len(found) > 1:
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
