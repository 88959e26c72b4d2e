"""The Kinect Azure CHOP's pages that TouchDesigner's operator does not have; each is off by default."""

from bodychan.channels.filters import Holt, OneEuro
from bodychan.operators.parameters import Kind, Parameter

_PLAYERS, _FILTER, _SPACE = "Players", "Filter", "Space"


def _toggle(page: str, name: str, label: str, text: str) -> Parameter:
    return Parameter(name, label, page, Kind.TOGGLE, False, text, ours=True)


def _menu(page: str, name: str, label: str, text: str, items: tuple[tuple[str, str], ...]) -> Parameter:
    return Parameter(name, label, page, Kind.MENU, items[0][0], text, menu=items, ours=True)


def _float(
    page: str, name: str, label: str, default: float, text: str, span: tuple[float, float], unit: str
) -> Parameter:
    return Parameter(name, label, page, Kind.FLOAT, default, text, *span, unit=unit, ours=True)


def _zone(axis: str, least: float, greatest: float) -> tuple[Parameter, Parameter]:
    span = (-100.0, 100.0)
    return (
        _float(_PLAYERS, f"zonemin{axis}", f"Zone Least {axis.upper()}", least, "Of the zone.", span, "m"),
        _float(
            _PLAYERS, f"zonemax{axis}", f"Zone Greatest {axis.upper()}", greatest, "Of the zone.", span, "m"
        ),
    )


PLAYERS = (
    _menu(
        _PLAYERS,
        "slotpolicy",
        "Slot Policy",
        "Which body becomes p1, which p2: as they come, the others moving up when one leaves; each keeping "
        "its place; the nearest first; from left to right; or by the ids in 'slotids'.",
        (
            ("compact", "Compact"),
            ("sticky", "Sticky"),
            ("nearest", "Nearest First"),
            ("leftright", "Left to Right"),
            ("fixedid", "Fixed IDs"),
        ),
    ),
    Parameter(
        "slotids",
        "Slot IDs",
        _PLAYERS,
        Kind.STRING,
        "",
        "Body ids for Fixed IDs, that of p1 first: '4 9'. An id of 0 leaves its place empty.",
        ours=True,
    ),
    _float(
        _PLAYERS,
        "slothysteresis",
        "Slot Hysteresis",
        0.15,
        "How far two bodies must be in the wrong order before Nearest First or Left to Right changes it.",
        (0.0, 10.0),
        "m",
    ),
    _float(
        _PLAYERS,
        "slotdwell",
        "Slot Dwell",
        0.5,
        "How long they must be so.",
        (0.0, 60.0),
        "s",
    ),
    _float(
        _PLAYERS,
        "holdtime",
        "Hold Time",
        0.0,
        "How long a body that is lost keeps its place and its last pose.",
        (0.0, 60.0),
        "s",
    ),
    _float(
        _PLAYERS,
        "nearlimit",
        "Near Limit",
        0.0,
        "Bodies nearer to the camera are left out.",
        (0.0, 100.0),
        "m",
    ),
    _float(
        _PLAYERS,
        "farlimit",
        "Far Limit",
        0.0,
        "Bodies farther from the camera are left out; 0 is no limit.",
        (0.0, 100.0),
        "m",
    ),
    _toggle(
        _PLAYERS,
        "zone",
        "Zone",
        "Leaves out bodies whose pelvis, as its channels show it, is outside the zone.",
    ),
    *_zone("x", -2.0, 2.0),
    *_zone("y", -2.0, 2.0),
    *_zone("z", 0.0, 5.0),
    _toggle(
        _PLAYERS,
        "statuschans",
        "Status Channels",
        "Adds whether the body is seen now, and the seconds since it was first seen.",
    ),
)

FILTER = (
    _menu(
        _FILTER,
        "filter",
        "Filter",
        "Takes jitter out of positions and rotations, for some lag, which Info shows as filter_lag.",
        (("none", "None"), ("oneeuro", "One Euro"), ("holt", "Holt Double Exponential")),
    ),
    _float(
        _FILTER,
        "mincutoff",
        "Minimum Cutoff",
        OneEuro().mincutoff,
        "One Euro: cutoff of a joint at rest; lower is calmer.",
        (0.001, 1000.0),
        "Hz",
    ),
    _float(
        _FILTER,
        "beta",
        "Beta",
        OneEuro().beta,
        "One Euro: how much the cutoff rises with a joint's speed; higher lags less.",
        (0.0, 1000.0),
        "Hz per m/s",
    ),
    _float(
        _FILTER,
        "dcutoff",
        "Speed Cutoff",
        OneEuro().dcutoff,
        "One Euro: cutoff of the speed itself.",
        (0.001, 1000.0),
        "Hz",
    ),
    _float(
        _FILTER,
        "smoothing",
        "Smoothing",
        Holt().smoothing,
        "Holt: share of the past; 0 is no smoothing.",
        (0.0, 0.999),
        "",
    ),
    _float(
        _FILTER,
        "correction",
        "Correction",
        Holt().correction,
        "Holt: how fast the trend follows; higher corrects sooner.",
        (0.0, 1.0),
        "",
    ),
    _float(
        _FILTER,
        "prediction",
        "Prediction",
        Holt().prediction,
        "Holt: how far the result looks ahead, in frames of 1/30 s.",
        (0.0, 30.0),
        "frames",
    ),
    _float(
        _FILTER,
        "jitterradius",
        "Jitter Radius",
        Holt().jitterradius,
        "Holt: motions smaller than this are damped.",
        (0.0, 1.0),
        "m",
    ),
    _float(
        _FILTER,
        "maxdeviation",
        "Maximum Deviation",
        Holt().maxdeviation,
        "Holt: the result is never farther than this from what the tracker saw.",
        (0.0, 1.0),
        "m",
    ),
    _toggle(
        _FILTER,
        "unrollbones",
        "Unroll Bone Rotations",
        "Rotations go on beyond ±180° instead of jumping to the other end.",
    ),
)

SPACE = (
    _toggle(
        _SPACE,
        "levelworld",
        "Level World",
        "Turns positions and rotations so that +Y is truly up, floor at 0.",
    ),
    _menu(
        _SPACE,
        "levelsource",
        "Level Source",
        "Where up comes from: gravity in the camera's IMU, or 'cameratilt'.",
        (("imu", "IMU"), ("manual", "Manual")),
    ),
    _float(
        _SPACE,
        "cameratilt",
        "Camera Tilt",
        0.0,
        "How far the camera looks down; for the Manual source.",
        (-90.0, 90.0),
        "°",
    ),
    _float(
        _SPACE,
        "cameraheight",
        "Camera Height",
        0.0,
        "Height of the camera over the floor, which comes to lie at y = 0.",
        (-100.0, 100.0),
        "m",
    ),
    _toggle(
        _SPACE,
        "mirrorbodies",
        "Mirror Bodies",
        "Shows each person as a mirror does: x negated, left and right swapped.",
    ),
)
