"""docs/rigs.md in use: a skeleton built from rest_pose.json and posed with channels stands where they say.

The code is taken from the page. three.js and Blender run it themselves where they are installed; Unity's and
Unreal's lines are evaluated over stand-ins that follow the engines' documented rules.
"""

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from bodychan import Bodies, Calibration, Joint
from bodychan.cameras.synthetic.kinematics import solve_pose
from bodychan.channels.layout import JOINT_GROUPS, Layout
from bodychan.channels.space import Space
from bodychan.model.arrays import F64
from bodychan.model.rotations import matrix_to_quaternion
from bodychan.model.skeleton import BIND_BONES
from rows import compact, evaluate

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "rigs.md").read_text(encoding="utf-8")
REST = json.loads((ROOT / "docs" / "rest_pose.json").read_text(encoding="utf-8"))
JOINTS: list[dict[str, Any]] = REST["joints"]
THREE = ROOT / ".venv" / "three" / "node_modules"

Row = dict[str, float]


def code(language: str) -> str:
    """All code of one language on the page."""
    return "\n".join(re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL))


@pytest.fixture(scope="module", params=[Space(), Space(mirrored=True)], ids=["plain", "mirrored"])
def rows(request: pytest.FixtureRequest, calibration: Calibration) -> list[Row]:
    """Rows of people of several sizes, every joint of whom is turned at random."""
    layout = Layout(1, frozenset(JOINT_GROUPS))
    rng = np.random.default_rng(9)
    rows = []
    for size in (0.8, 1.0, 1.2, 1.3):
        turning = {
            joint: Rotation.random(random_state=rng).as_matrix() for joint in Joint if joint.rotation is None
        }
        pose = solve_pose(BIND_BONES * size, rng.normal((0, 0, 2500), 300), turning)
        bodies = Bodies(
            1,
            0,
            np.array([1]),
            pose.positions[None],
            matrix_to_quaternion(pose.rotations)[None],
            np.full((1, 32), 2, np.uint8),
        )
        values = evaluate(layout, compact(bodies, 1), calibration, space=request.param)
        rows.append(dict(zip(layout.names, values.tolist(), strict=True)))
    return rows


def triple(row: Row, joint: str, *suffixes: str) -> list[float]:
    return [row[f"p1/{joint}:{suffix}"] for suffix in suffixes]


def positions(row: Row) -> F64:
    return np.array([triple(row, joint["name"], "tx", "ty", "tz") for joint in JOINTS])


def expected_places(rows: list[Row]) -> F64:
    """The joints in the rest pose, with each row, and once more with the last after a row without a body."""
    rest = np.array([joint["position"] for joint in JOINTS])
    return np.array([rest, *map(positions, rows), positions(rows[-1])])


class Quaternion:
    """A product's right factor turns first, as in Unity and Unreal; the formulas fit either handedness."""

    def __init__(self, wxyz: F64) -> None:
        self.wxyz = wxyz

    @classmethod
    def about(cls, axis: F64, radians: float) -> "Quaternion":
        return cls(np.concatenate([[np.cos(radians / 2)], np.sin(radians / 2) * axis]))

    @staticmethod
    def AngleAxis(degrees: float, axis: F64) -> "Quaternion":
        return Quaternion.about(axis, np.radians(degrees))

    @staticmethod
    def Inverse(turn: "Quaternion") -> "Quaternion":
        return Quaternion(turn.wxyz * (1, -1, -1, -1))

    def __mul__(self, other: "Quaternion") -> "Quaternion":
        w, v, u, t = self.wxyz[0], self.wxyz[1:], other.wxyz[0], other.wxyz[1:]
        return Quaternion(np.concatenate([[w * u - v @ t], w * t + u * v + np.cross(v, t)]))

    def matrix(self) -> F64:
        return np.asarray(Rotation.from_quat(self.wxyz[[1, 2, 3, 0]]).as_matrix())


X, Y, Z = np.eye(3)
UNITY = {
    "Quaternion": Quaternion,
    "Vector3": SimpleNamespace(right=X, up=Y, forward=Z),
    "new_Vector3": lambda *xyz: np.array(xyz),
}
UNREAL = {
    "FQuat": Quaternion.about,
    "FVector": lambda *xyz: np.array(xyz),
    "Axis": SimpleNamespace(XAxisVector=X, YAxisVector=Y, ZAxisVector=Z),
}


