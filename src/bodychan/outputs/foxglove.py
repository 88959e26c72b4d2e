"""Messages in JSON as Foxglove shows them: channels as nested objects, bodies as frames and as lines.

Schemas and meanings: https://docs.foxglove.dev/docs/sdk/schemas. What it draws has Z up, so that the frame
`world` has, too; `channels` is channel space in it, metres with Y up, and every joint a frame below its
parent: `p1/pelvis`, `p1/spine_navel` … Messages have the fields of the schemas that are used here.
"""

import re
from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np

from bodychan.channels.kinds import Kinds
from bodychan.errors import OutputError
from bodychan.model.arrays import F64, I64
from bodychan.model.rotations import matrix_to_quaternion
from bodychan.model.skeleton import PARENTS, Confidence, Joint
from bodychan.outputs.motion import PARENT_OR_SELF, relative
from bodychan.outputs.skeletons import Skeletons
from bodychan.outputs.table import INTEGERS

Json = dict[str, object]

ROOT, SPACE = "world", "channels"
"""The frame that everything stands in, and channel space."""


def _object(**properties: Json) -> Json:
    return {"type": "object", "properties": properties}


def _array(items: Json) -> Json:
    return {"type": "array", "items": items}


_NUMBER: Json = {"type": "number"}
_INTEGER: Json = {"type": "integer"}
_TEXT: Json = {"type": "string"}
_SWITCH: Json = {"type": "boolean"}
_TIME = {"title": "time"} | _object(sec=_INTEGER, nsec=_INTEGER)
_DURATION = {"title": "duration"} | _object(sec=_INTEGER, nsec=_INTEGER)
_VECTOR = _object(x=_NUMBER, y=_NUMBER, z=_NUMBER)
_QUATERNION = _object(x=_NUMBER, y=_NUMBER, z=_NUMBER, w=_NUMBER)
_COLOR = _object(r=_NUMBER, g=_NUMBER, b=_NUMBER, a=_NUMBER)

FRAME_TRANSFORMS = {"title": "foxglove.FrameTransforms"} | _object(
    transforms=_array(
        _object(
            timestamp=_TIME,
            parent_frame_id=_TEXT,
            child_frame_id=_TEXT,
            translation=_VECTOR,
            rotation=_QUATERNION,
        )
    )
)
"""The schema of `transforms`."""

SCENE_UPDATE = {"title": "foxglove.SceneUpdate"} | _object(
    deletions=_array(_object(timestamp=_TIME, type=_INTEGER, id=_TEXT)),
    entities=_array(
        _object(
            timestamp=_TIME,
            frame_id=_TEXT,
            id=_TEXT,
            lifetime=_DURATION,
            frame_locked=_SWITCH,
            metadata=_array(_object(key=_TEXT, value=_TEXT)),
            lines=_array(
                _object(
                    type=_INTEGER,
                    pose=_object(position=_VECTOR, orientation=_QUATERNION),
                    thickness=_NUMBER,
                    scale_invariant=_SWITCH,
                    points=_array(_VECTOR),
                    color=_COLOR,
                    colors=_array(_COLOR),
                    indices=_array(_INTEGER),
                )
            ),
        )
    ),
)
"""The schema of `scene`."""

_MATCHING_ID, _LINE_LIST = 0, 2
"""Of deletions and of lines the `type`."""

_NOWHERE: Json = {"x": 0.0, "y": 0.0, "z": 0.0}
_UNTURNED: Json = {"x": 0.0, "y": 0.0, "z": 0.0, "w": 1.0}
_Y_TO_Z_UP: Json = {"x": 0.7071068, "y": 0.0, "z": 0.0, "w": 0.7071068}
_BONES = [end for joint, parent in enumerate(PARENTS) if parent >= 0 for end in (parent, joint)]
_THICKNESS = 0.02
"""Of lines, metres."""
_COLORS = (
    (0.1, 0.6, 1.0),
    (1.0, 0.5, 0.1),
    (0.2, 0.8, 0.3),
    (0.9, 0.3, 0.5),
    (0.6, 0.4, 0.9),
    (0.9, 0.8, 0.2),
)
_FAINT = 0.3
"""How opaque a joint is that is not seen."""


class ChannelMessages:
    """Channels as one message: `p1/head:ty` is the number `ty` in the object `head` in the object `p1`.

    Args:
        names: the channels'.
        kinds: what they measure, for the schema.

    Raises:
        OutputError: two names stand for one place.
    """

    def __init__(self, names: Sequence[str], kinds: Kinds) -> None:
        self.schema: Json = {"title": "bodychan.Channels"} | _object()
        self._whole: Json = {}
        self._places: list[tuple[Json, str]] = []
        places = [tuple(re.split("[/:]", name)) for name in names]
        _require_apart(places, names)
        for name, kind, (*path, last) in zip(names, kinds, places, strict=True):
            inside, described = self._whole, self.schema
            for part in path:
                inside = _within(inside, part, dict)
                described = _within(_properties(described), part, _object)
            about = " in ".join(filter(None, (kind.name, kind.unit)))
            whole = _INTEGER if name in INTEGERS else _NUMBER
            _properties(described)[last] = whole | {"description": about}
            self._places.append((inside, last))
        self._integers = {row for row, name in enumerate(names) if name in INTEGERS}

    def message(self, column: F64) -> Json:
        """Give the message of one sample (C,); it is good until the next is made."""
        for row, (value, (inside, key)) in enumerate(zip(column.tolist(), self._places, strict=True)):
            inside[key] = round(value) if row in self._integers else value
        return self._whole


