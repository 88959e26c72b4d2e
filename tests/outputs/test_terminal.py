import io

import numpy as np
from rich.console import Console

from bodychan import Channels
from bodychan.channels.layout import Layout
from bodychan.outputs.terminal import TerminalOutput


def frame(number: int, body: int = 7) -> Channels:
    names = Layout(2).names
    values = np.zeros(len(names))
    values[:3] = number, 1_033_333, body
    values[3:6] = (0.5, 0.25, 2.0) if body else 0
    return Channels(names, values[:, None], 60.0)


def test_a_pipe_gets_one_line_per_camera_frame() -> None:
    text = io.StringIO()
    with TerminalOutput(Console(file=text, force_terminal=False)) as output:
        for number in (1, 1, 2):
            output.write(frame(number))
        output.write(frame(3, body=0))
    assert text.getvalue().splitlines() == [
        "frame 1  timestamp 1033333  p1 id 7 pelvis   0.50   0.25   2.00  p2 id 0",
        "frame 2  timestamp 1033333  p1 id 7 pelvis   0.50   0.25   2.00  p2 id 0",
        "frame 3  timestamp 1033333  p1 id 0  p2 id 0",
    ]


def test_a_terminal_gets_a_table_of_the_players() -> None:
    text = io.StringIO()
    with TerminalOutput(Console(file=text, force_terminal=True, width=160, color_system=None)) as output:
        output.write(frame(5))
    assert "frame 5" in text.getvalue()
    assert "0.50   0.25   2.00" in text.getvalue()
