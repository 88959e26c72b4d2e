"""What is set on the page, as a command line that does the same."""

import shlex
from collections.abc import Iterable

from bodychan.operators.kinect.playback import Playback
from bodychan.operators.parameters import Kind, Parameter, Value


def run_line(source: str, top: "Changed", chop: "Changed", playback: Playback, targets: Iterable[str]) -> str:
    """Return `bodychan run …` with the parameters that differ from their defaults.

    Args:
        source: what `run` is to show.
        top: the TOP's parameters.
        chop: the CHOP's.
        playback: of the recording.
        targets: where the channels go.
    """
    words = ["bodychan", "run", source]
    for prefix, mine, other in (("top", top, chop), ("chop", chop, top)):
        for name, value in mine.values.items():
            full = f"{prefix}.{name}" if name in other.names else name
            words += ["--par", f"{full}={_written(value)}"]
    if playback.start:
        words += ["--start", f"{playback.start:g}"]
    if playback.duration is not None:
        words += ["--duration", f"{playback.duration:g}"]
    if playback.speed != 1.0:
        words += ["--speed", f"{playback.speed:g}"]
    if playback.loop:
        words.append("--loop")
    for target in targets:
        words += ["--to", target]
    return shlex.join(words)


class Changed:
    """The parameters of an operator that the command line has to name; `names` are all that it has."""

    def __init__(self, parameters: Iterable[tuple[Parameter, Value]], without: Iterable[str]) -> None:
        rows = list(parameters)
        self.names = {row.name for row, _ in rows}
        self.values = {
            row.name: value
            for row, value in rows
            if value != row.default and row.name not in set(without) and row.kind is not Kind.PULSE
        }


def _written(value: Value) -> str:
    return str(int(value)) if isinstance(value, bool) else str(value)
