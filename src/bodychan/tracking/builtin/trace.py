"""What the built-in tracker did with one capture, stage by stage: to look at, nothing depends on it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bodychan.model.bodies import Bodies
from bodychan.model.capture import Capture
from bodychan.tracking.builtin.body import Body
from bodychan.tracking.builtin.observe.looks import Find
from bodychan.tracking.builtin.observe.upright import Upright


@dataclass(frozen=True, slots=True, eq=False)
class Trace:
    """What the built-in tracker did with one capture.

    `upright` is the camera that it looks with; `finds` what came of each look, those at followed bodies
    first; `people` the bodies by their ids, those too that are carried on unseen; `waiting` those for whom
    there is not evidence enough yet; `bodies` what the tracker delivers. Without a depth image nothing is
    looked at.
    """

    capture: Capture
    upright: Upright
    finds: Sequence[Find]
    people: Mapping[int, Body]
    waiting: Sequence[Body]
    bodies: Bodies
