"""What the built-in tracker did with one capture, put together for a picture."""

from dataclasses import dataclass

from bodychan.evaluation.truth import People
from bodychan.model.arrays import U8
from bodychan.optics.calibration import Calibration
from bodychan.tracking.builtin.body_index import index_map
from bodychan.tracking.builtin.trace import Trace


@dataclass(frozen=True, slots=True, eq=False)
class Stages:
    """One capture, explained.

    `trace` is what the tracker did, after up to `WARM_CAPTURES` captures before; `owner` (H, W) the body
    index map, None without a depth image; `truth` the people as they are, where that is known.
    """

    calibration: Calibration
    trace: Trace
    owner: U8 | None
    truth: People | None


def stages_of(trace: Trace, calibration: Calibration, true: People | None = None) -> Stages:
    """Put together what is drawn."""
    depth = trace.capture.depth
    owner = None if depth is None else index_map(depth, trace.bodies, calibration)
    return Stages(calibration, trace, owner, true)
