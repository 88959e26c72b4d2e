"""The TOP on a live device: a stand-in for Microsoft's library, compiled by the test."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from bodychan import InfoCHOP, KinectAzureCHOP, KinectAzureTOP, Project
from bodychan.cameras.k4a.api import COLOR_CONTROLS
from bodychan.cameras.live import LiveCamera
from scripted import ScriptedTracker
from standins import StandIn, until


@pytest.fixture
def standin(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    standin = StandIn(Path(tmp_path_factory.getbasetemp()))
    monkeypatch.setenv("BODYCHAN_K4A", str(standin.path))
    monkeypatch.setattr(
        "bodychan.operators.kinect.trackers.open_tracker",
        lambda _calibration, **_: ScriptedTracker(lambda _c: [4]),
    )
    yield standin
    assert (standin.alive, standin.misuses) == (0, 0), "every handle is given back exactly once"


@pytest.fixture
def project(standin: StandIn) -> Iterator[Project]:
    with Project(fps=60, realtime=True) as project:
        project.create(KinectAzureTOP, "top", sensor="0", depthmode="narrowbinned")
        project.create(KinectAzureCHOP, "bodies", top="top", imuchans=True)
        yield project


def top_of(project: Project) -> KinectAzureTOP:
    top = project.op("top")
    assert isinstance(top, KinectAzureTOP)
    return top


def chop_of(project: Project) -> KinectAzureCHOP:
    chop = project.op("bodies")
    assert isinstance(chop, KinectAzureCHOP)
    return chop


def step_until_capture(project: Project, standin: StandIn) -> int:
    """Let the device deliver one capture, and step until the TOP has it."""
    chop_of(project).cook()  # a device delivers only once it is open
    before = top_of(project).capture
    standin.push(frames=1, samples=2)

    def arrived() -> bool:
        project.step()
        chop_of(project).cook()
        return top_of(project).capture not in (None, before)

    until(arrived, "the capture at the TOP")
    capture = top_of(project).capture
    assert capture is not None

    def tracked() -> bool:
        project.step()
        return chop_of(project)["p1/id"] == 4 and chop_of(project)["frame"] == capture.index

    until(tracked, "its bodies")
    return capture.index


def test_the_newest_capture_comes_at_a_step_and_a_step_never_waits(
    project: Project, standin: StandIn
) -> None:
    chop = chop_of(project)
    project.step()
    assert chop["frame"] == 0
    assert chop.errors() == ""
    assert step_until_capture(project, standin) == 1
    assert chop["frame"] == 1
    assert chop["p1/id"] == 4
    assert step_until_capture(project, standin) == 2
    top = top_of(project)
    assert top.numpyArray().shape == (288, 320)
    assert top.camera is not None
    assert top.camera.calibration.depth_mode == "NFOV_2X2BINNED"


def test_while_a_device_is_away_nobody_is_there_and_then_frames_and_ids_go_on(
    project: Project, standin: StandIn
) -> None:
    chop, top = chop_of(project), top_of(project)
    chop.par.holdtime = 0.2
    left: list[int] = []
    chop.on_body_left(lambda body, _place: left.append(body))
    frame = step_until_capture(project, standin)
    info = project.create(InfoCHOP, "info", op="top", iscope="outages away_seconds")
    assert info["outages"] == 0
    assert info["away_seconds"] == 0
    camera = top.camera
    standin.plug(0, False)

    def nobody() -> bool:
        project.step()
        return chop["p1/id"] == 0

    until(nobody, "whoever is held is gone as well")
    assert (chop.errors(), left) == ("", [4])
    assert chop["frame"] == frame
    assert not any(any(channel.vals) for channel in chop.chans("p*"))
    assert top.warnings() == "k4a:0 is away: the device is gone: plug it in again"
    info.cook(force=True)
    assert info["outages"] == 1
    assert 0.2 < info["away_seconds"] < 10
    standin.plug(0)
    until(standin.running, "the device runs again")
    assert step_until_capture(project, standin) > frame + 5
    assert top.camera is camera
    assert chop["p1/id"] == 4
    assert top.info()["away_seconds"] == 0
    assert "it was away for" in top.warnings()


def test_a_colour_control_that_a_device_lacks_is_a_warning(
    project: Project, standin: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(COLOR_CONTROLS, "backlight", 1)  # one that the stand-in does not know
    top = top_of(project)
    project.step()
    top.par.enablecolors = True
    top.par.backlight = True
    top.cook()
    assert "no colour control backlight" in top.warnings()
    assert top.errors() == ""


def test_no_device_is_an_error_that_says_what_to_do(project: Project, standin: StandIn) -> None:
    standin.plug(0, False)
    project.step()
    chop = chop_of(project)
    assert not chop.channels.samples.any()
    assert "no Azure Kinect is connected: plug it into a USB 3 port" in chop.errors()


def test_colour_controls_reach_the_device_when_they_change(project: Project, standin: StandIn) -> None:
    top = top_of(project)
    project.step()
    top.par.enablecolors = True
    top.par.brightness = 200
    top.par.manualexposure = True
    top.par.exposure = 8330
    top.cook()
    camera = top.camera
    assert isinstance(camera, LiveCamera)  # only its kind can be asked for what was set
    assert camera.color_control("brightness")[0] == 200
    assert camera.color_control("exposure")[0] == 8330
    top.par.resetcolors = 1
    top.cook()
    assert camera.color_control("brightness")[0] == 128
    assert camera.color_control("exposure")[0] is None
    assert top.warnings() == ""


def test_a_new_mode_opens_the_device_anew(project: Project, standin: StandIn) -> None:
    top = top_of(project)
    project.step()
    top.cook()
    top.par.depthmode = "widebinned"
    top.cook()
    assert top.errors() == ""
    assert top.camera is not None
    assert top.camera.calibration.depth_mode == "WFOV_2X2BINNED"
    top.par.fps = "fps30"
    top.par.depthmode = "wideunbinned"
    top.cook()
    assert "WFOV_UNBINNED has at most 15 frames per second" in top.errors()


def test_two_tops_on_one_device_are_told_apart(project: Project, standin: StandIn) -> None:
    other = project.create(KinectAzureTOP, "other", sensor="k4a:0")
    project.step()
    top_of(project).cook()
    other.cook()
    assert top_of(project).errors() == ""
    assert "k4a:0" in other.errors()
    assert np.array_equal(other.numpyArray(), [[0]])
