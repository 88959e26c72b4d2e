from bodychan.channels.kinds import Kind, Quantity
from bodychan.model.skeleton import Joint
from bodychan.outputs.mocap import described, scale


def test_channels_are_described_as_the_wiki_asks() -> None:
    assert described("p2/head:rz", Kind(Quantity.ANGLE, 2, Joint.HEAD, "absbonerotations", 2)) == {
        "label": "p2/head:rz",
        "type": "OrientationR",
        "marker": "head",
        "object": "p2",
        "unit": "degrees",
    }
    assert described("p1/head:confidence", Kind(Quantity.CONFIDENCE, 1, Joint.HEAD))["unit"] == "normalized"
    assert described("frame", Kind(Quantity.COUNTER)) == {"label": "frame", "type": "Counter"}


def test_confidence_goes_from_0_to_1() -> None:
    assert scale(Kind(Quantity.CONFIDENCE)) == 1 / 3
    assert scale(Kind(Quantity.POSITION)) == 1
