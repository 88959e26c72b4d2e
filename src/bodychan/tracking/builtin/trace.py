"""What the built-in tracker did with one capture, stage by stage: to look at, nothing depends on it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bodychan.model.bodies import Bodies
from bodychan.model.capture import Capture
from bodychan.tracking.blazepose.view import View
from bodychan.tracking.builtin.detect.finder import Search
from bodychan.tracking.builtin.fit.body import Followed
from bodychan.tracking.builtin.observe.candidate import Candidate, Dropped


@dataclass(frozen=True, slots=True, eq=False)
class Trace:
    """What the built-in tracker did with one capture.

    `seen` is what the networks see, None for a capture without images; `search` where people were searched
    who are not followed; `finds` what the landmark model found in the regions that it looked at, the followed
    bodies' first: a `Candidate`, or a `Dropped` with its reason; `people` the candidates by their ids,
    through the stages up to the pose; `bodies` what the tracker delivers, those too that were not found and
    are carried on by their skin. Without a depth image nothing is looked at.
    """

    capture: Capture
    seen: View | None
    search: Search
    finds: Sequence[Candidate | Dropped]
    people: Mapping[int, Followed]
    bodies: Bodies
