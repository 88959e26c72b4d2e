"""A piece of a show: how far apart a player's hands are, and whether one is raised, as OSC in real time.

    python examples/hands_to_osc.py [SOURCE] [TARGET]

SOURCE is what a Kinect Azure TOP's `sensor` takes: a recording, `k4a:0`, or a synthetic scene, which it is if
not given. TARGET is where the OSC goes, osc://127.0.0.1:7000 if not given. A sequencer, a light desk or
TouchDesigner's OSC In CHOP hears /p1/hands/apart (metres) and /p1/hands/raised (how many, 0 to 2).
"""

import argparse
import sys
from collections.abc import Sequence
from contextlib import suppress

import numpy as np

from bodychan import Channels, KinectAzureCHOP, KinectAzureTOP, Project, open_output
from bodychan.errors import BodychanError
from bodychan.model.arrays import F64
from bodychan.outputs.base import Output

NAMES = ("p1/hands/apart", "p1/hands/raised")


class Hands:
    """Makes two channels of a player's joints at each frame and hands them on to an output."""

    def __init__(self, output: Output) -> None:
        self._output = output

    def write(self, channels: Channels) -> None:
        """Take the channels of one frame. Metres, y up; all are 0 while nobody is there."""
        left, right, head = (place(channels, joint) for joint in ("hand_l", "hand_r", "head"))
        apart = float(np.linalg.norm(left - right))
        raised = float((left[1] > head[1]) + (right[1] > head[1]))
        values = np.array([[apart], [raised]])
        self._output.write(Channels(NAMES, values, channels.rate, channels.start))


def place(channels: Channels, joint: str) -> F64:
    """Give a joint's position (3,)."""
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
        project.attach(chop, Hands(output))
        top.open()  # A wrong source is an error now; while it plays, a camera that fails is tried again.
        with suppress(KeyboardInterrupt):
            project.play(until=lambda: top.ended)


if __name__ == "__main__":
    try:
        main()
    except BodychanError as error:
        sys.exit(f"error: {error}")
