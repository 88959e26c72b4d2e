"""How a channel is described in streams and files of type MoCap: Lab Streaming Layer's, and XDF's."""

from bodychan.channels.kinds import Kind, Quantity

_TYPES: dict[Quantity, tuple[str, ...]] = {
    Quantity.POSITION: ("PositionX", "PositionY", "PositionZ"),
    Quantity.ANGLE: ("OrientationP", "OrientationH", "OrientationR"),
    Quantity.UNROLLED_ANGLE: ("OrientationP", "OrientationH", "OrientationR"),
    Quantity.CONFIDENCE: ("Confidence",),
    Quantity.ACCELERATION: ("AccelerationX", "AccelerationY", "AccelerationZ"),
    Quantity.ANGULAR_VELOCITY: ("AngularVelocityX", "AngularVelocityY", "AngularVelocityZ"),
}
"""Types of channels in XDF's "MoCap Meta Data", https://github.com/sccn/xdf/wiki/MoCap-Meta-Data."""
_UNITS = {"m": "meters", "deg": "degrees", "us": "microseconds", "s": "seconds"}
_CONFIDENCE = 1 / 3
"""The wiki wants 0 to 1, the channels have 0 to 3."""


def described(name: str, kind: Kind) -> dict[str, str]:
    """Describe a channel as the wiki asks."""
    types = _TYPES.get(kind.quantity, ())
    found = {
        "label": name,
        "type": types[kind.axis] if kind.axis < len(types) else kind.name.title().replace(" ", ""),
    }
    if kind.joint is not None:
        found["marker"] = kind.joint.channel
    if kind.player:
        found["object"] = f"p{kind.player}"
    unit = "normalized" if kind.quantity is Quantity.CONFIDENCE else _UNITS.get(kind.unit, kind.unit)
    return found | ({"unit": unit} if unit else {})


def scale(kind: Kind) -> float:
    """Give the factor that brings a channel's values to the range that the wiki wants."""
    return _CONFIDENCE if kind.quantity is Quantity.CONFIDENCE else 1.0
