from types import SimpleNamespace

import pytest

from bodychan import Calibration, Channels, KinectAzureTOP, Project
from bodychan.apps.meter import Meter, Status
from scripted import ScriptedCamera, ScriptedTracker, install, scripted_captures, standing


@pytest.fixture
def project(monkeypatch: pytest.MonkeyPatch, calibration: Calibration) -> Project:
    install(
        monkeypatch,
        lambda: ScriptedCamera(calibration, scripted_captures(900)),
        lambda: ScriptedTracker(lambda _capture: [1]),
    )
    return Project(fps=60)


def play(project: Project, every: int, step: int = 1) -> tuple[list[Status], Meter]:
    """Play ten seconds in which every so many captures is tracked, and every so many frames is put out."""
    top = project.create(KinectAzureTOP, "top", sensor="x")
    told: list[Status] = []
    meter = Meter(project, [top], ["osc://here:1"], told.append)
    channels: Channels = None  # type: ignore[assignment]  # it only counts them
    for _ in range(600 // step):
        project.step(step)
        top.cook()
        assert top.capture is not None
        tracked = 1 + (top.capture.index - 1) // every * every
        top.bodies = standing([1], tracked, top.capture.device_usec - 33_333 * (top.capture.index - tracked))
        meter.write(channels)
    project.close()
    return told, meter


def test_it_counts_what_came_and_what_was_tracked(project: Project, caplog: pytest.LogCaptureFixture) -> None:
    told, meter = play(project, every=1)
    report = meter.report((), (), ())
    assert report.captures == report.tracked == 300
    assert report.lag_seconds == 0
    assert told[-1].frames == pytest.approx(60, rel=0.02)
    assert told[-1].captures == told[-1].tracked == pytest.approx(30, rel=0.02)
    assert caplog.messages == []


def test_a_machine_that_tracks_too_little_is_told_once(
    project: Project, caplog: pytest.LogCaptureFixture
) -> None:
    _, meter = play(project, every=3)
    report = meter.report((), (), ())
    assert (report.captures, report.tracked) == (300, 100)
    assert report.lag_seconds == pytest.approx(1 / 30, rel=0.02)
    assert [message.partition(",")[0] for message in caplog.messages] == [
        "this machine is too slow: 10 of 30 captures a second are tracked"
    ]


def test_a_machine_that_is_late_for_its_frames_is_told(
    project: Project, caplog: pytest.LogCaptureFixture
) -> None:
    told, _ = play(project, every=1, step=4)
    assert told[-1].frames == pytest.approx(15, rel=0.05)
    assert "15.0 of 60 frames a second are put out" in caplog.text


def test_a_loop_begins_again(project: Project) -> None:
    top = project.create(KinectAzureTOP, "top", sensor="x")
    meter = Meter(project, [top], [], lambda _status: None)
    for index in (1, 2, 4, 4, 1, 2):
        top.capture = scripted_captures(4)[index - 1]
        meter.write(None)  # type: ignore[arg-type]  # it only counts them
    report = meter.report((), (), ())
    assert (report.captures, report.tracked, report.lag_seconds) == (6, 0, None)


@pytest.mark.parametrize("noticed", ["while it is away", "afterwards"])
def test_what_a_camera_did_not_give_while_it_was_away_did_not_come(project: Project, noticed: str) -> None:
    camera = SimpleNamespace(away="", outages=0)
    top = SimpleNamespace(camera=camera, capture=None, bodies=None)
    meter = Meter(project, [top], ["osc://here:1"], lambda _status: None)  # type: ignore[list-item]

    def look(index: int) -> None:
        top.capture = SimpleNamespace(index=index, device_usec=33_333 * index)
        meter.write(None)  # type: ignore[arg-type]  # it only counts them

    look(1)
    look(4)
    camera.outages = 1
    if noticed == "while it is away":
        camera.away = "the device is gone"
        look(5)
        look(5)
        camera.away = ""
    look(100)
    look(102)
    assert meter.report((), (), ()).captures == (8 if noticed == "while it is away" else 7)
    project.close()