def _require_apart(places: Sequence[tuple[str, ...]], names: Sequence[str]) -> None:
    """Check that no channel is where another is, or within it; in order such two are neighbours."""
    for (place, one), (inner, other) in pairwise(sorted(zip(places, names, strict=True))):
        if inner[: len(place)] == place:
            raise OutputError(
                f"'{one}' and '{other}' have one place in its messages: rename one, or see 'scope'"
            )


def _properties(schema: Json) -> Json:
    found = schema["properties"]
    assert isinstance(found, dict)
    return found


def _within(inside: Json, key: str, make: Callable[[], Json]) -> Json:
    found = inside.setdefault(key, make())
    assert isinstance(found, dict)
    return found


def transforms(players: I64, people: Skeletons, nanoseconds: I64) -> list[Json]:
    """Give the S messages with the frames of everybody who is there.

    Args:
        players: (P,) their numbers.
        people: P players of S samples, with rotations.
        nanoseconds: (S,) the samples' times.
    """
    bones = people.positions - people.positions[:, :, PARENT_OR_SELF]
    local = np.einsum("psjba,psjb->psja", people.rotations[:, :, PARENT_OR_SELF], bones)
    local[:, :, Joint.PELVIS] = people.positions[:, :, Joint.PELVIS]
    turns = matrix_to_quaternion(relative(people.rotations))
    found: list[Json] = []
    for sample, time in enumerate(map(_time, nanoseconds.tolist())):
        frames = [_frame(time, ROOT, SPACE, _NOWHERE, _Y_TO_Z_UP)]
        for place in np.flatnonzero(people.ids[:, sample]):
            person = f"p{players[place]}/"
            above = [SPACE if j.parent is None else person + j.parent.channel for j in Joint]
            frames += [
                _frame(time, parent, person + joint.channel, _vector(at), _quaternion(turn))
                for joint, parent, at, turn in zip(
                    Joint,
                    above,
                    np.round(local[place, sample], 5).tolist(),
                    np.round(turns[place, sample], 7).tolist(),
                    strict=True,
                )
            ]
        found.append({"transforms": frames})
    return found


def scene(players: I64, people: Skeletons, nanoseconds: I64) -> list[Json]:
    """Give the S messages that draw everybody who is there as lines, and take away whoever is not.

    Joints that are not seen are faint. The arguments are those of `transforms`.
    """
    found: list[Json] = []
    for sample, time in enumerate(map(_time, nanoseconds.tolist())):
        gone: list[Json] = []
        entities: list[Json] = []
        for place, player in enumerate(players.tolist()):
            body = int(people.ids[place, sample])
            if body:
                lines = _lines(player, people.positions[place, sample], people.confidence[place, sample])
                entities.append(_entity(time, player, body, lines))
            else:
                gone.append({"timestamp": time, "type": _MATCHING_ID, "id": f"p{player}"})
        found.append({"deletions": gone, "entities": entities})
    return found


def _entity(time: Json, player: int, body: int, lines: Json) -> Json:
    none: dict[str, list[Json]] = {
        kind: [] for kind in ("arrows", "cubes", "spheres", "cylinders", "triangles", "texts", "models")
    }
    return {
        "timestamp": time,
        "frame_id": SPACE,
        "id": f"p{player}",
        "lifetime": {"sec": 0, "nsec": 0},
        "frame_locked": True,
        "metadata": [{"key": "id", "value": str(body)}],
        "lines": [lines],
        **none,
    }


def _lines(player: int, positions: F64, confidence: F64) -> Json:
    red, green, blue = _COLORS[(player - 1) % len(_COLORS)]
    seen = (confidence >= Confidence.MEDIUM).tolist()
    return {
        "type": _LINE_LIST,
        "pose": {"position": _NOWHERE, "orientation": _UNTURNED},
        "thickness": _THICKNESS,
        "scale_invariant": False,
        "points": [_vector(at) for at in np.round(positions, 5).tolist()],
        "color": _color(red, green, blue, 1.0),
        "colors": [_color(red, green, blue, 1.0 if one else _FAINT) for one in seen],
        "indices": _BONES,
    }


def _frame(time: Json, parent: str, child: str, place: Json, turn: Json) -> Json:
    return {
        "timestamp": time,
        "parent_frame_id": parent,
        "child_frame_id": child,
        "translation": place,
        "rotation": turn,
    }


def _time(nanoseconds: int) -> Json:
    seconds, rest = divmod(nanoseconds, 1_000_000_000)
    return {"sec": seconds, "nsec": rest}


def _vector(at: Sequence[float]) -> Json:
    return {"x": at[0], "y": at[1], "z": at[2]}


def _quaternion(wxyz: Sequence[float]) -> Json:
    return {"x": wxyz[1], "y": wxyz[2], "z": wxyz[3], "w": wxyz[0]}


def _color(red: float, green: float, blue: float, alpha: float) -> Json:
    return {"r": red, "g": green, "b": blue, "a": alpha}
