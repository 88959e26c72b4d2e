"""How channels become OSC messages: the layouts of `osc://…?layout=`, and templates of the user's own."""

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from bodychan.channels.channels import Channels
from bodychan.channels.kinds import Quantity
from bodychan.channels.layout import JOINT_GROUPS
from bodychan.errors import OutputError, did_you_mean
from bodychan.model.arrays import F64
from bodychan.model.skeleton import Joint
from bodychan.outputs.osc_encoder import Message, Value
from bodychan.outputs.people import Person, people, require


class Options(NamedTuple):
    """What the URL asks for: see docs/protocols.md."""

    target: str
    prefix: str = ""
    timestamp: str = "double"
    """`double` microseconds, `float` seconds or `int` milliseconds: Pure Data knows no doubles."""
    timeslice: bool = False
    templates: tuple[str, ...] = ()
    player: int | None = None


class Plan(NamedTuple):
    """The messages of a set of channels, and what makes the values in them of samples (C, S)."""

    messages: list[Message]
    values: Callable[[F64], F64]


def newest(samples: F64) -> F64:
    """Return the newest sample (C,) of samples (C, S)."""
    return samples[:, -1]


def _oldest(samples: F64) -> F64:
    return samples[:, 0]


_STAMPS = {"double": ("d", 1.0), "float": ("f", 1e-6), "int": ("i", 1e-3)}
TIMESTAMPS = tuple(_STAMPS)
"""How `timestamp` may be sent, the default first."""


def _value(channels: Channels, options: Options, row: int) -> Value:
    if channels.names[row] == "timestamp" or channels.kinds[row].quantity is Quantity.DEVICE_TIME:
        return Value(row, *_STAMPS[options.timestamp])
    return Value(row)


def touchdesigner(channels: Channels, options: Options) -> Plan:
    """One address per channel, as TouchDesigner's OSC Out CHOP has it; as arguments one or all samples."""
    samples = channels.numSamples if options.timeslice else 1
    messages = []
    for row, name in enumerate(channels.names):
        value = _value(channels, options, row)
        arguments = tuple(value._replace(row=row * samples + sample) for sample in range(samples))
        messages.append(Message(f"{options.prefix}/{name}", arguments))
    return Plan(messages, np.ravel if options.timeslice else newest)


def transpose(channels: Channels, options: Options) -> Plan:
    """One message with the first sample of every channel, in order."""
    values = tuple(_value(channels, options, row) for row in range(channels.numChans))
    return Plan([Message(options.prefix or "/channels", values)], _oldest)


def joint(channels: Channels, options: Options) -> Plan:
    """One message per joint with all its channels, in order; the other channels have one of their own."""
    found: dict[object, tuple[str, list[Value]]] = {}
    for row, (name, kind) in enumerate(zip(channels.names, channels.kinds, strict=True)):
        together = name if kind.joint is None else (kind.source, kind.player, kind.joint)
        base = name if kind.joint is None else name.rpartition(":")[0] or name
        found.setdefault(together, (base, []))[1].append(_value(channels, options, row))
    addresses = [base for base, _ in found.values()]
    twice = {base for base in addresses if addresses.count(base) > 1}
    if twice:
        raise OutputError(
            f"{options.target}: two joints have the one address /{min(twice)}: use another layout, or 'scope'"
        )
    return Plan(
        [Message(f"{options.prefix}/{base}", tuple(values)) for base, values in found.values()], newest
    )


