"""OSC messages of your own: how far apart a player's hands are, and how many are raised, in real time.

    python examples/hands_to_osc.py [SOURCE] [TARGET]

SOURCE is what a Kinect Azure TOP's `sensor` takes: a recording, `k4a:0`, or a synthetic scene (the default).
TARGET is where the OSC goes, osc://127.0.0.1:7000 by default. A sequencer, a lighting desk or TouchDesigner's
OSC In CHOP receives /p1/hands/apart (metres) and /p1/hands/raised (how many, 0 to 2).
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress

import numpy as np
from numpy.typing import NDArray

from bodychan import Channels, KinectAzureCHOP, KinectAzureTOP, Project, errors, open_output

NAMES = ("p1/hands/apart", "p1/hands/raised")


class Hands:
    """Turns a player's joints into two channels at each frame and passes them on."""

    def __init__(self, write: Callable[[Channels], None]) -> None:
        self._write = write

    def write(self, channels: Channels) -> None:
        """Take the channels of one frame. Metres, y up; all are 0 while nobody is there."""
        left, right, head = (place(channels, joint) for joint in ("hand_l", "hand_r", "head"))
        apart = float(np.linalg.norm(left - right))
        raised = float((left[1] > head[1]) + (right[1] > head[1]))
        values = np.array([[apart], [raised]])
        self._write(Channels(NAMES, values, channels.rate, channels.start))


def place(channels: Channels, joint: str) -> NDArray[np.float64]:
    """Give a joint's position, (3,) metres."""
    return np.array([float(channels[f"p1/{joint}:t{axis}"]) for axis in "xyz"])


def main(arguments: Sequence[str] | None = None) -> None:
    """Play the source in real time until it ends, or until Ctrl-C."""
    parser = argparse.ArgumentParser(description="Send how far apart the hands are, and how many are raised.")
    parser.add_argument("source", nargs="?", default="synthetic:walk")
    parser.add_argument("target", nargs="?", default="osc://127.0.0.1:7000")
    args = parser.parse_args(arguments)
    with Project(fps=30, realtime=True) as project, open_output(args.target) as output:
        top = project.create(KinectAzureTOP, "kinectazure1", sensor=args.source)
        chop = project.create(KinectAzureCHOP, "bodies", top=top, filter="oneeuro")
        project.attach(chop, Hands(output.write))
        top.open()  # So that a wrong source is an error; a camera that fails later is tried again.
        with suppress(KeyboardInterrupt):
            project.play(until=lambda: top.ended)


if __name__ == "__main__":
    try:
        main()
    except errors.BodychanError as error:
        sys.exit(f"error: {error}")
