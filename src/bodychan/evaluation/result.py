"""The results of benchmarking a tracker, as they are saved in tracker.json."""

import platform
from dataclasses import dataclass, field

from bodychan import __version__
from bodychan.evaluation import measures, motion, wholeness
from bodychan.evaluation.measures import Errors
from bodychan.evaluation.speed import Speed, StageTimes
from bodychan.tracking.builtin.threads import processors


@dataclass(frozen=True, slots=True)
class Timing:
    """Milliseconds from a capture to its bodies, without reading and decoding, as in live tracking.

    `convert` works on several captures at once; `speed.Speed` says how fast that is.
    """

    median_ms: float
    mean_ms: float
    p95_ms: float


@dataclass(frozen=True, slots=True)
class Measures:
    """Everything about one sequence, or all of them; `people` is the most at one time.

    `visible`, `hidden` and `outside` are the errors of major joints by visibility; `joints` those of visible
    joints by channel name without its side.
    """

    name: str
    captures: int
    people: int
    detection: measures.Detection
    visible: Errors
    hidden: Errors
    outside: Errors
    joints: dict[str, Errors]
    bones: dict[str, measures.Angles]
    orientations: dict[str, measures.Angles]
    lengths: dict[str, motion.Lengths]
    jitter: motion.Jitter
    lag_ms: float
    identity: motion.Identity
    confidence: dict[int, measures.Level]
    whole: wholeness.Whole
    timing: Timing


@dataclass(frozen=True, slots=True)
class Machine:
    """What the measurements were made with."""

    bodychan: str = __version__
    python: str = field(default_factory=platform.python_version)
    system: str = field(default_factory=platform.platform)
    processors: int = field(default_factory=processors)


@dataclass(frozen=True, slots=True)
class Result:
    """What `benchmark.run` found, and what `tracker.json` holds.

    Every `every`-th capture was tracked, `without` names the images that were withheld; `trade` is lag
    against jitter after filters of growing strength; `peak_memory_mb` is this process's, truth included.
    """

    machine: Machine
    every: int
    without: tuple[str, ...]
    sequences: list[Measures]
    total: Measures
    trade: list[motion.Trade]
    peak_memory_mb: float
    speeds: list[Speed] = field(default_factory=list)
    stages: list[StageTimes] = field(default_factory=list)
