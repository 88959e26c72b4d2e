from pathlib import Path

import pytest

from bodychan.errors import ParameterError
from bodychan.operators.kinect.chop import KinectAzureCHOP
from bodychan.operators.kinect.tables import ChopTable, TopTable
from bodychan.operators.kinect.top import KinectAzureTOP
from bodychan.operators.parameters import Kind, Parameter, Parameters, number, toggle
from bodychan.operators.project import Project

DOCUMENTED = """
    active top maxplayers relbonerotations absbonerotations bonelengths worldspace colorspace depthspace
    aspectcorrectuv flipimagev flipskelu confidence imuchans
"""
DOCUMENTED_COMMON = "timeslice scope srselect exportmethod autoexportroot exporttable"


def par() -> ChopTable:
    return ChopTable("KinectAzureCHOP")


def test_the_chops_parameters_are_those_of_its_page_in_order() -> None:
    for page, documented in (("Kinect Azure", DOCUMENTED), ("Common", DOCUMENTED_COMMON)):
        rows = [p.name for p in KinectAzureCHOP.parameters if p.page == page and not p.ours]
        assert rows == documented.split()


def test_only_active_and_world_space_are_on_by_default_for_one_player() -> None:
    values = {p.name: value for p, value in par()}
    assert {name for name, value in values.items() if value is True} == {"active", "worldspace"}
    assert values["maxplayers"] == 1
    assert values["top"] == ""


@pytest.mark.parametrize("table", [KinectAzureCHOP.parameters, KinectAzureTOP.parameters])
def test_every_default_is_a_value_that_the_parameter_takes(table: tuple[Parameter, ...]) -> None:
    for parameter in table:
        assert parameter.convert(parameter.default) == parameter.default
        assert parameter.help.endswith(".")


@pytest.mark.parametrize(
    ("text", "value"), [("1", True), ("on", True), ("Off", False), (0, False), (True, True)]
)
def test_a_toggle_takes_the_usual_words(text: str | int, value: bool) -> None:
    p = par()
    p.bonelengths = text
    assert p.bonelengths is value


def test_a_number_is_read_from_text_and_stays_whole() -> None:
    p = par()
    setattr(p, "maxplayers", "4")  # noqa: B010 - the type checker would take it for a str from here on
    assert p.maxplayers == 4
    with pytest.raises(ParameterError, match=r"'maxplayers': 2\.5 is not a whole number"):
        p.maxplayers = 2.5


@pytest.mark.parametrize("value", [0, 17, -1])
def test_a_value_out_of_range_is_refused_with_the_range_and_the_old_one_stays(value: int) -> None:
    p = par()
    with pytest.raises(ParameterError, match="is outside 1 to 16"):
        p.maxplayers = value
    assert p.maxplayers == 1


@pytest.mark.parametrize("value", ["perhaps", 2, None, float("nan")])
def test_what_is_no_toggle_is_refused(value: object) -> None:
    with pytest.raises(ParameterError, match="is not on or off"):
        setattr(par(), "confidence", value)  # noqa: B010 - the type checker refuses some of these


# mypy refuses these too, or it would say that the comments that ignore its errors are not needed.
def test_an_unknown_name_is_refused_with_the_near_ones() -> None:
    with pytest.raises(ParameterError, match="no parameter 'maxplayer': did you mean 'maxplayers'"):
        par().maxplayer = 2  # type: ignore[attr-defined]
    with pytest.raises(ParameterError, match="did you mean 'bonelengths'"):
        _ = par().bonelenghts  # type: ignore[attr-defined]


def test_a_values_type_is_known_to_type_checkers() -> None:
    chop = Project().create(KinectAzureCHOP, "bodies")
    players: int = chop.par.maxplayers
    assert players + 1 == 2
    image: int = Project().create(KinectAzureTOP, "top").par.image  # type: ignore[assignment]
    assert str(image) == "depth"
    with pytest.raises(ParameterError, match="is not a whole number"):
        chop.par.maxplayers = None  # type: ignore[assignment]


def test_a_table_joins_the_rows_of_its_pages_in_their_order() -> None:
    class First(Parameters, page="One"):
        size = number("Size", 1.0, (0.0, 2.0), "m", "Help.")

    class Second(Parameters, page="Two", ours=True):
        on = toggle("On", False, "Help.")

    class Both(First, Second):
        off = toggle("Off", False, "Help.")

    assert [(row.name, row.page, row.ours) for row in Both.rows] == [
        ("size", "One", False),
        ("on", "Two", True),
        ("off", "", False),
    ]
    assert Both.size is Both.rows[0]
    one, other = Both("Test"), Both("Test")
    one.size = "1.5"
    assert (one.size, other.size) == (1.5, 1.0)


