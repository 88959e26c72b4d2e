import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from bodychan import Channels, Joint, open_output
from bodychan.outputs.bvh import BvhFiles
from bodychan.outputs.motion import REST
from takes import take, world

REST_POSE = Path(__file__).resolve().parents[2] / "docs" / "rest_pose.json"


class Bvh:
    """A reader of the format's own, by its description: joints in the order of the file, then the frames."""

    def __init__(self, text: str) -> None:
        head, _, motion = text.partition("MOTION\n")
        self.names: list[str] = []
        self.parents: list[int] = []
        self.offsets: list[list[float]] = []
        self.channels: list[list[str]] = []
        stack: list[int] = []
        at = -1
        for line in head.splitlines():
            match line.split():
                case ["ROOT" | "JOINT", name]:
                    self.names.append(name)
                    self.parents.append(stack[-1] if stack else -1)
                    self.channels.append([])
                    at = len(self.names) - 1
                case ["End", "Site"]:
                    at = -1
                case ["{"]:
                    stack.append(at)
                case ["}"]:
                    stack.pop()
                case ["OFFSET", *numbers] if at >= 0:
                    self.offsets.append([float(number) for number in numbers])
                case ["CHANNELS", count, *names]:
                    assert int(count) == len(names)
                    self.channels[at] = names
        assert stack == []
        frames, time, *rows = motion.splitlines()
        self.frame_time = float(time.removeprefix("Frame Time: "))
        self.rows = np.array([[float(number) for number in row.split()] for row in rows])
        assert frames == f"Frames: {len(self.rows)}"

    def places(self, row: np.ndarray) -> dict[str, np.ndarray]:
        """Where the joints are: turns are applied in the order of the channels, each in the axes so far."""
        values = iter(row.tolist())
        turns: list[Rotation] = []
        found: list[np.ndarray] = []
        for parent, offset, channels in zip(self.parents, self.offsets, self.channels, strict=True):
            place, turn = np.array(offset), Rotation.identity()
            for channel in channels:
                axis, value = "XYZ".index(channel[0]), next(values)
                if channel.endswith("position"):
                    place[axis] = value  # instead of the offset, as Blender and MotionBuilder have it
                else:
                    turn = turn * Rotation.from_euler("xyz"[axis], value, degrees=True)
            if parent >= 0:
                place = found[parent] + turns[parent].apply(place)
                turn = turns[parent] * turn
            found.append(place)
            turns.append(turn)
        return dict(zip(self.names, found, strict=True))


def written(path: Path, ids: list[tuple[int, ...]], options: str = "") -> None:
    with open_output(f"{path}{options}") as output:
        for channels in take(ids):
            output.write(channels)


@pytest.mark.parametrize(("options", "columns"), [("", 6 * 32), ("?positions=root", 6 + 3 * 31)])
def test_the_joints_stand_where_the_channels_say(tmp_path: Path, options: str, columns: int) -> None:
    written(tmp_path / "a.bvh", [(3,)] * 20, options)
    bvh = Bvh((tmp_path / "a.bvh").read_text())
    assert sorted(bvh.names) == sorted(joint.name for joint in Joint)
    assert bvh.rows.shape == (20, columns)
    assert bvh.frame_time == pytest.approx(1 / 30)
    for frame in range(20):
        places = bvh.places(bvh.rows[frame])
        found = np.array([places[joint.name] for joint in Joint])
        np.testing.assert_allclose(found, 100 * world(3, frame), atol=1e-3)  # centimetres
    # Angles do not jump by whole turns.
    assert np.abs(np.diff(bvh.rows, axis=0)).max() < 200


def test_bones_that_change_their_length_cost_no_precision(tmp_path: Path) -> None:
    sizes = [1.0, 1.1, 0.9]
    whole = take([(3,)] * 3)
    with open_output(tmp_path / "a.bvh") as output:
        for size, one in zip(sizes, whole, strict=True):
            samples = one.samples.copy()
            samples[[i for i, kind in enumerate(one.kinds) if kind.group == "worldspace"]] *= size
            output.write(Channels(one.names, samples, 30.0, one.start, kinds=one.kinds))
    bvh = Bvh((tmp_path / "a.bvh").read_text())
    for frame, size in enumerate(sizes):
        places = bvh.places(bvh.rows[frame])
        found = np.array([places[joint.name] for joint in Joint])
        np.testing.assert_allclose(found, 100 * size * world(3, frame), atol=1e-3)


def test_without_rotations_it_is_in_the_rest_pose(tmp_path: Path) -> None:
    rest = {joint["name"]: joint for joint in json.loads(REST_POSE.read_text())["joints"]}
    scale = 0.9 + 0.02 * 3
    written(tmp_path / "a.bvh", [(3,)])
    bvh = Bvh((tmp_path / "a.bvh").read_text())
    for channels in bvh.channels:
        del channels[:]
    places = bvh.places(np.zeros(0))
    for joint in Joint:
        np.testing.assert_allclose(
            places[joint.name], 100 * scale * np.array(rest[joint.channel]["position"]), atol=0.02
        )
        expected = Rotation.from_quat(np.array(rest[joint.channel]["abswxyz"])[[1, 2, 3, 0]]).as_matrix()
        np.testing.assert_allclose(REST[joint], expected, atol=2e-5)


def test_joints_are_called_as_in_mixamos_rigs(tmp_path: Path) -> None:
    written(tmp_path / "a.bvh", [(3,)], "?names=mixamo")
    names = Bvh((tmp_path / "a.bvh").read_text()).names
    assert names[:3] == ["Hips", "Spine", "Spine1"]
    assert {"LeftUpLeg", "RightForeArm", "LeftToeBase", "Head"} <= set(names)
    assert len(set(names)) == 32


IMPORT = """
import builtins, json, sys
sys.path.append("/usr/share/blender/scripts/addons")
import bpy
from io_anim_bvh import import_bvh

# Blender 3.4's importer opens with a mode that Python 3.11 knows no longer.
import_bvh.open = lambda path, mode="r", **more: builtins.open(path, mode.replace("U", ""), **more)
path, out = sys.argv[-2:]
bpy.ops.import_anim.bvh(filepath=path, axis_forward="-Z", axis_up="Y", global_scale=0.01)
rig = bpy.context.object
found = []
for frame in range(1, 6):
    bpy.context.scene.frame_set(frame)
    bpy.context.view_layer.update()
    found.append({bone.name: list(rig.matrix_world @ bone.head) for bone in rig.pose.bones})
json.dump(found, open(out, "w"))
"""


@pytest.mark.skipif(shutil.which("blender") is None, reason="no Blender: apt-get install blender")
def test_blender_has_the_joints_within_five_millimetres(tmp_path: Path) -> None:
    written(tmp_path / "a.bvh", [(3,)] * 5)
    (tmp_path / "import.py").write_text(IMPORT)
    command = ["blender", "--background", "--factory-startup", "--python-exit-code", "1", "--python"]
    command += [str(tmp_path / "import.py"), "--", str(tmp_path / "a.bvh"), str(tmp_path / "found.json")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    for frame, heads in enumerate(json.loads((tmp_path / "found.json").read_text())):
        x, y, z = np.array([heads[joint.name] for joint in Joint]).T
        # Blender's Z is up: it turns what it reads about X.
        off = np.linalg.norm(np.stack([x, z, -y], axis=1) - world(3, frame), axis=1)
        assert off.max() < 0.005, (frame, off.max())


def test_what_it_needs_is_known_before_the_first_row() -> None:
    assert BvhFiles.groups == {"worldspace", "absbonerotations"}
