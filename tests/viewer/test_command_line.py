import shlex

import pytest

from bodychan import KinectAzureCHOP, KinectAzureTOP, Project
from bodychan.apps.wiring import wire
from bodychan.cli.main import cli
from bodychan.operators.kinect.playback import Playback
from bodychan.viewer.command_line import Changed, run_line


def made(project: Project) -> tuple[KinectAzureTOP, KinectAzureCHOP]:
    return wire(project, "synthetic:walk", {})


def line_of(top: KinectAzureTOP, chop: KinectAzureCHOP, playback: Playback, targets: list[str]) -> str:
    changed = (Changed(top.pars(), ("sensor", "active")), Changed(chop.pars(), ("top",)))
    return run_line(str(top.par.sensor), *changed, playback, targets)


def test_nothing_that_is_set_is_nothing_to_say() -> None:
    assert line_of(*made(Project()), Playback(), []) == "bodychan run synthetic:walk"


def test_the_line_does_the_same_again(monkeypatch: pytest.MonkeyPatch) -> None:
    top, chop = made(Project())
    top.par.sensor = "my take.mkv"
    top.par.mirrorimage = True
    chop.par.maxplayers = 3
    chop.par.active = False
    chop.par.scope = "p1/* p2/*:tx"
    chop.par.filter = "oneeuro"
    chop.par.mincutoff = 0.5
    line = line_of(top, chop, Playback(1.5, 2.0, 0.5, True), ["osc://127.0.0.1:7000", "a b.csv"])
    words = shlex.split(line)
    assert words[:2] == ["bodychan", "run"]
    command = cli.commands["run"]
    context = command.make_context("run", words[2:])
    values = context.params
    assert (values["sources"], values["targets"]) == (("my take.mkv",), ("osc://127.0.0.1:7000", "a b.csv"))
    assert (values["start"], values["duration"], values["speed"], values["loop"]) == (1.5, 2.0, 0.5, True)
    again_top, again_chop = wire(Project(), values["sources"][0], values["parameters"])
    assert again_top.pars() == top.pars()
    assert again_chop.pars() == chop.pars()
