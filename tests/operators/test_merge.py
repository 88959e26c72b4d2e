import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from bodychan import InfoCHOP, KinectAzureTOP, MergeCHOP, Project
from bodychan.channels.kinds import Kinds, Quantity
from bodychan.channels.layout import Layout
from bodychan.errors import CameraError, OperatorError
from bodychan.model.arrays import F64
from bodychan.operators.chop import CHOP
from bodychan.operators.parameters import number, text, toggle
from bodychan.operators.tables import CommonPage


class ClockedTable(CommonPage, page="Test"):
    samplerate = number("Sample Rate", 60.0, (0.1, 1000.0), "Hz", "Samples per second.")
    channel = text("Channel", "seconds", "Name of the channel.")
    broken = toggle("Broken", False, "Fails.")


class Clocked(CHOP):
    """Gives the second of each sample, at a rate of its own."""

    table = ClockedTable
    par: ClockedTable

    def _rate(self) -> float:
        return float(self.par.samplerate)

    def _names(self) -> tuple[str, ...]:
        return (self.par.channel,)

    def _values(self, names: tuple[str, ...], times: F64) -> F64:
        if self.par.broken:
            raise CameraError("the clock has stopped: wind it up")
        return times[None, :].copy()


@pytest.fixture
def project() -> Project:
    """Cameras at 15 and 30 Hz, an inertial sensor at 200 Hz."""
    project = Project(fps=60)
    for name, rate in (("slow", 15), ("fast", 30), ("imu", 200)):
        project.create(Clocked, name, samplerate=rate, channel=name, timeslice=True)
    return project


def merge(project: Project, **values: object) -> MergeCHOP:
    return project.create(MergeCHOP, "merge1", **{"chops": "slow fast imu", "timeslice": True} | values)


@pytest.mark.parametrize(("choice", "rate"), [("first", 15), ("max", 200), ("min", 15)])
def test_the_rate_is_the_one_chosen(project: Project, choice: str, rate: float) -> None:
    merged = merge(project, srselect=choice)
    project.step(10)
    assert (merged.rate, merged.channels.names) == (rate, ("slow", "fast", "imu"))
    merged.par.chops = "imu slow fast"
    assert merged.channels.names == ("imu", "slow", "fast")
    assert merged.rate == (200 if choice == "first" else rate)


@pytest.mark.parametrize("steps", [[1] * 40, [1, 3, 5, 2, 7, 1, 1, 12, 4]])
def test_every_sample_holds_the_newest_of_each_source_whenever_it_is_cooked(
    project: Project, steps: list[int]
) -> None:
    merged = merge(project, srselect="max")
    parts = []
    for step in steps:
        project.step(step)
        parts.append(merged.channels)
    assert merged.warnings() == merged.errors() == ""
    samples = np.concatenate([part.samples for part in parts], axis=1)
    index = np.concatenate([np.arange(part.start, part.end + 1) for part in parts])
    np.testing.assert_array_equal(index, np.arange(len(index)))
    seconds = index / 200
    for row, rate in enumerate((15, 30, 200)):
        np.testing.assert_allclose(samples[row], np.floor(seconds * rate + 1e-6) / rate, atol=1e-9)


def test_linear_is_exact_between_the_samples_of_a_source(project: Project) -> None:
    merged = merge(project, srselect="max", interp="linear")
    project.step()
    merged.cook()
    project.step(9)
    seconds = (merged.start + np.arange(merged.numSamples)) / 200
    newest = np.array([np.floor(9 / 60 * rate + 1e-6) / rate for rate in (15, 30, 200)])
    np.testing.assert_allclose(merged.channels.samples, np.minimum(seconds, newest[:, None]), atol=1e-9)


def test_a_lower_rate_leaves_samples_out(project: Project) -> None:
    merged = merge(project, chops="imu fast", srselect="min")
    project.step()
    merged.cook()
    project.step(8)
    assert merged["imu"].vals == pytest.approx([0.03, 1 / 15, 0.1, 2 / 15], abs=0.0051)
    assert merged["fast"].vals == pytest.approx([1 / 30, 2 / 30, 3 / 30, 4 / 30])


def test_rates_that_differ_can_be_an_error_and_the_channels_are_zero(project: Project) -> None:
    merged = merge(project, srselect="err")
    project.step(5)
    merged.cook()
    assert merged.errors() == (
        "/project1/merge1: sample rates differ (/project1/slow 15 Hz, /project1/fast 30 Hz, "
        "/project1/imu 200 Hz): set srselect to another choice"
    )
    assert merged.numChans == 3
    assert not merged.channels.samples.any()
    merged.par.chops = "fast"
    merged.cook()
    assert merged.errors() == ""


def test_a_name_that_two_sources_have_gets_a_number(project: Project) -> None:
    project.op("fast").par.channel = "slow"
    assert merge(project).channels.names == ("slow", "slow1", "imu")


def test_patterns_choose_sources_but_not_the_operator_itself(project: Project) -> None:
    assert merge(project, chops="f* *[wu]").channels.names == ("fast", "slow", "imu")
    assert project.create(MergeCHOP, "merge2", chops="* ^merge1").errors() == ""


