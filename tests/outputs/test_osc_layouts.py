import numpy as np
import pytest

from bodychan import Channels
from bodychan.channels.kinds import Kinds
from bodychan.errors import OutputError
from bodychan.outputs import osc_layouts
from bodychan.outputs.osc_layouts import Options
from receivers import decoded
from skeletons import row

SLICE = Channels(("timestamp", "a"), np.array([[1_000_000.0, 3_600_000_000.0], [0.25, 0.5]]), 60.0)


@pytest.mark.parametrize(
    ("timestamp", "stamps"),
    [("double", (1_000_000.0, 3_600_000_000.0)), ("float", (1.0, 3600.0)), ("int", (1000, 3_600_000))],
)
def test_one_address_per_channel_with_the_newest_or_all_samples(
    timestamp: str, stamps: tuple[float, float]
) -> None:
    options = Options("x", "/stage", timestamp)
    plan = osc_layouts.touchdesigner(SLICE, options)
    assert decoded(plan, SLICE) == [("/stage/timestamp", stamps[1]), ("/stage/a", 0.5)]
    sliced = osc_layouts.touchdesigner(SLICE, options._replace(timeslice=True))
    assert decoded(sliced, SLICE) == [("/stage/timestamp", *stamps), ("/stage/a", 0.25, 0.5)]


def test_transpose_has_the_first_sample_of_every_channel_in_one_message() -> None:
    assert decoded(osc_layouts.transpose(SLICE, Options("x")), SLICE) == [("/channels", 1e6, 0.25)]
    assert decoded(osc_layouts.transpose(SLICE, Options("x", "/p")), SLICE)[0][0] == "/p"


def test_one_message_per_joint() -> None:
    channels = row(1, ("worldspace", "confidence"), {"p1/head:ty": 1.5, "p1/head:confidence": 2, "frame": 7})
    messages = decoded(osc_layouts.joint(channels, Options("x")), channels)
    assert len(messages) == 3 + 32
    assert messages[0] == ("/frame", 7)
    assert ("/p1/head", 0, 1.5, 0, 2) in messages


def test_joints_of_two_sources_with_one_address_are_refused() -> None:
    one = row(1, ("worldspace",))
    names = one.names + tuple(f"{name}1" for name in one.names)  # as a merge names what it has twice
    both = Channels(
        names, np.concatenate([one.samples, one.samples]), 60.0, kinds=Kinds.joined([one.kinds, one.kinds])
    )
    with pytest.raises(OutputError, match="two joints have the one address /p1/"):
        osc_layouts.joint(both, Options("x"))


def test_osceleton_names_its_joints_and_leaves_out_who_is_not_there() -> None:
    values = {"p1/head:tx": -0.64, "p1/head:ty": 0.48, "p1/head:tz": 2.0, "p1/id": 7, "p2/id": 0}
    channels = row(2, ("worldspace",), values)
    messages = decoded(osc_layouts.osceleton(channels, Options("x")), channels)
    assert len(messages) == 23
    assert ("/joint", "head", 7, 0.75, 0.25, 2.0) in messages  # to the camera's right, and above its axis
    with pytest.raises(OutputError, match="there are no positions: switch on the parameter 'worldspace'"):
        osc_layouts.osceleton(row(1, ("confidence",)), Options("x"))


def test_who_comes_and_goes_is_told_in_osceletons_way() -> None:
    told = osc_layouts.arrivals("/a", frozenset({1, 2}), frozenset({2, 5}))
    assert [(m.address, *m.arguments) for m in told] == [
        ("/a/lost_user", 1),
        ("/a/new_user", 5),
        ("/a/new_skel", 5),
    ]
    assert osc_layouts.arrivals("", frozenset({1}), frozenset({1})) == []


def test_templates_of_the_users_own() -> None:
    values = {"p1/head:tx": 0.5, "p1/head:tz": 2, "p1/head:confidence": 1, "p2/id": 0, "timestamp": 2e6}
    channels = row(2, ("worldspace", "confidence"), values)
    options = Options(
        "x",
        "/app",
        "float",
        templates=(
            "/skel/{player}/{joint} {x} {y} {z} {confidence}",
            "/who {player} {id} name{player}",
            "/t {timestamp} {frame} now",
        ),
    )
    messages = decoded(osc_layouts.template(channels, options), channels)
    assert len(messages) == 32 + 2
    assert ("/app/skel/1/head", 0.5, 0, 2, 1) in messages
    assert messages[-2:] == [("/app/who", 1, 1, "name1"), ("/app/t", 2.0, 0.0, "now")]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("/a {rx}", "lacks the channels of 'relbonerotations'"),
        ("/{x}/{joint}", "only {player} and {joint} may be part of an address"),
        ("/a#{joint} {x}", "'/a#pelvis' is no OSC address"),
    ],
)
def test_a_wrong_template_is_told(text: str, message: str) -> None:
    with pytest.raises(OutputError) as caught:
        osc_layouts.template(row(1, ("worldspace",)), Options("x", templates=(text,)))
    assert message in str(caught.value)


@pytest.mark.parametrize("layout", [osc_layouts.osceleton, osc_layouts.template])
def test_channels_without_people_are_refused(layout: object) -> None:
    with pytest.raises(OutputError, match="there are no people among these channels"):
        layout(SLICE, Options("x", templates=("/{joint} {x}",)))  # type: ignore[operator]