_OSCELETON = {
    Joint.HEAD: "head",
    Joint.NECK: "neck",
    Joint.SPINE_CHEST: "torso",
    Joint.CLAVICLE_RIGHT: "r_collar",
    Joint.SHOULDER_RIGHT: "r_shoulder",
    Joint.ELBOW_RIGHT: "r_elbow",
    Joint.WRIST_RIGHT: "r_wrist",
    Joint.HAND_RIGHT: "r_hand",
    Joint.HANDTIP_RIGHT: "r_finger",
    Joint.CLAVICLE_LEFT: "l_collar",
    Joint.SHOULDER_LEFT: "l_shoulder",
    Joint.ELBOW_LEFT: "l_elbow",
    Joint.WRIST_LEFT: "l_wrist",
    Joint.HAND_LEFT: "l_hand",
    Joint.HANDTIP_LEFT: "l_finger",
    Joint.HIP_RIGHT: "r_hip",
    Joint.KNEE_RIGHT: "r_knee",
    Joint.ANKLE_RIGHT: "r_ankle",
    Joint.FOOT_RIGHT: "r_foot",
    Joint.HIP_LEFT: "l_hip",
    Joint.KNEE_LEFT: "l_knee",
    Joint.ANKLE_LEFT: "l_ankle",
    Joint.FOOT_LEFT: "l_foot",
}
"""OSCeleton's names of joints, in its README's order: https://github.com/Sensebloom/OSCeleton."""

_SCALE = np.array([-1 / 2.56, -1 / 1.92, 1.0])
_OFFSET = np.array([0.5, 0.5, 0.0])
"""Channel metres to what OSCeleton's README says of X, Y and Z: 0 to 1 from left to right and from top to
bottom, over 2.56 m by 1.92 m around the camera's axis, and 0 to 7 away from the camera."""


def osceleton(channels: Channels, options: Options) -> Plan:
    """`/joint` name, body id, x, y, z for everybody who is there; new and lost people are `arrivals`."""
    messages: list[Message] = []
    places: list[tuple[int, ...]] = []
    for person in _all(channels, options):
        if person.id is None:
            raise OutputError(
                f"{options.target}: leave the channels pN/id in 'scope', people are told by them"
            )
        for which, name in _OSCELETON.items():
            rows = person.rows(which, "worldspace")
            if rows is not None:
                first = channels.numChans + 3 * len(places)
                xyz = tuple(Value(first + axis) for axis in range(3))
                user = Value(person.id, "i")
                messages.append(Message(f"{options.prefix}/joint", (name, user, *xyz), person.id))
                places.append(rows)
    if not messages:
        raise OutputError(f"{options.target}: there are no positions: switch on the parameter 'worldspace'")
    at = np.array(places, np.int64)

    def values(samples: F64) -> F64:
        column = newest(samples)
        return np.concatenate([column, (column[at] * _SCALE + _OFFSET).ravel()])

    return Plan(messages, values)


def arrivals(prefix: str, before: frozenset[int], now: frozenset[int]) -> list[Message]:
    """Say in OSCeleton's way which body ids are gone and which are new; nobody has to calibrate."""
    gone = [Message(f"{prefix}/lost_user", (user,)) for user in sorted(before - now)]
    new = [
        Message(f"{prefix}/{what}", (user,))
        for user in sorted(now - before)
        for what in ("new_user", "new_skel")
    ]
    return gone + new


_FIELD = re.compile(r"\{([^{}]*)\}")
_OF_JOINTS: dict[str, tuple[str, int]] = {
    "x": ("worldspace", 0),
    "y": ("worldspace", 1),
    "z": ("worldspace", 2),
} | {
    suffix[1:]: (group, axis)
    for group, (_, suffixes) in JOINT_GROUPS.items()
    if group != "worldspace"
    for axis, suffix in enumerate(suffixes)
}
_OF_CAPTURES = ("frame", "timestamp")
FIELDS = ("player", "id", "joint", *_OF_JOINTS, *_OF_CAPTURES)
"""What templates may hold in braces."""


