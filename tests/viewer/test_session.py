import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bodychan import Calibration
from bodychan.errors import BodychanError, CameraError
from bodychan.viewer import commands as c
from bodychan.viewer.director import Director
from bodychan.viewer.events import Event, Matched
from bodychan.viewer.session import Session
from scripted import ScriptedCamera, ScriptedTracker, install, scripted_captures
from viewers import session_in

SHOWN = c.Watch(skeletons=True, channels=True)


class Page:
    """What a page does: it watches, asks, and waits for what it was told to become true."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.director = Director(session)
        self.news = threading.Condition()
        session.on_news = self._wake

    def _wake(self) -> None:
        with self.news:
            self.news.notify_all()

    def do(self, command: c.Commands) -> Event | None:
        return self.session.call(lambda: self.director.do(command)).result(20)

    def until(self, true: Callable[[], bool]) -> None:
        with self.news:
            assert self.news.wait_for(true, 20), self.session.state


@pytest.fixture
def cameras(monkeypatch: pytest.MonkeyPatch, calibration: Calibration) -> list[ScriptedCamera]:
    opened: list[ScriptedCamera] = []

    def camera() -> ScriptedCamera:
        opened.append(ScriptedCamera(calibration, scripted_captures(60)))
        return opened[-1]

    install(monkeypatch, camera, lambda: ScriptedTracker(lambda c: [2] if c.index > 30 else [1]))
    return opened


@pytest.fixture
def page(cameras: list[ScriptedCamera], tmp_path: Path) -> Iterator[Page]:
    session = session_in(tmp_path)
    session.start()
    yield Page(session)
    assert session.close() == []


@pytest.fixture
def playing(page: Page, tmp_path: Path) -> Page:
    (tmp_path / "take.mkv").touch()
    page.session.watch(1, SHOWN)
    page.do(c.OpenSource("take.mkv"))
    page.until(lambda: page.session.snapshot is not None and page.session.snapshot.players == (1,))
    return page


def test_with_nobody_looking_nothing_is_opened(page: Page, cameras: list[ScriptedCamera]) -> None:
    assert page.session.state.source.phase == "none"
    threading.Event().wait(0.3)
    assert cameras == []
    assert page.session.snapshot is None


def test_a_page_that_looks_makes_the_timeline_run_and_one_that_does_not_stops_it(playing: Page) -> None:
    session = playing.session
    playing.do(c.Loop(True))
    session.watch(1, c.Watch(info=True))
    session.call(lambda: None).result(20)
    cooks = session.call(lambda: session.stage.top.totalCooks).result(20)
    threading.Event().wait(0.2)
    assert session.call(lambda: session.stage.top.totalCooks).result(20) <= cooks + 1


def test_what_is_set_is_in_the_state_and_in_the_next_snapshot(playing: Page) -> None:
    session = playing.session
    playing.do(c.SetParameter("bodies", "maxplayers", 3))
    playing.until(lambda: session.state.operators[1].values["maxplayers"] == 3)
    playing.until(lambda: session.snapshot is not None and len(session.snapshot.players) == 3)
    playing.do(c.ResetParameters("bodies"))
    playing.until(lambda: session.state.operators[1].values["maxplayers"] == 1)
    assert session.state.operators[1].values["top"]


def test_what_cannot_be_done_says_why_and_changes_nothing(playing: Page, tmp_path: Path) -> None:
    before = playing.session.stage.source
    (tmp_path.parent / "outside.mkv").touch()
    for command, message in (
        (c.SetParameter("bodies", "maxplayers", 99), "outside 1 to 16"),
        (c.SetParameter("bodies", "maxplayer", 2), "did you mean"),
        (c.SetParameter("nobody", "maxplayers", 2), "no operator"),
        (c.SetParameter("kinectazure1", "sensor", "../outside.mkv"), "is not in"),
        (c.SetParameter("bodies", "namingtable", "/etc/passwd"), "is not in"),
        (c.OpenSource("../outside.mkv"), "is not in"),
        (c.OpenSource("file:///etc/passwd"), "name in place of a URL"),
        (c.OpenSource("concat:/../../../etc/passwd.mkv"), "is not in"),
        (c.SetParameter("kinectazure1", "sensor", "file:../outside.mkv"), "name in place of a URL"),
        (c.AddOutput("bodies", "x-y:/../../table.csv"), "is not in"),
        (c.OpenProject("../show.toml"), "is not in"),
        (c.OpenProject("none.toml"), "cannot be read"),
        (c.AddOutput("bodies", "osc://nowhere"), "port"),
        (c.AddOutput("bodies", "/tmp/table.csv"), "is not in"),
        (c.AddOutput("bodies", "../table.csv"), "is not in"),
        (c.AddOutput("bodies", "terminal"), "terminal"),
        (c.Record("../take.mkv"), "is not in"),
        (c.Record("take.mkv", overwrite=True), "is the source itself"),
        (c.Export("take.mkv", overwrite=True), "is the source itself"),
        (c.SaveProject("../show.toml"), "is not in"),
        (c.ShowChannels("kinectazure1"), "has no channels"),
    ):
        with pytest.raises(BodychanError, match=message):
            playing.do(command)
    assert playing.session.stage.source == before
    assert len(playing.session.board) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["take.mkv"]


def test_patterns_choose_channels(playing: Page) -> None:
    found = playing.do(c.Match("p1/head:t[xyz]"))
    assert isinstance(found, Matched)
    assert found.names == ("p1/head:tx", "p1/head:ty", "p1/head:tz")
    broken = playing.do(c.Match("p1/head:t[xyz"))
    assert isinstance(broken, Matched)
    assert broken.problem


def test_a_recording_is_wound(playing: Page) -> None:
    session = playing.session
    playing.do(c.Play(False))
    playing.do(c.Seek(1.5))
    playing.until(lambda: session.snapshot is not None and abs(session.snapshot.seconds - 1.5) < 0.05)
    playing.until(lambda: session.snapshot is not None and session.snapshot.players == (2,))
    assert session.snapshot is not None
    assert session.snapshot.capture is not None
    at = session.snapshot.capture.index
    for step in (1, -1, -2):
        at += step
        playing.do(c.Step(step))
        wanted = at
        playing.until(
            lambda wanted=wanted: (
                session.snapshot is not None  # type: ignore[misc]
                and session.snapshot.capture is not None
                and session.snapshot.capture.index == wanted
            )
        )
    assert not session.state.playing
    assert {presence.id for presence in session.state.presence} >= {2}


def test_speed_keeps_the_place(playing: Page) -> None:
    session = playing.session
    playing.do(c.Play(False))
    playing.do(c.Seek(1.0))
    playing.do(c.Speed(0.25))
    playing.until(lambda: session.snapshot is not None and abs(session.snapshot.seconds - 1.0) < 0.05)
    playing.do(c.Loop(True))
    assert session.call(lambda: session.stage.place).result(20) == pytest.approx(1.0, abs=0.05)
    playing.until(lambda: session.state.speed == 0.25)
    assert "--speed 0.25" in session.state.command


def test_at_its_end_a_recording_stands_and_plays_again_from_its_start(playing: Page) -> None:
    session = playing.session
    playing.do(c.Seek(1.9))
    playing.until(lambda: session.state.source.phase == "ended" and not session.state.playing)
    playing.do(c.Play(True))
    playing.until(lambda: session.snapshot is not None and 0 <= session.snapshot.seconds < 1.0)


def test_outputs_come_and_go_and_the_project_keeps_them(playing: Page, tmp_path: Path) -> None:
    session = playing.session
    playing.do(c.Loop(True))
    playing.do(c.AddOutput("bodies", "osc://127.0.0.1:9"))
    playing.do(c.AddOutput("bodies", "rows.csv"))
    playing.until(lambda: [o.light for o in session.state.outputs] == ["sending", "sending"])
    playing.do(c.RemoveOutput(session.state.outputs[1].number))
    assert (tmp_path / "rows.csv").read_text().startswith("frame")
    playing.do(c.SaveProject("show"))
    with pytest.raises(BodychanError, match="exists"):
        playing.do(c.SaveProject("show.toml"))
    playing.do(c.OpenSource(""))
    playing.do(c.RemoveOutput(session.state.outputs[0].number))
    playing.do(c.OpenProject("show.toml"))
    playing.until(lambda: session.state.source.phase == "running" and session.state.project != "")
    assert [output.target for output in session.state.outputs] == ["osc://127.0.0.1:9"]


def test_a_project_cannot_lead_out_of_the_folder(playing: Page, tmp_path: Path) -> None:
    text = """
