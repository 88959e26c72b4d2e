import numpy as np
import pytest

from bodychan import Channels, KinectAzureCHOP, KinectAzureTOP, Project
from bodychan.errors import OperatorError, ParameterError
from bodychan.model.arrays import F64
from bodychan.operators.chop import CHOP
from bodychan.operators.parameters import reference
from bodychan.operators.tables import CommonPage


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


def test_operators_are_found_by_pattern_in_the_order_they_were_made() -> None:
    project = Project()
    for name in ("b2", "a1", "b1"):
        project.create(KinectAzureCHOP, name)
    assert [op.name for op in project.ops("b*")] == ["b2", "b1"]
    assert [op.name for op in project.ops("/project1/a?", "b1")] == ["a1", "b1"]
    assert [op.name for op in project.ops("* ^a1")] == ["b2", "b1"]
    assert project.ops("c*") == []
    assert project.op("*1").name == "a1"
    with pytest.raises(OperatorError, match=r"no operator 'c\*'"):
        project.op("c*")


class DoubledTable(CommonPage, page="Test"):
    source = reference("Source", "Where from.")


class Doubled(CHOP):
    """Gives twice the channel 'a' of the operator that `source` names, or 1 without one."""

    table = DoubledTable
    par: DoubledTable

    def _names(self) -> tuple[str, ...]:
        return ("a",)

    def _values(self, names: tuple[str, ...], times: F64) -> F64:
        source = self.project.reference(self, "source", Doubled) if self.par.source else None
        value = 1.0 if source is None else 2 * source["a"]
        return np.full((1, len(times)), value)


def test_an_operator_makes_cook_what_it_refers_to() -> None:
    project = Project()
    first = project.create(Doubled, "first")
    second = project.create(Doubled, "second", source=project.create(Doubled, "between", source=first))
    assert second["a"] == 4


@pytest.mark.parametrize("circle", [["a"], ["a", "b"], ["a", "b", "c"]])
def test_references_in_a_circle_are_an_error_on_the_operator_that_closes_it(circle: list[str]) -> None:
    project = Project()
    for name, source in zip(circle, circle[1:] + circle[:1], strict=True):
        project.create(Doubled, name, source=source)
    project.step()
    first, last = project.op(circle[0]), project.op(circle[-1])
    first.cook()  # a cook never raises
    assert last.errors() == "references go round in a circle: /project1/a depends on itself; cut one"
    assert last.failure is not None
    last.par.source = ""
    first.cook()
    assert (first.errors(), last.errors()) == ("", "")


class Broken(CHOP):
    """Raises what no operator should, or gives what are no samples."""

    table = CommonPage
    where = ""

    def _rate(self) -> float:
        self._raise("rate")
        return 60.0

    def _names(self) -> tuple[str, ...]:
        self._raise("names")
        return ("a", "b")

    def _values(self, names: tuple[str, ...], times: F64) -> F64:
        self._raise("values")
        return np.zeros((5, 5))

    def _raise(self, where: str) -> None:
        if where == self.where:
            raise KeyError(where)


@pytest.mark.parametrize("where", ["rate", "names", "values", "nowhere"])
def test_a_cook_raises_nothing_and_tells_what_nobody_foresaw(where: str) -> None:
    project = Project()
    chop = project.create(Broken, "broken")
    chop.where = where
    project.step()
    chop.cook()
    told = "ValueError: " if where == "nowhere" else f"KeyError: '{where}'"
    assert chop.errors().startswith(f"/project1/broken: {told}")
    assert chop.failure is not None
    assert isinstance(chop.failure.__cause__, KeyError | ValueError)
    assert not chop.channels.samples.any()
    assert chop.numChans == (2 if where in ("values", "nowhere") else 0)
    assert chop.info()["errors"] == 1


@pytest.mark.parametrize("fps", [0, -1, float("nan"), float("inf"), 1001, "60", True, None])
def test_a_frame_rate_that_is_none_is_refused_at_once(fps: float) -> None:
    project = Project(fps=25)
    with pytest.raises(OperatorError, match="give a number above 0, up to 1000"):
        project.fps = fps
    assert project.fps == 25
    with pytest.raises(OperatorError, match="give a number above 0, up to 1000"):
        Project(fps=fps)
