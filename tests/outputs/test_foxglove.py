import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from bodychan import Joint
from bodychan.channels.kinds import Kinds
from bodychan.errors import OutputError
from bodychan.outputs.foxglove import (
    FRAME_TRANSFORMS,
    SCENE_UPDATE,
    ChannelMessages,
    scene,
    transforms,
)
from bodychan.outputs.skeletons import SkeletonRows
from takes import GROUPS, pose, take, world

MODULES = Path(__file__).resolve().parents[2] / ".venv" / "three" / "node_modules"
Y_TO_Z_UP = Rotation.from_euler("x", 90, degrees=True)


def messages(make: Any, ids: list[tuple[int, ...]]) -> list[Any]:
    channels = take(ids)
    rows = SkeletonRows.find(channels[0].kinds, GROUPS)
    samples = np.concatenate([one.samples for one in channels], axis=1)
    times = np.rint(samples[1]).astype(np.int64) * 1000
    return [json.loads(json.dumps(found)) for found in make(rows.players, rows.skeletons(samples), times)]


def numbers(of: dict[str, float]) -> list[float]:
    return [of[key] for key in "xyzw" if key in of]


def test_frames_hang_on_each_other_and_stand_where_the_joints_are() -> None:
    for frame, message in enumerate(messages(transforms, [(3,), (3, 5)])):
        stands: dict[str, tuple[Rotation, np.ndarray]] = {"world": (Rotation.identity(), np.zeros(3))}
        for one in message["transforms"]:
            assert one["timestamp"] == {"sec": 1, "nsec": 33_333_000 * frame}
            turn, place = stands[one["parent_frame_id"]]
            own = Rotation.from_quat(numbers(one["rotation"]))
            at = place + turn.apply(numbers(one["translation"]))
            stands[one["child_frame_id"]] = (turn * own, at)
        assert len(stands) == 2 + 32 * (1 + frame)
        for player, body in enumerate((3, 5)[: 1 + frame], 1):
            d = np.diag([-1.0, -1.0, 1.0])
            for joint in Joint:
                turn, at = stands[f"p{player}/{joint.channel}"]
                np.testing.assert_allclose(at, Y_TO_Z_UP.apply(world(body, frame)[joint]), atol=2e-4)
                expected = Y_TO_Z_UP * Rotation.from_matrix(d @ pose(body, frame).rotations[joint] @ d)
                assert np.degrees((expected.inv() * turn).magnitude()) < 0.01


def test_bodies_are_drawn_as_lines_from_parent_to_joint_and_go_when_they_leave() -> None:
    both, nobody = messages(scene, [(3, 5), ()])
    assert both["deletions"] == []
    assert [one["id"] for one in both["entities"]] == ["p1", "p2"]
    first = both["entities"][0]
    assert first["frame_id"] == "channels"
    assert first["metadata"] == [{"key": "id", "value": "3"}]
    (lines,) = first["lines"]
    points = np.array([numbers(point) for point in lines["points"]])
    np.testing.assert_allclose(points, world(3, 0), atol=1e-5)
    ends = np.array(lines["indices"]).reshape(-1, 2).tolist()
    assert ends == [[joint.parent, joint] for joint in Joint if joint.parent is not None]
    assert {color["a"] for color in lines["colors"]} == {1.0}
    assert nobody["entities"] == []
    time = {"sec": 1, "nsec": 33_333_000}
    assert nobody["deletions"] == [{"timestamp": time, "type": 0, "id": one} for one in ("p1", "p2")]


def test_joints_that_are_not_seen_are_faint() -> None:
    channels = take([(3,)])[0]
    rows = SkeletonRows.find(channels.kinds, GROUPS)
    people = rows.skeletons(channels.samples)
    guessed = people.confidence.copy()
    guessed[0, 0, Joint.HAND_LEFT] = 1
    (message,) = scene(rows.players, people._replace(confidence=guessed), np.zeros(1, np.int64))
    (lines,) = json.loads(json.dumps(message))["entities"][0]["lines"]
    faint = [joint for joint in Joint if lines["colors"][joint]["a"] < 1]
    assert faint == [Joint.HAND_LEFT]


def conforms(value: object, schema: Any) -> bool:
    """Whether a value has what a schema says, and nothing that it does not say but empty lists."""
    if "oneOf" in schema:
        return value in [one["const"] for one in schema["oneOf"]]
    if schema["type"] == "object":
        assert isinstance(value, dict)
        known = schema["properties"]
        assert all(key in known or inner == [] for key, inner in value.items()), value.keys() - known.keys()
        return known.keys() <= value.keys() and all(conforms(value[key], known[key]) for key in known)
    if schema["type"] == "array":
        assert isinstance(value, list)
        return all(conforms(item, schema["items"]) for item in value)
    kinds = {"number": (int, float), "integer": (int,), "string": (str,), "boolean": (bool,)}
    return isinstance(value, kinds[schema["type"]])


@pytest.mark.parametrize(("make", "schema"), [(transforms, FRAME_TRANSFORMS), (scene, SCENE_UPDATE)])
def test_messages_are_what_their_schemas_say(make: Any, schema: Any) -> None:
    for message in messages(make, [(3, 5), ()]):
        assert conforms(message, schema)


@pytest.mark.skipif(shutil.which("node") is None, reason="no node: apt-get install nodejs npm")
@pytest.mark.skipif(
    not (MODULES / "@foxglove" / "schemas").is_dir(), reason="no @foxglove/schemas: make test-rigs fetches it"
)
@pytest.mark.parametrize(("make", "name"), [(transforms, "FrameTransforms"), (scene, "SceneUpdate")])
def test_messages_have_every_field_of_foxgloves_own_schemas_and_no_other(make: Any, name: str) -> None:
    script = (
        f"console.log(JSON.stringify(require({str(MODULES)!r} + '/@foxglove/schemas/jsonschema').{name}))"
    )
    done = subprocess.run(["node", "-e", script], capture_output=True, text=True, check=True, timeout=60)
    schema = json.loads(done.stdout)
    assert schema["title"] == f"foxglove.{name}"
    for message in messages(make, [(3, 5), ()]):
        assert conforms(message, schema)


def test_a_channels_name_is_the_way_to_its_number() -> None:
    channels = take([(3,)])[0]
    made = ChannelMessages(channels.names, channels.kinds)
    message = json.loads(json.dumps(made.message(channels.samples[:, 0])))
    assert message["timestamp"] == 1_000_000
    assert isinstance(message["timestamp"], int)
    assert message["p1"]["head"]["ty"] == float(channels["p1/head:ty"])
    assert message["p2"]["id"] == 0
    assert conforms(message, made.schema)
    described: Any = made.schema
    for key in ("p1", "head", "ty"):
        described = described["properties"][key]
    assert described == {"type": "number", "description": "position in m"}


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        (("p1/head:tx", "p1/head/tx"), "'p1/head/tx' and 'p1/head:tx' have one place"),
        (("p1", "p1/id"), "'p1' and 'p1/id' have one place"),
        (("p1/head:tx", "p1/head"), "'p1/head' and 'p1/head:tx' have one place"),
    ],
)
def test_names_that_stand_for_one_place_are_refused(names: tuple[str, ...], reason: str) -> None:
    with pytest.raises(OutputError, match=reason):
        ChannelMessages(names, Kinds.numbers(2))