def test_a_jump_forgets_what_was_before(project: Project) -> None:
    merged = merge(project, srselect="max")
    project.step(30)
    merged.cook()
    project.jump(2)
    # No source has a sample at frame 2 but those that began again there.
    assert (merged.numSamples, merged.rate) == (3, 200)
    assert max(merged["imu"].vals) < 0.02


@pytest.mark.parametrize(
    ("chops", "message"),
    [
        ("", "/project1/merge1: set its parameter 'chops' to the names of the CHOPs to merge"),
        ("fst", "no operator 'fst': did you mean 'fast'"),
        ("top", "/project1/merge1: /project1/top has no channels to merge"),
        ("merge1", "references go round in a circle: /project1/merge1 depends on itself"),
    ],
)
def test_wrong_sources_are_an_error(project: Project, chops: str, message: str) -> None:
    project.create(KinectAzureTOP, "top")
    merged = merge(project, chops=chops)
    project.step()
    assert merged.numChans == 0
    assert message in merged.errors()
    merged.par.chops = "slow"
    assert (merged.numChans, merged.errors()) == (1, "")


def test_two_merges_in_a_circle_are_an_error_not_a_crash(project: Project) -> None:
    first, second = merge(project, chops="merge2"), project.create(MergeCHOP, "merge2", chops="merge1")
    project.step()
    for merged, other in ((first, "merge2"), (second, "merge1")):
        message = f"{merged.path} depends on itself by /project1/{other}, {merged.path}; cut one"
        with pytest.raises(OperatorError, match=f"no channel 'frame', for it has an error: .*{message}"):
            merged["frame"]
        assert "references go round in a circle" in merged.errors()
    first.par.chops = "slow"
    assert second.channels.names == first.channels.names == ("slow",)


def test_a_merge_beside_a_circle_goes_on_and_warns(project: Project) -> None:
    merge(project, chops="merge2"), project.create(MergeCHOP, "merge2", chops="merge1")
    beside = project.create(MergeCHOP, "beside", chops="merge1 slow")
    project.step(5)
    assert beside["slow"] > 0
    assert "/project1/merge1 has an error: references go round in a circle" in beside.warnings()


def test_a_source_with_an_error_gives_zeros_and_a_warning(project: Project) -> None:
    project.op("fast").par.broken = True
    merged = merge(project)
    project.step(5)
    assert merged["fast"] == 0
    assert merged["imu"] > 0
    assert merged.warnings() == "/project1/fast has an error: the clock has stopped: wind it up"


def test_the_info_of_a_merge_tells_its_rate(project: Project) -> None:
    merged = merge(project, srselect="max")
    info = project.create(InfoCHOP, "info", op="merge1", iscope="sample_rate time_slice")
    project.step()
    merged.cook()
    assert [float(c) for c in info.chans()] == [200, 1]


class Spinning(CHOP):
    """A player whose head turns from frame to frame, whatever its channels are called."""

    table = CommonPage
    layout = Layout(1, frozenset({"absbonerotations"}), naming=((":absrx", "/turn"),))

    def _names(self) -> tuple[str, ...]:
        return self.layout.names

    def _kinds(self, _names: tuple[str, ...]) -> Kinds:
        return self.layout.kinds

    def _values(self, names: tuple[str, ...], times: F64) -> F64:
        values = np.zeros((len(names), len(times)))
        values[names.index("frame")] = values[names.index("p1/id")] = 1.0
        odd = np.round(times * self.project.fps) % 2 == 1
        for axis, even, other in zip(("/turn", ":absry", ":absrz"), *POLE, strict=True):
            values[names.index(f"p1/head{axis}")] = np.where(odd, other, even)
        return values


POLE = ((-45.9, 85.1, -26.3), (109.1, 63.4, 155.8))


def test_merged_rotations_are_interpolated_by_their_kind_and_keep_it() -> None:
    project = Project(fps=15)
    project.create(Spinning, "one", timeslice=True, scope="p1/id p1/head*")
    project.create(Spinning, "two", timeslice=True)
    project.create(Clocked, "fast", samplerate=60, timeslice=True)
    merged = project.create(
        MergeCHOP, "merge1", chops="one two fast", timeslice=True, interp="linear", srselect="max"
    )
    inner = project.create(MergeCHOP, "outer", chops="merge1", timeslice=True)
    for _ in range(3):
        project.step()
        merged.cook()
    ends = Rotation.from_euler("xyz", POLE, degrees=True)
    turned = np.array([merged[f"p1/head{axis}"].vals for axis in ("/turn", ":absry", ":absrz")]).T
    # Every sample lies between the two, on the shortest way.
    there = Rotation.from_euler("xyz", turned, degrees=True)
    way = np.degrees([(end.inv() * there).magnitude() for end in ends])
    assert way.sum(axis=0) == pytest.approx(np.full(4, 41.0), abs=0.5)
    assert np.ptp(way[0]) > 10
    assert merged["p1/head/turn"].kind.quantity is Quantity.ANGLE
    assert merged["p1/head/turn1"].kind.source == 1
    assert inner.channels.kinds == merged.channels.kinds
    assert merged["seconds"].kind.quantity is Quantity.NUMBER