[operators.kinectazure1]
type = "KinectAzureTOP"
sensor = "{sensor}"

[operators.bodies]
type = "KinectAzureCHOP"
top = "kinectazure1"

[[outputs]]
from = "bodies"
to = "{target}"
"""
    for sensor, target in (("/etc/passwd", "osc://127.0.0.1:9"), ("take.mkv", "../rows.csv")):
        (tmp_path / "evil.toml").write_text(text.format(sensor=sensor, target=target))
        with pytest.raises(BodychanError, match="is not in"):
            playing.do(c.OpenProject("evil.toml"))
    assert playing.session.stage.source == "take.mkv" or playing.session.stage.source.endswith("/take.mkv")
    assert not (tmp_path.parent / "rows.csv").exists()


def test_a_camera_that_does_not_start_says_why_and_another_can_be_chosen(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_url: object, _settings: object = None) -> ScriptedCamera:
        raise CameraError("no device is connected: plug it in")

    working = page.session.stage
    with monkeypatch.context() as patched:
        patched.setattr("bodychan.operators.kinect.top.open_camera", broken)
        page.session.watch(1, SHOWN)
        page.do(c.OpenSource("k4a:0"))
        page.until(lambda: page.session.state.source.phase == "failed")
        assert "plug it in" in page.session.state.source.problem
    page.do(c.OpenSource("synthetic:two"))
    page.until(lambda: page.session.state.source.phase == "running")
    assert page.session.stage is working


def test_pages_are_told_that_a_camera_is_being_opened(
    page: Page, monkeypatch: pytest.MonkeyPatch, calibration: Calibration
) -> None:
    go_on = threading.Event()

    def slow(_url: object, _settings: object = None) -> ScriptedCamera:
        assert go_on.wait(20)
        return ScriptedCamera(calibration, scripted_captures(30))

    monkeypatch.setattr("bodychan.operators.kinect.top.open_camera", slow)
    page.session.watch(1, SHOWN)
    opening = page.session.call(lambda: page.director.do(c.OpenSource("k4a:0")))
    page.until(lambda: page.session.state.source.phase == "connecting")
    assert page.session.state.source.name == "k4a:0"
    go_on.set()
    opening.result(20)
    page.until(lambda: page.session.state.source.phase == "running")


def test_a_recording_is_exported_while_it_is_shown(playing: Page, tmp_path: Path) -> None:
    session = playing.session
    playing.do(c.SetParameter("bodies", "maxplayers", 2))
    playing.do(c.Export("rows.csv"))
    playing.until(lambda: session.state.export is not None and not session.state.export.running)
    job = session.state.export
    assert job is not None
    assert (job.failed, job.done, job.expected) == (False, 60, 60)
    assert "60 rows" in job.message
    lines = (tmp_path / "rows.csv").read_text().splitlines()
    assert len(lines) == 61
    assert "p2/head:tx" in lines[0]
    with pytest.raises(BodychanError, match="exists"):
        playing.do(c.Export("rows.csv"))


def test_what_the_camera_delivers_is_recorded(playing: Page, tmp_path: Path) -> None:
    session = playing.session
    playing.do(c.Loop(True))
    with pytest.raises(BodychanError, match="switch Loop off"):
        playing.do(c.Record("copy.mkv"))
    playing.do(c.Loop(False))
    playing.do(c.Seek(0.0))
    playing.do(c.Play(True))
    playing.do(c.Record("copy.mkv"))
    with pytest.raises(BodychanError, match="stop it first"):
        playing.do(c.Record("other.mkv"))
    playing.until(lambda: session.state.recording is not None and session.state.recording.done > 3)
    playing.do(c.StopRecording())
    playing.until(lambda: session.state.recording is not None and not session.state.recording.running)
    assert session.state.recording is not None
    assert not session.state.recording.failed
    assert (tmp_path / "copy.mkv").stat().st_size > 0


def test_the_debug_picture_of_a_capture_is_drawn_in_the_background(
    playing: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    def draw(recording: str, number: int, out: Path) -> None:
        if number > 60:
            raise CameraError(f"{recording} has no capture {number}")
        out.write_bytes(b"picture")

    monkeypatch.setattr("bodychan.evaluation.debug_frame.run", draw)
    session = playing.session
    playing.do(c.Explain(7))
    playing.until(lambda: session.state.explanation is not None and not session.state.explanation.running)
    assert playing.director.explained == b"picture"
    playing.do(c.Explain(99))
    playing.until(lambda: session.state.explanation is not None and session.state.explanation.failed)
    assert session.state.explanation is not None
    assert "no capture 99" in session.state.explanation.message
