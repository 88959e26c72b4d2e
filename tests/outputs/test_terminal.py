import io
import re

import numpy as np
import pytest
from rich.console import Console

from bodychan import Channels, testing
from bodychan.channels.layout import Layout
from bodychan.errors import OutputError
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


def shown(channels: Channels, width: int) -> str:
    text = io.StringIO()
    with TerminalOutput(Console(file=text, force_terminal=True, width=width, color_system=None)) as output:
        output.write(channels)
    return re.sub(r"\x1b\[[0-9?]*[a-zA-Z]", "", text.getvalue())


def test_at_80_columns_whole_numbers_of_the_first_joints_are_shown() -> None:
    lines = shown(frame(5), 80).splitlines()
    assert max(map(len, lines)) <= 80
    row = next(line for line in lines if "p1" in line)
    assert "0.50   0.25   2.00" in row
    assert "…" not in row
    heading = next(line for line in lines if "player" in line)
    assert "pelvis" in heading
    assert "head" in heading


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (("p1/head:rx",), "p1/head:rx 1"),
        (("timestamp", "imu:accelx"), "timestamp 1  imu:accelx 1"),
        (("p1/id",), "p1 id 1"),
        (("frame", "p1/pelvis:ty"), "frame 1  p1/pelvis:ty 1"),
        (("p1/id", "p1/pelvis:ty", "p1/pelvis:tx", "p1/pelvis:tz"), "p1 id 1 pelvis   1.00   1.00   1.00"),
        (tuple(f"c{i}" for i in range(40)), "c0 1  c1 1  c2 1  c3 1  c4 1  c5 1  c6 1  c7 1  and 32 more"),
    ],
)
def test_it_works_with_whatever_channels_scope_leaves(names: tuple[str, ...], words: str) -> None:
    channels = Channels(names, np.ones((len(names), 1)), 60.0)
    text = io.StringIO()
    with TerminalOutput(Console(file=text, force_terminal=False, width=40)) as output:
        output.write(channels)
        output.write(channels)
    assert text.getvalue() == words + "\n"
    assert max(map(len, shown(channels, 80).splitlines())) <= 80


def test_it_keeps_to_the_contract() -> None:
    text = io.StringIO()

    def received() -> list[Channels]:
        found = re.findall(r"frame (\d+)  timestamp (\d+)  p1 id (\d+)", text.getvalue())
        names = ("frame", "timestamp", "p1/id", "p1/pelvis:tx")
        # The position of a joint is only shown whole, and here is nothing but its x.
        x = [0.25 * (float(number) - 1) - 1 for number, *_ in found]
        rows = [[*map(float, row), tx] for row, tx in zip(found, x, strict=True)]
        return [Channels(names, np.array([row]).T, 30.0) for row in rows]

    console = Console(file=text, force_terminal=False)
    testing.check_output(lambda: TerminalOutput(console), received)


def test_a_reader_that_is_gone_is_an_error_and_not_the_end_of_the_program() -> None:
    class Gone(io.StringIO):
        def write(self, _text: str) -> int:
            raise BrokenPipeError

    output = TerminalOutput(Console(file=Gone(), force_terminal=False))
    with pytest.raises(OutputError, match="whoever read the pipe, is gone"):
        output.write(frame(1))
