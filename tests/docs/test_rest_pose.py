"""What docs/ says of the joints' axes is what the channels do."""

import json
import re
import runpy
from pathlib import Path

import numpy as np
import pytest

from bodychan import Bodies, Calibration, Joint
from bodychan.channels.layout import JOINT_GROUPS, Layout
from bodychan.model.rotations import matrix_to_quaternion, quaternion_to_matrix
from rows import compact, evaluate

DOCS = Path(__file__).resolve().parents[2] / "docs"
MADE = runpy.run_path(str(DOCS / "make_rest_pose.py"))
JOINTS = json.loads((DOCS / "rest_pose.json").read_text(encoding="utf-8"))["joints"]

# The directions of the rest pose, which faces the camera, in channel space.
DIRECTIONS = {
    "up": (0, 1, 0),
    "down": (0, -1, 0),
    "left": (-1, 0, 0),
    "right": (1, 0, 0),
    "forward": (0, 0, -1),
    "backward": (0, 0, 1),
}


def test_the_rest_pose_is_what_the_channels_are_for_that_pose(calibration: Calibration) -> None:
    pose = MADE["t_pose"]()
    layout = Layout(1, frozenset(JOINT_GROUPS))
    bodies = Bodies(
        1,
        0,
        np.array([1]),
        pose.positions[None],
        matrix_to_quaternion(pose.rotations)[None],
        np.full((1, 32), 2, np.uint8),
    )
    values = evaluate(layout, compact(bodies, 1), calibration)
    row = dict(zip(layout.names, values.tolist(), strict=True))
    for joint in JOINTS:
        for key, suffixes in (
            ("position", ("tx", "ty", "tz")),
            ("r", ("rx", "ry", "rz")),
            ("absr", ("absrx", "absry", "absrz")),
        ):
            found = [row[f"p1/{joint['name']}:{suffix}"] for suffix in suffixes]
            # An angle of 180° may come out as -180°.
            off = np.abs(np.subtract(found, joint[key]))
            assert np.minimum(off, np.abs(off - 360)).max() < 1e-4, (joint["name"], key)
        assert row[f"p1/{joint['name']}:length"] == pytest.approx(joint["length"], abs=1e-6)


def test_every_way_to_say_a_rotation_says_the_same() -> None:
    places: dict[str, np.ndarray] = {}
    turns: dict[str, np.ndarray] = {}
    for joint in JOINTS:
        own = quaternion_to_matrix(np.array(joint["wxyz"]))
        turns[joint["name"]] = own if joint["parent"] is None else turns[joint["parent"]] @ own
        bone = np.array(joint["direction"]) * joint["length"]
        start = 0 if joint["parent"] is None else places[joint["parent"]] + turns[joint["parent"]] @ bone
        places[joint["name"]] = start + np.zeros(3)
        absolute = quaternion_to_matrix(np.array(joint["abswxyz"]))
        assert np.allclose(turns[joint["name"]], absolute, atol=1e-5)
        assert np.allclose(places[joint["name"]], joint["position"], atol=1e-5)
        assert joint["turns"] == (Joint[_named(joint["name"])].rotation is None)


def _named(channel: str) -> str:
    return next(joint.name for joint in Joint if joint.channel == channel)


def test_the_table_of_axes_says_where_they_point_in_the_rest_pose() -> None:
    page = (DOCS / "conventions.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (.+?) \| (\w+)\b.*? \| (\w+)\b.*? \| (\w+)\b.*? \|$", page, re.MULTILINE)
    absolute = {j["name"]: quaternion_to_matrix(np.array(j["abswxyz"])) for j in JOINTS}
    told = []
    for names, *words in rows:
        if not set(words) <= DIRECTIONS.keys():
            continue
        for name in re.findall(r"`(\w+)`", names):
            told.append(name)
            for axis, word in zip(absolute[name].T, words, strict=True):
                assert axis @ DIRECTIONS[word] > 0.8, (name, word)
    assert sorted(told) == sorted(absolute)


def test_the_rest_pose_and_the_picture_are_up_to_date() -> None:
    for name, made in (("rest_pose.json", MADE["as_json"]()), ("axes.svg", MADE["as_svg"]())):
        kept = (DOCS / name).read_text(encoding="utf-8")
        number = re.compile(r"-?\d+\.\d+")
        hint = "run python docs/make_rest_pose.py"
        assert number.sub("#", made) == number.sub("#", kept), hint
        # The last digit may differ from one processor to another.
        found, expected = (np.array([float(n) for n in number.findall(text)]) for text in (made, kept))
        assert np.allclose(found, expected, rtol=0, atol=0.11 if name == "axes.svg" else 1e-5), hint
