import json
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from bodychan import Channels, InfoCHOP, KinectAzureCHOP, KinectAzureTOP, MergeCHOP, Project, open_output
from bodychan.errors import OutputError
from bodychan.outputs.base import Output
from bodychan.viewer.routing import Board


class Wire(Output):
    def __init__(self, target: str) -> None:
        self.target = target
        self.broken = ""
        self.away = False
        self.got = 0
        self.closed = False

    def write(self, channels: Channels) -> None:
        if self.broken:
            raise OutputError(self.broken)
        self.lost += self.away
        self.got += 1

    def close(self) -> None:
        self.closed = True
        if self.broken:
            raise OutputError(self.broken)


def until(arrived: Callable[[], object]) -> None:
    """Wait for what is done on an output's own thread."""
    for _ in range(500):
        if arrived():
            return
        threading.Event().wait(0.01)
    raise AssertionError("not within 5 s")


PROJECT = Project()
TOP = PROJECT.create(KinectAzureTOP, "top")
BODIES = PROJECT.create(KinectAzureCHOP, "bodies")
INFO = PROJECT.create(InfoCHOP, "info")
ROW = Channels(("p1/head:tx",), np.zeros((1, 1)), 60.0)


def test_each_output_gets_its_operators_channels_and_shows_it() -> None:
    board = Board()
    one, other = Wire("osc://a:1"), Wire("osc://b:1")
    board.add(BODIES, one, TOP)
    board.add(INFO, other, TOP)
    board.write("bodies", ROW)
    until(lambda: board.shown()[0].sent)
    assert (one.got, other.got) == (1, 0)
    assert [(lamp.target, lamp.light, lamp.sent) for lamp in board.shown()] == [
        ("osc://a:1", "sending", 1),
        ("osc://b:1", "idle", 0),
    ]


def test_one_that_fails_says_why_and_does_not_stop_the_others() -> None:
    board = Board()
    bad, good = Wire("rows.csv"), Wire("osc://good:1")
    board.add(BODIES, bad, TOP)
    board.add(BODIES, good, TOP)
    bad.broken = "the disk is full"
    board.write("bodies", ROW)
    until(lambda: board.shown()[0].problem)
    board.write("bodies", ROW)
    until(lambda: good.got == 2)
    assert (board.shown()[0].light, board.shown()[0].problem) == ("failing", "the disk is full")


def test_a_receiver_that_is_away_is_told_until_it_is_there_again(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [50.0]
    monkeypatch.setattr("bodychan.viewer.routing.time.monotonic", lambda: now[0])
    board = Board()
    wire = Wire("osc://away:1")
    board.add(BODIES, wire, TOP)
    wire.away = True
    board.write("bodies", ROW)
    until(lambda: board.shown()[0].sent == 1)
    assert board.shown()[0].light == "failing"
    assert "1 frames are lost" in board.shown()[0].problem
    wire.away = False
    now[0] += 1.5
    board.write("bodies", ROW)
    until(lambda: board.shown()[0].sent == 2)
    assert (board.shown()[0].light, board.shown()[0].problem) == ("sending", "")
    now[0] += 1.5
    assert board.shown()[0].light == "idle"


def test_an_output_that_is_removed_is_closed_and_its_number_never_comes_again() -> None:
    board = Board()
    first, second = Wire("a"), Wire("b")
    board.add(BODIES, first, TOP)
    number = board.shown()[0].number
    assert board.remove(number) == ""
    assert first.closed
    assert board.remove(number) == ""
    board.add(BODIES, second, TOP)
    assert board.shown()[0].number != number
    second.broken = "disk full"
    assert board.close() == ["disk full"]
    assert len(board) == 0


def test_one_that_does_not_answer_holds_up_nobody() -> None:
    go = threading.Event()

    class Stuck(Wire):
        newest_only = True

        def write(self, channels: Channels) -> None:
            go.wait(5)
            super().write(channels)

    board = Board()
    good = Wire("osc://good:1")
    board.add(BODIES, Stuck("osc://stuck:1"), TOP)
    board.add(BODIES, good, TOP)
    for _ in range(20):
        board.write("bodies", ROW)
    until(lambda: good.got == 20)
    assert board.shown()[0].light == "failing"
    go.set()
    assert board.close() == []


def test_channels_that_an_output_needs_are_switched_on_and_hidden_from_those_before() -> None:
    chop = PROJECT.create(KinectAzureCHOP, "needy")
    board = Board()
    before, needy = Wire("rows.csv"), Wire("take.bvh")
    needy.groups = frozenset({"bonelengths", "worldspace"})
    board.add(chop, before, TOP)
    board.add(chop, needy, TOP)
    assert chop.par.bonelengths
    assert [lamp.outlet.hidden for lamp in board._lamps.values()] == [{"bonelengths"}, set()]
    board.close()


def test_outputs_that_begin_together_do_not_get_each_others_channels() -> None:
    chop = PROJECT.create(KinectAzureCHOP, "together")
    needy, table = Wire("take.bvh"), Wire("rows.csv")
    needy.groups = frozenset({"absbonerotations", "worldspace"})
    board = Board()
    board.add_all([(chop, needy), (chop, table)], TOP)
    hidden = {lamp.outlet.target: lamp.outlet.hidden for lamp in board._lamps.values()}
    assert hidden == {"rows.csv": {"absbonerotations"}, "take.bvh": set()}
    board.close()


def test_behind_a_merge_channels_are_switched_on_in_what_is_merged() -> None:
    chop = PROJECT.create(KinectAzureCHOP, "in_front")
    merge = PROJECT.create(MergeCHOP, "merge", chops="in_front info")
    before, needy = Wire("rows.csv"), Wire("take.bvh")
    needy.groups = frozenset({"bonelengths"})
    board = Board()
    board.add(chop, before, TOP)
    board.add(merge, needy, TOP)
    assert chop.par.bonelengths
    assert [lamp.outlet.hidden for lamp in board._lamps.values()] == [{"bonelengths"}, set()]
    board.close()


def test_an_output_is_told_where_channels_come_from_as_soon_as_the_camera_is_open(tmp_path: Path) -> None:
    with Project() as project:
        top = project.create(KinectAzureTOP, "top", sensor="synthetic:empty?seconds=0.1")
        chop = project.create(KinectAzureCHOP, "bodies", top=top)
        board = Board()
        board.add(chop, open_output(tmp_path / "a.parquet"), top)
        top.open()
        board.write("bodies", chop.channels)
        board.write("bodies", chop.channels)
        assert board.close() == []
    facts = pq.read_schema(tmp_path / "a.parquet").metadata or {}
    assert facts[b"source"] == b"synthetic:empty?seconds=0.1"
    assert json.loads(facts[b"calibration"])["CalibrationInformation"]
