import os
import signal
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from bodychan import Channels
from bodychan.apps.outlets import Outlet, Outlets
from bodychan.errors import CameraError, DeviceUnavailable, OutputError, Unavailable
from bodychan.outputs.base import Output


def row(value: float, samples: int = 1) -> Channels:
    return Channels(("a",), np.full((1, samples), float(value)), 30.0)


class Memory(Output):
    """Keeps what is written until it is told to fail."""

    target = "memory"

    def __init__(self) -> None:
        self.values: list[float] = []
        self.error: OutputError | None = None
        self.closed = False

    def write(self, channels: Channels) -> None:
        if self.error is not None:
            raise self.error
        self.values += channels.samples[0].tolist()

    def close(self) -> None:
        self.closed = True
        if self.error is not None:
            raise self.error


def test_an_output_that_fails_is_closed_and_asked_no_more() -> None:
    memory = Memory()
    outlet = Outlet(memory)
    outlet.write(row(1))
    memory.error = OutputError("it is broken")
    outlet.write(row(2))
    memory.error = None
    outlet.write(row(3))
    outlet.finish()
    assert (memory.values, memory.closed) == ([1], True)
    assert (outlet.writes, outlet.failure) == (1, "it is broken")


def test_on_change_what_is_repeated_is_left_out() -> None:
    memory = Memory()
    outlet = Outlet(memory, on_change=True)
    for value, samples in ((1, 1), (1, 1), (1, 3), (2, 2), (2, 1), (1, 1)):
        outlet.write(row(value, samples))
    assert memory.values == [1, 2, 2, 1]
    outlet.write(Channels(("b",), np.ones((1, 1)), 30.0))
    assert len(memory.values) == 5


def test_closing_goes_on_when_one_cannot_be_closed(tmp_path: Path) -> None:
    with Outlets([]) as outlets:
        outlets.open(tmp_path / "empty.csv")
        outlets.open(tmp_path / "b.csv").write(row(1))
    assert os.listdir(tmp_path) == ["b.csv"]
    assert outlets.failures == (f"{tmp_path / 'empty.csv'}: there was nothing to write",)


def test_when_an_exception_passes_everything_is_kept(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), Outlets([]) as outlets:
        for name in ("a.csv", "b.parquet"):
            outlets.open(tmp_path / name).write(row(1))
        raise RuntimeError
    assert sorted(os.listdir(tmp_path)) == ["a.partial.csv", "b.partial.parquet"]
    assert outlets.places == (str(tmp_path / "a.partial.csv"), str(tmp_path / "b.partial.parquet"))


@pytest.mark.parametrize("keep", [False, True])
def test_ctrl_c_while_files_are_closed_does_not_break_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, keep: bool
) -> None:

    class Impatient(Memory):
        def close(self) -> None:
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)

    outlets = Outlets([])
    monkeypatch.setattr("bodychan.apps.outlets.open_output", lambda *_args, **_options: Impatient())
    outlets.open("impatient")
    monkeypatch.undo()
    outlets.open(tmp_path / "a.csv").write(row(1))
    (outlets.keep if keep else outlets.close)()
    assert os.listdir(tmp_path) == ["a.partial.csv" if keep else "a.csv"]


def test_an_error_says_where_what_came_before_is_and_stays_what_it_is(tmp_path: Path) -> None:
    outlets = Outlets([])
    outlets.open(tmp_path / "a.csv").write(row(1))
    error = outlets.kept_after(DeviceUnavailable(Unavailable.UNPLUGGED, "k4a:0 was unplugged"))
    assert str(error) == f"k4a:0 was unplugged; what came before is in {tmp_path / 'a.partial.csv'}"
    assert error.reason is Unavailable.UNPLUGGED
    assert str(Outlets([]).kept_after(CameraError("gone"))) == "gone"


@pytest.mark.parametrize("background", [False, True])
def test_what_fails_says_where_what_came_before_is(tmp_path: Path, background: bool) -> None:
    with Outlets([], background=background) as outlets:
        outlet = outlets.open(tmp_path / "a.csv")
        outlet.write(row(1))
        outlet.write(Channels(("others",), np.ones((1, 1)), 30.0))
    (told,) = outlets.failures
    assert told.endswith(f"start a new file; what came before is in {tmp_path / 'a.partial.csv'}")
    assert (tmp_path / "a.partial.csv").exists()


def test_one_file_cannot_be_two_targets_or_the_source(tmp_path: Path) -> None:
    (tmp_path / "take.csv").touch()
    (tmp_path / "link").symlink_to(tmp_path)
    outlets = Outlets([tmp_path / "take.csv", "synthetic:two"], overwrite=True)
    outlets.open(tmp_path / "a.csv")
    with pytest.raises(OutputError, match="is named twice"):
        outlets.open(tmp_path / "link" / "a.csv")
    with pytest.raises(OutputError, match="is the source itself"):
        outlets.open(tmp_path / "link" / "take.csv")
    assert not outlets.all_failed


class Blocking(Memory):
    """Does not come back while it is told to wait."""

    def __init__(self, *, newest_only: bool) -> None:
        super().__init__()
        self.newest_only = newest_only
        self.go = threading.Event()

    def write(self, channels: Channels) -> None:
        self.go.wait(5)
        super().write(channels)


@pytest.mark.parametrize("newest_only", [True, False])
def test_one_that_does_not_answer_holds_up_nobody_and_is_told_once(
    newest_only: bool, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "bodychan")
    slow, quick = Blocking(newest_only=newest_only), Memory()
    outlets = [Outlet(output, background=True) for output in (slow, quick)]
    began = time.perf_counter()
    for value in range(100):
        for outlet in outlets:
            outlet.write(row(value))
    assert time.perf_counter() - began < 1
    outlets[1].finish()
    assert quick.values == list(range(100))
    slow.go.set()
    for _ in range(500):
        if outlets[0].writes:
            break
        time.sleep(0.01)
    time.sleep(0.05)
    outlets[0].write(row(100))
    outlets[0].finish()
    if newest_only:
        assert 90 < outlets[0].lost < 100
        assert slow.values[-5:] == [96, 97, 98, 99, 100]
        assert caplog.messages == [
            "cannot send to memory: it is slower than what comes; it is tried on and on",
            f"memory can be sent to again; {outlets[0].lost} messages were lost so far",
        ]
    else:  # a file gets all of it
        assert (slow.values, outlets[0].lost) == (list(range(101)), 0)


def test_one_that_never_answers_again_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bodychan.apps.outlets._PATIENCE_SECONDS", 0.05)
    stuck = Blocking(newest_only=True)
    outlet = Outlet(stuck, background=True)
    outlet.write(row(1))
    outlet.finish()
    assert outlet.failure == "memory has not answered for 0.05 s: it is left as it is"
    assert not stuck.closed
    stuck.go.set()


@pytest.mark.parametrize("background", [True, False])
def test_a_fault_in_an_output_is_its_own_affair(background: bool, caplog: pytest.LogCaptureFixture) -> None:
    class Faulty(Memory):
        def write(self, channels: Channels) -> None:
            raise ZeroDivisionError("oh")

    outlet = Outlet(Faulty(), background=background)
    outlet.write(row(1))
    outlet.finish()
    assert outlet.failure == "memory: ZeroDivisionError: oh"
    assert caplog.messages == (["memory: ZeroDivisionError: oh"] if background else [])