def function(pattern: str, language: str, names: dict[str, Any]) -> Callable[..., Any]:
    """One of the page's functions: `pattern` finds its parameters and what it returns."""
    found = re.search(pattern, code(language), re.DOTALL)
    assert found, f"docs/rigs.md has no {pattern}"
    parameters = re.sub(r"\b(float|double) ", "", found[1])
    body = found[2].replace("new Vector3", "new_Vector3").replace("FVector::", "Axis.")
    return eval(f"lambda {parameters}: {body}", names)  # type: ignore[no-any-return]


@dataclass(frozen=True)
class Engine:
    """`axes` brings channel space to the engine's; `place` and `turn` are its recipe's conversions."""

    axes: F64
    place: Callable[..., F64]
    turn: Callable[..., F64]

    def check(self, places: dict[str, F64], row: Row) -> None:
        """Assert that the joints stand where the row says, to 20 µm: the rest pose is rounded."""
        found = np.array(list(places.values())) @ np.linalg.inv(self.axes).T
        assert np.allclose(found, positions(row), rtol=0, atol=2e-5)


def unity() -> Engine:
    place = function(r"Vector3 Place\(([^)]*)\) => ([^;]*);", "csharp", UNITY)
    turn = function(r"Quaternion Turn\(([^)]*)\) =>\s*([^;]*);", "csharp", UNITY)
    return Engine(np.diag([-1.0, 1.0, 1.0]), place, lambda *r: turn(*r).matrix())


def unreal() -> Engine:
    place = function(r"FVector Place\(([^)]*)\) \{ return ([^;]*);", "cpp", UNREAL)
    turn = function(r"FQuat Turn\(([^)]*)\)[^{]*\{\s*return ([^;]*);", "cpp", UNREAL)
    axes = 100 * np.array([[0.0, 0, 1], [-1, 0, 0], [0, 1, 0]])
    return Engine(axes, place, lambda *r: turn(*np.radians(r)).matrix())


def three() -> Engine:
    # Order ZYX turns about the bone's own Z, then Y, then X.
    turn = lambda rx, ry, rz: Rotation.from_euler("ZYX", [rz, ry, rx], degrees=True).as_matrix()  # noqa: E731
    return Engine(np.eye(3), lambda *xyz: np.array(xyz), turn)


def blender() -> Engine:
    # Order XYZ turns about the fixed X, then Y, then Z; the object above the bones turns the axes.
    axes = np.array([[-1.0, 0, 0], [0, 0, 1], [0, 1, 0]])
    turn = lambda *r: axes @ Rotation.from_euler("xyz", r, degrees=True).as_matrix() @ axes.T  # noqa: E731
    return Engine(axes, lambda *xyz: axes @ xyz, turn)


every_engine = pytest.mark.parametrize("engine", [three, blender, unity, unreal])


@every_engine
def test_a_person_stands_in_the_engine_as_in_the_room(engine: Callable[[], Engine], rows: list[Row]) -> None:
    made = engine()
    assert (np.linalg.det(made.axes) > 0) == (engine in (three, blender))
    for row in rows:
        place, turn = {}, {}
        for joint in JOINTS:
            name, parent = joint["name"], joint["parent"]
            own = made.turn(*triple(row, name, "rx", "ry", "rz"))
            if parent is None:
                place[name], turn[name] = made.place(*triple(row, name, "tx", "ty", "tz")), own
                continue
            bone = row[f"p1/{name}:length"] * made.place(*joint["direction"])
            place[name], turn[name] = place[parent] + turn[parent] @ bone, turn[parent] @ own
        made.check(place, row)


@every_engine
def test_a_rig_of_ones_own_follows_from_its_t_pose(engine: Callable[[], Engine], rows: list[Row]) -> None:
    made = engine()
    bind = {
        j["name"]: turn.as_matrix()
        for j, turn in zip(JOINTS, Rotation.random(32, random_state=3), strict=True)
    }
    at_rest = {joint["name"]: made.place(*joint["position"]) for joint in JOINTS}
    for row in rows:
        place, turn = {}, {}
        for joint in JOINTS:
            name, parent = joint["name"], joint["parent"]
            now, rest = made.turn(*triple(row, name, "absrx", "absry", "absrz")), made.turn(*joint["absr"])
            turn[name] = now @ rest.T @ bind[name]
            if parent is None:
                place[name] = made.place(*triple(row, name, "tx", "ty", "tz"))
                continue
            bone = bind[parent].T @ (at_rest[name] - at_rest[parent])
            bone *= row[f"p1/{name}:length"] / joint["length"]
            place[name] = place[parent] + turn[parent] @ bone
        made.check(place, row)


