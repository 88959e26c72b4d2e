import pytest

from bodychan import Channels, KinectAzureCHOP, KinectAzureTOP, Project
from bodychan.errors import OperatorError, ParameterError


class Recorded:
    def __init__(self) -> None:
        self.names: list[tuple[str, ...]] = []

    def write(self, channels: Channels) -> None:
        self.names.append(channels.names)


def test_operators_are_found_by_name_and_by_path() -> None:
    project = Project()
    top = project.create(KinectAzureTOP, "kinectazure1")
    assert project.op("kinectazure1") is top
    assert project.op("/project1/kinectazure1") is top
    assert top.path == "/project1/kinectazure1"


def test_a_missing_operator_is_named_with_the_near_ones() -> None:
    project = Project()
    with pytest.raises(OperatorError, match="the project is empty"):
        project.op("a")
    project.create(KinectAzureTOP, "kinectazure1")
    with pytest.raises(OperatorError, match="did you mean 'kinectazure1'"):
        project.op("kinectazure2")


@pytest.mark.parametrize("name", ["", "1st", "a b", "a/b"])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(OperatorError, match="cannot name an operator"):
        Project().create(KinectAzureTOP, name)


def test_a_name_is_taken_only_once_and_a_wrong_parameter_takes_none() -> None:
    project = Project()
    with pytest.raises(ParameterError):
        project.create(KinectAzureCHOP, "bodies", maxplayers=99)
    project.create(KinectAzureCHOP, "bodies")
    with pytest.raises(OperatorError, match="/project1/bodies exists already"):
        project.create(KinectAzureCHOP, "bodies")


def test_seconds_count_from_frame_one() -> None:
    project = Project(fps=50)
    assert project.seconds == 0
    project.step()
    assert (project.frame, project.seconds) == (1, 0)
    project.step(25)
    assert (project.frame, project.seconds) == (26, 0.5)


def test_a_step_cooks_only_what_is_attached() -> None:
    project = Project()
    asked, idle = (project.create(KinectAzureCHOP, name) for name in ("asked", "idle"))
    sink = Recorded()
    project.attach(asked, sink)
    project.step()
    project.step()
    assert len(sink.names) == 2
    assert asked.errors() != ""
    assert idle.errors() == ""
