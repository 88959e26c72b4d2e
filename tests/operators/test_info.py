import pytest

from bodychan import Calibration, InfoCHOP, KinectAzureCHOP, KinectAzureTOP, Project
from scripted import ScriptedCamera, ScriptedTracker, install, scripted_captures

CHOP_CHANNELS = """
    start length sample_rate num_channels time_slice export_sernum total_cooks cook_time cook_frame
    cook_abs_frame cook_start_time cook_end_time cooked_this_frame warnings errors
"""
TOP_CHANNELS = """
    image_frame bodytracking_frame color_timestamp depth_timestamp bodytracking_timestamp image_errors
    bodytracking_errors
"""


@pytest.fixture
def project(monkeypatch: pytest.MonkeyPatch, calibration: Calibration) -> Project:
    install(
        monkeypatch,
        lambda: ScriptedCamera(calibration, scripted_captures(8)),
        lambda: ScriptedTracker(lambda _capture: [1]),
    )
    project = Project(fps=30)
    project.create(KinectAzureTOP, "top", sensor="scripted")
    project.create(KinectAzureCHOP, "bodies", top="top")
    return project


def bodies(project: Project) -> KinectAzureCHOP:
    chop = project.op("bodies")
    assert isinstance(chop, KinectAzureCHOP)
    return chop


def test_a_channel_operator_tells_what_its_page_lists(project: Project) -> None:
    info = project.create(InfoCHOP, "info", op="bodies")
    project.step(3)
    bodies(project).cook()
    assert [c.name for c in info.chans()] == CHOP_CHANNELS.split()
    told = {c.name: float(c) for c in info.chans()}
    assert (told["start"], told["length"], told["sample_rate"], told["num_channels"]) == (2, 1, 30, 99)
    assert (told["total_cooks"], told["cook_frame"], told["cook_abs_frame"]) == (1, 3, 3)
    assert (told["cooked_this_frame"], told["warnings"], told["errors"], told["time_slice"]) == (1, 0, 0, 0)
    assert 0 < told["cook_time"] == pytest.approx(told["cook_end_time"] - told["cook_start_time"])


def test_looking_at_an_operator_does_not_make_it_cook(project: Project) -> None:
    info = project.create(InfoCHOP, "info", op="bodies")
    bodies(project).cook()
    project.step()
    project.step()
    assert info["total_cooks"] == 1
    assert info["cooked_this_frame"] == 0


def test_a_forced_cook_counts(project: Project) -> None:
    info = project.create(InfoCHOP, "info", op="bodies")
    project.step()
    bodies(project).cook()
    bodies(project).cook()
    bodies(project).cook(force=True)
    info.cook(force=True)
    assert info["total_cooks"] == 2


def test_errors_are_counted(project: Project) -> None:
    bodies(project).par.top = "nothing"
    info = project.create(InfoCHOP, "info", op="bodies")
    project.step()
    bodies(project).cook()
    assert info["errors"] == 1


def test_the_top_tells_of_its_images_and_bodies(project: Project) -> None:
    info = project.create(InfoCHOP, "info", op="top", iscope="image_* body*")
    project.step(5)
    bodies(project).cook()
    assert {c.name for c in info.chans()} == set(TOP_CHANNELS.split()) - {
        "color_timestamp",
        "depth_timestamp",
    }
    assert info["image_frame"] == info["bodytracking_frame"] == 5
    assert info["bodytracking_timestamp"] == 1_000_000 + 4 * 33_333
    assert info["image_errors"] == info["bodytracking_errors"] == 0
    info.par.iscope = "depth_timestamp"
    assert info["depth_timestamp"] == 1_000_000 + 4 * 33_333


def test_a_missing_operator_is_an_error_and_there_are_no_channels(project: Project) -> None:
    info = project.create(InfoCHOP, "info", op="bodys")
    project.step()
    assert info.numChans == 0
    assert "did you mean 'bodies'" in info.errors()
