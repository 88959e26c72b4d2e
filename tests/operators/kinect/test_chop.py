import pytest

from bodychan import Calibration, KinectAzureCHOP, KinectAzureTOP, Project
from bodychan.channels.layout import JOINT_GROUPS
from bodychan.errors import CameraError
from scripted import ScriptedCamera, ScriptedTracker, install, scripted_captures


@pytest.fixture
def project(monkeypatch: pytest.MonkeyPatch, calibration: Calibration) -> Project:
    """A project at 30 fps: body 1 is seen in captures 1 to 3, then 1 and 2, and from capture 6 on only 2."""

    def who(index: int) -> list[int]:
        return [1] if index <= 3 else [1, 2] if index <= 5 else [2]

    install(
        monkeypatch,
        lambda: ScriptedCamera(calibration, scripted_captures(8)),
        lambda: ScriptedTracker(lambda capture: who(capture.index)),
    )
    return Project(fps=30)


def create(project: Project, **values: object) -> KinectAzureCHOP:
    project.create(KinectAzureTOP, "kinectazure1", sensor="scripted")
    return project.create(KinectAzureCHOP, "bodies", top="kinectazure1", **values)


def test_channels_follow_the_timeline(project: Project) -> None:
    chop = create(project, maxplayers=2)
    ids = []
    for _ in range(7):
        project.step()
        ids.append((chop["frame"][0], chop["p1/id"][0], chop["p2/id"][0]))
    assert ids == [(1, 1, 0), (2, 1, 0), (3, 1, 0), (4, 1, 2), (5, 1, 2), (6, 2, 0), (7, 2, 0)]


def test_reading_twice_in_a_frame_does_not_move_on(project: Project) -> None:
    chop = create(project)
    project.step()
    chop.cook()
    chop.cook(force=True)
    assert chop["frame"] == 1
    assert chop["p1/id"].owner is chop.channels


def test_a_parameter_that_changes_between_two_reads_takes_effect_at_once(project: Project) -> None:
    chop = create(project)
    project.step()
    assert chop.numChans == 99
    chop.par.bonelengths = True
    assert chop.numChans == 99 + 32
    assert chop["p1/knee_l:length"] > 0.3


@pytest.mark.parametrize("group", JOINT_GROUPS)
def test_every_group_has_its_own_toggle(project: Project, group: str) -> None:
    chop = create(project, worldspace=False)
    project.step()
    assert chop.numChans == 3
    setattr(chop.par, group, True)
    assert chop.numChans == 3 + 32 * len(JOINT_GROUPS[group].suffixes)
    assert any(value != 0 for value in chop.channels.samples[3:, 0])


def test_image_options_reach_the_values(project: Project) -> None:
    chop = create(project, depthspace=True)
    project.step()
    u, v = chop["p1/head:depthu"], chop["p1/head:depthv"]
    chop.par.flipskelu = chop.par.flipimagev = True
    assert chop["p1/head:depthu"] == pytest.approx(1 - u)
    assert chop["p1/head:depthv"] == pytest.approx(1 - v)
    chop.par.aspectcorrectuv = True
    assert chop["p1/head:depthv"] == pytest.approx((1 - v) * 576 / 640)


def test_imu_channels_hold_the_newest_sample(project: Project) -> None:
    chop = create(project, imuchans=True)
    project.step(3)
    assert chop["imu:accelz"] == pytest.approx(-9.5)
    assert chop["imu:gyroz"] == pytest.approx(2)
    assert chop["imu:temperature"] == 0


def test_rate_start_and_sample_count_are_the_timelines(project: Project) -> None:
    chop = create(project)
    project.step(4)
    assert (chop.rate, chop.numSamples, chop.start, chop.end) == (30, 1, 3, 3)
    assert chop.numpyArray().shape == (99, 1)
    assert len(chop.chans("p1/*:t[xyz]")) == 96


def assert_all_zero(chop: KinectAzureCHOP, channels: int = 99) -> None:
    assert chop.numChans == channels
    assert not chop.channels.samples.any()


def test_inactive_chop_keeps_its_channels_at_zero(project: Project) -> None:
    chop = create(project, active=False)
    project.step()
    assert_all_zero(chop)
    assert chop.errors() == chop.warnings() == ""


def test_inactive_top_gives_zeros_and_an_error_until_it_is_active_again(project: Project) -> None:
    chop = create(project)
    top = project.op("kinectazure1")
    project.step()
    assert chop["p1/id"] == 1
    top.par.active = False
    project.step()
    assert_all_zero(chop)
    assert "/project1/kinectazure1 is not active" in chop.errors()
    top.par.active = True
    project.step()
    assert chop["p1/id"] == 1


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("", "/project1/bodies: set its parameter 'top' to a KinectAzureTOP"),
        ("kinectazur1", "no operator 'kinectazur1': did you mean 'kinectazure1'"),
        ("bodies", "is a KinectAzureCHOP, not a KinectAzureTOP"),
    ],
)
def test_a_wrong_reference_is_an_error_on_the_operator_and_its_channels_are_zero(
    project: Project, reference: str, message: str
) -> None:
    chop = create(project)
    chop.par.top = reference
    project.step()
    assert_all_zero(chop)
    assert message in chop.errors()
    chop.par.top = "/project1/kinectazure1"
    assert chop["p1/id"] == 1
    assert chop.errors() == ""


def test_a_camera_that_cannot_be_opened_is_an_error_not_a_crash(
    monkeypatch: pytest.MonkeyPatch, project: Project
) -> None:
    def refuse(_url: str, _settings: object) -> ScriptedCamera:
        raise CameraError("take.mkv is not there: check the path")

    monkeypatch.setattr("bodychan.operators.kinect.top.open_camera", refuse)
    chop = create(project)
    project.step()
    assert_all_zero(chop)
    assert "take.mkv is not there" in chop.errors()