def template(channels: Channels, options: Options) -> Plan:
    """Messages as the user's templates have them, once for every person and joint that they speak of."""
    messages: list[Message] = []
    for text in options.templates:
        fields = set(_FIELD.findall(text))
        if fields & {"joint", *_OF_JOINTS}:
            for person in _all(channels, options):
                needed = {_OF_JOINTS[field][0] for field in fields & _OF_JOINTS.keys()}
                for which in person.joints or [Joint.PELVIS]:
                    for group in sorted(needed):
                        require(options.target, person, which, group)
                    messages.append(_filled(text, channels, options, person, which))
        elif fields & {"player", "id"}:
            messages += [_filled(text, channels, options, who, None) for who in _all(channels, options)]
        else:
            messages.append(_filled(text, channels, options, None, None))
    return Plan(messages, newest)


def groups_of(templates: Sequence[str]) -> frozenset[str]:
    """Return the groups of channels that templates speak of."""
    fields = {field for text in templates for field in _FIELD.findall(text)}
    return frozenset(_OF_JOINTS[field][0] for field in fields & _OF_JOINTS.keys())


def require_template(target: str, text: str) -> None:
    """Check what can be checked of a template before there are channels.

    Raises:
        OutputError: it does not begin with an address, or there is no such field.
    """
    if not text.startswith("/"):
        example = "/skel/{player}/{joint} {x} {y} {z}"
        raise OutputError(f"{target}: a template begins with its address, such as {example}")
    for field in _FIELD.findall(text):
        if field not in FIELDS:
            raise OutputError(f"{target}: no field '{{{field}}}': {did_you_mean(field, FIELDS)}")


def _filled(
    text: str, channels: Channels, options: Options, person: Person | None, which: Joint | None
) -> Message:
    """Fill in one template; `{joint}` and `{player}` are text in an address, the others are arguments."""
    address, *words = text.split()
    known: dict[str, str | int] = {}
    if person is not None:
        known["player"] = person.number
    if which is not None:
        known["joint"] = which.channel

    def fixed(match: re.Match[str]) -> str:
        if match[1] not in known:
            raise OutputError(
                f"{options.target}: '{match[0]}' changes all the time: only {{player}} and {{joint}} "
                "may be part of an address or of a word"
            )
        return str(known[match[1]])

    path = options.prefix + _FIELD.sub(fixed, address)
    require_address(options.target, path)
    arguments: list[str | int | Value] = []
    for word in words:
        field = _FIELD.fullmatch(word)
        if field is None:
            arguments.append(_FIELD.sub(fixed, word))
        elif field[1] in known:
            arguments.append(known[field[1]])
        else:
            arguments.append(_changing(field[1], channels, options, person, which))
    return Message(path, tuple(arguments), None if person is None else person.id)


def _changing(
    field: str, channels: Channels, options: Options, person: Person | None, which: Joint | None
) -> Value:
    if field == "id":
        if person is None or person.id is None:
            raise OutputError(
                f"{options.target}: '{{id}}' needs the channel pN/id; see the parameter 'scope'"
            )
        return Value(person.id, "i")
    if field in _OF_CAPTURES:
        if field not in channels.names:
            raise OutputError(f"{options.target}: '{{{field}}}' needs the channel '{field}'; see 'scope'")
        return _value(channels, options, channels.names.index(field))
    assert person is not None  # `template` looks for people where one of their fields is
    assert which is not None
    group, axis = _OF_JOINTS[field]
    return Value(require(options.target, person, which, group)[axis])


def require_address(target: str, address: str) -> None:
    """Check that an OSC address is one.

    Raises:
        OutputError: it does not begin with a slash, or has a character that OSC 1.0 does not allow.
    """
    if not re.fullmatch(r"(/[!-~]+)?", address) or set(address) & set("#*,?[]{}"):
        raise OutputError(
            f"{target}: '{address}' is no OSC address: it begins with /, without spaces and # * , ? [ ] {{ }}"
        )


def _all(channels: Channels, options: Options) -> Sequence[Person]:
    found = people(channels.kinds)
    if not found:
        raise OutputError(f"{options.target}: there are no people among these channels; see 'scope'")
    return found
