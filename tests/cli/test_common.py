import io
import logging
import sys
from typing import Any

import click
import numba
import pytest
from click.testing import CliRunner

from bodychan.cli.common import Notes, Number, Progress, StatusLine, note, parameters_option


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def on_terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    return screen


def test_a_terminal_sees_how_far_it_is_and_that_kernels_are_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = on_terminal(monkeypatch)

    def kernel(x: int) -> int:
        return x

    kernel.__module__ = "bodychan.tests"
    with Progress("/some/take.mkv") as progress:
        compiled: Any = numba.njit(kernel)
        compiled(1)
        progress(3, 12)
    text = terminal.getvalue()
    assert "compiling the kernels, once, some seconds: 0 done" in text
    assert "compiling the kernels, once, some seconds: 1 done" in text
    assert "take.mkv" in text
    assert "3/12" in text


def test_a_terminal_sees_how_the_show_goes_and_notes_above_it(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = on_terminal(monkeypatch)
    with StatusLine(quiet=False) as line:
        line("sending to osc://here:1: 60 a second")
        Notes().emit(logging.LogRecord("bodychan", logging.WARNING, "", 0, "too %s", ("slow",), None))
        line("sending to osc://here:1: 59 a second")
    text = terminal.getvalue()
    assert "sending to osc://here:1: 59 a second" in text
    assert "bodychan: warning: too slow" in text


def test_a_pipe_sees_neither(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress("take.mkv") as progress, StatusLine(quiet=False) as line:
        progress(1, None)
        line("sending")
    assert capsys.readouterr() == ("", "")


def test_a_note_to_a_terminal_that_is_gone_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    class Gone(io.StringIO):
        def write(self, _text: str) -> int:
            raise OSError(5, "Input/output error")

    monkeypatch.setattr(sys, "stderr", Gone())
    note("nobody hears this")


@click.command()
@parameters_option
@click.option("--number", type=Number(min=0, max=10), default=0.0)
def command(parameters: dict[str, str], number: float) -> None:
    click.echo(f"{parameters} {number}")


@pytest.mark.parametrize(
    ("arguments", "out"),
    [
        (["--par", "a=1", "--par", "b = 2=3"], "{'a': '1', 'b': ' 2=3'} 0.0"),
        (["--number", "nan"], "nan is not a finite number"),
        (["--number", "inf"], "inf is not in the range"),
        (["--number", "11"], "11.0 is not in the range"),
        (["--par", "a"], "'a' is not NAME=VALUE"),
    ],
)
def test_options_are_read_or_explained(arguments: list[str], out: str) -> None:
    assert out in CliRunner().invoke(command, arguments).output