def test_only_a_new_value_counts_as_a_change() -> None:
    changed: list[str] = []
    p = ChopTable("KinectAzureCHOP", on_change=changed.append)
    p.maxplayers = 1
    assert changed == []
    p.maxplayers = 2
    assert changed == ["maxplayers"]


def test_a_menu_takes_names_and_places_and_refuses_others_with_the_near_ones() -> None:
    p = TopTable("KinectAzureTOP")
    p.image = "ir"
    assert p.image == "ir"
    setattr(p, "image", 2)  # noqa: B010 - the type checker would take it for an int from here on
    assert p.image == "depth"
    with pytest.raises(ParameterError, match="'image' has no item 'colour': did you mean 'color'"):
        p.image = "colour"
    with pytest.raises(ParameterError, match="'fps' has no item 7"):
        p.fps = 7


def test_a_pulse_does_its_work_each_time_and_stays_off() -> None:
    pulsed: list[str] = []
    p = TopTable("KinectAzureTOP", on_pulse=pulsed.append)
    p.resetcolors = 1
    p.resetcolors = 0
    p.resetcolors = True
    assert pulsed == ["resetcolors", "resetcolors"]
    assert p.resetcolors is False


def test_a_range_is_told_with_its_unit() -> None:
    with pytest.raises(ParameterError, match="is outside 2500 to 12500 K"):
        TopTable("KinectAzureTOP").whitebalance = 100


def test_a_path_is_taken_as_text() -> None:
    sensor = next(p for p in KinectAzureTOP.parameters if p.name == "sensor")
    assert sensor.kind is Kind.FILE
    assert sensor.convert(Path("a") / "b.mkv") == str(Path("a") / "b.mkv")


FLOAT = Parameter(Kind.FLOAT, "Gain", 1.0, "Help.", 0, 2.5, "dB", (0.5, 1.5), name="gain")


@pytest.mark.parametrize(("value", "taken"), [("0.25", 0.25), (2, 2.0), (0, 0.0), (2.5, 2.5)])
def test_a_float_takes_numbers_and_text_outside_its_soft_range_too(value: object, taken: float) -> None:
    assert FLOAT.convert(value) == taken
    assert isinstance(FLOAT.convert(value), float)


@pytest.mark.parametrize("value", ["much", None, float("nan"), float("inf"), "-inf"])
def test_what_is_no_finite_number_is_refused(value: object) -> None:
    with pytest.raises(ParameterError, match=r"'gain': .* is not a finite number"):
        FLOAT.convert(value)


def test_a_float_out_of_its_hard_range_is_refused_with_the_range() -> None:
    with pytest.raises(ParameterError, match=r"'gain': 2\.6 is outside 0 to 2\.5 dB \(Gain\)"):
        FLOAT.convert(2.6)


@pytest.mark.parametrize(
    ("low", "high", "words"), [(None, None, ""), (0, None, "0 or more s"), (None, 0.5, "0.5 or less s")]
)
def test_limits_are_told_in_words(low: float | None, high: float | None, words: str) -> None:
    assert Parameter(Kind.FLOAT, "A", 0.0, "H.", low, high, "s").span == words


@pytest.fixture
def chop() -> KinectAzureCHOP:
    return Project().create(KinectAzureCHOP, "bodies", maxplayers=3)


def test_parameters_are_listed_with_their_values(chop: KinectAzureCHOP) -> None:
    assert {p.name: value for p, value in chop.pars("maxp* *lengths")} == {
        "maxplayers": 3,
        "bonelengths": False,
    }
    assert len(chop.pars()) == len(KinectAzureCHOP.parameters)


def test_reset_brings_back_the_defaults(chop: KinectAzureCHOP) -> None:
    chop.par.confidence = True
    chop.reset("confidence")
    assert (chop.par.confidence, chop.par.maxplayers) == (False, 3)
    chop.reset()
    assert all(value == parameter.default for parameter, value in chop.pars())
    with pytest.raises(ParameterError, match="did you mean 'maxplayers'"):
        chop.reset("maxplayer")


def test_resetting_everything_pulses_nothing() -> None:
    top = Project().create(KinectAzureTOP, "top", brightness=7)
    top.reset()
    assert top.par.brightness == 128


def test_a_listener_hears_of_new_values_until_it_is_taken_off(chop: KinectAzureCHOP) -> None:
    heard: list[tuple[str, object]] = []
    stop = chop.on_change(lambda name, value: heard.append((name, value)))
    chop.par.maxplayers = 3
    chop.par.maxplayers = "4"
    stop()
    chop.par.maxplayers = 5
    assert heard == [("maxplayers", 4)]