def test_the_line_for_a_rig_of_ones_own_in_unity_is_that_formula(rows: list[Row]) -> None:
    made = unity()
    line = re.search(r"bone\.rotation = (.*);", code("csharp"))
    assert line
    turn = function(r"Quaternion Turn\(([^)]*)\) =>\s*([^;]*);", "csharp", UNITY)
    bind = Quaternion(np.array([0.5, -0.5, 0.5, 0.5]))
    joint = JOINTS[Joint.ELBOW_RIGHT]
    now = triple(rows[0], joint["name"], "absrx", "absry", "absrz")
    names = {**UNITY, "Turn": turn, "bind": bind, "absr": joint["absr"]}
    found = eval(line[1], names | dict(zip(("absrx", "absry", "absrz"), now, strict=True)))
    expected = made.turn(*now) @ made.turn(*joint["absr"]).T @ bind.matrix()
    assert np.allclose(found.matrix(), expected)


@pytest.mark.skipif(shutil.which("node") is None, reason="no node: apt-get install nodejs npm")
@pytest.mark.skipif(not THREE.is_dir(), reason="no three.js: make test-rigs fetches it")
def test_three_js_itself_gives_the_positions(tmp_path: Path, rows: list[Row]) -> None:
    (tmp_path / "node_modules").symlink_to(THREE)
    (tmp_path / "rig.mjs").write_text(code("js"))
    (tmp_path / "given.json").write_text(json.dumps({"rest": REST, "rows": rows}))
    (tmp_path / "run.mjs").write_text(
        "import { readFileSync } from 'node:fs';\n"
        "import { Vector3 } from 'three';\n"
        "import { buildRig, poseRig } from './rig.mjs';\n"
        "const { rest, rows } = JSON.parse(readFileSync('given.json'));\n"
        "const bones = buildRig(rest);\n"
        "const place = ({ name }) => bones[name].getWorldPosition(new Vector3()).toArray();\n"
        "const places = () => rest.joints.map(place);\n"
        "const found = [places()];\n"
        "for (const row of rows) { poseRig(bones, rest, row); found.push(places()); }\n"
        "poseRig(bones, rest, { 'p1/id': 0 });\n"
        "found.push(places());\n"
        "console.log(JSON.stringify(found));\n"
    )
    found = json.loads(run(["node", "run.mjs"], tmp_path))
    assert np.allclose(found, expected_places(rows), atol=1e-5)


@pytest.mark.skipif(shutil.which("blender") is None, reason="no Blender: apt-get install blender")
def test_blender_itself_gives_the_positions(tmp_path: Path, rows: list[Row]) -> None:
    (tmp_path / "given.json").write_text(json.dumps({"rest": REST, "rows": rows}))
    (tmp_path / "run.py").write_text(
        code("python") + "\n\nimport json\n"
        "given = json.load(open('given.json'))\n"
        "rig, found = build_rig(given['rest']), []\n"
        "def note():\n"
        "    bpy.context.view_layer.update()\n"
        "    heads = [rig.matrix_world @ rig.pose.bones[j['name']].head for j in given['rest']['joints']]\n"
        "    found.append([list(head) for head in heads])\n"
        "note()\n"
        "for row in given['rows']:\n"
        "    pose_rig(rig, given['rest'], row)\n"
        "    note()\n"
        "pose_rig(rig, given['rest'], {'p1/id': 0})\n"
        "note()\n"
        "json.dump(found, open('found.json', 'w'))\n"
    )
    options = ["--background", "--factory-startup", "--python-exit-code", "1"]
    run(["blender", *options, "--python", str(tmp_path / "run.py")], tmp_path)
    found = json.loads((tmp_path / "found.json").read_text())
    assert np.allclose(found, expected_places(rows) @ blender().axes.T, atol=1e-4)


def run(command: list[str], folder: Path) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
