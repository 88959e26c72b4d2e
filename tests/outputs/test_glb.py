import json
import shutil
import struct
import subprocess
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from bodychan import Joint, open_output
from takes import take, world

MODULES = Path(__file__).resolve().parents[2] / ".venv" / "three" / "node_modules"


@pytest.fixture
def glb(tmp_path: Path) -> Path:
    with open_output(tmp_path / "a.glb") as output:
        for channels in take([(3,)] * 6):
            output.write(channels)
    return tmp_path / "a.glb"


def test_nodes_and_animation_put_the_joints_where_the_channels_say(glb: Path) -> None:
    data = glb.read_bytes()
    magic, version, length, size, kind = struct.unpack_from("<4sIIII", data)
    assert (magic, version, length, kind) == (b"glTF", 2, len(data), 0x4E4F534A)
    document = json.loads(data[20 : 20 + size])
    binary = data[28 + size :]

    def values(index: int) -> np.ndarray:
        accessor = document["accessors"][index]
        view = document["bufferViews"][accessor["bufferView"]]
        width = {"SCALAR": 1, "VEC3": 3, "VEC4": 4}[accessor["type"]]
        count = accessor["count"] * width
        return np.frombuffer(binary, "<f4", count, view["byteOffset"]).reshape(-1, width)

    animation = document["animations"][0]
    for frame in range(6):
        local = [(np.array(n["translation"]), np.array(n["rotation"])) for n in document["nodes"]]
        for channel in animation["channels"]:
            sampler = animation["samplers"][channel["sampler"]]
            assert values(sampler["input"])[frame, 0] == pytest.approx(frame / 30)
            value = values(sampler["output"])[frame].astype(float)
            place, turn = local[channel["target"]["node"]]
            moved = channel["target"]["path"] == "translation"
            local[channel["target"]["node"]] = (value, turn) if moved else (place, value)
        places: dict[int, np.ndarray] = {}
        turns: dict[int, Rotation] = {}
        for node in document["scenes"][0]["nodes"]:
            places[node], turns[node] = local[node][0], Rotation.from_quat(local[node][1])
        for node, facts in enumerate(document["nodes"]):  # parents come first
            for child in facts.get("children", ()):
                places[child] = places[node] + turns[node].apply(local[child][0])
                turns[child] = turns[node] * Rotation.from_quat(local[child][1])
        names = [node["name"] for node in document["nodes"]]
        assert names == [joint.name for joint in Joint]
        np.testing.assert_allclose([places[i] for i in range(32)], world(3, frame), atol=1e-5)


@pytest.mark.skipif(shutil.which("node") is None, reason="no node: apt-get install nodejs npm")
@pytest.mark.skipif(
    not (MODULES / "gltf-validator").is_dir(), reason="no gltf-validator: make test-rigs fetches it"
)
def test_the_validator_finds_nothing_wrong(glb: Path) -> None:
    script = (
        "const v = require('gltf-validator'); const fs = require('fs');"
        "v.validateBytes(new Uint8Array(fs.readFileSync(process.argv[1])))"
        ".then(r => console.log(JSON.stringify(r)));"
    )
    (glb.parent / "node_modules").symlink_to(MODULES)
    command = ["node", "-e", script, str(glb)]
    done = subprocess.run(command, cwd=glb.parent, capture_output=True, text=True, check=True, timeout=60)
    issues = json.loads(done.stdout)["issues"]
    assert (issues["numErrors"], issues["numWarnings"]) == (0, 0), issues


IMPORT = """
import json, sys
sys.path.append("/usr/share/blender/scripts/addons")
import bpy

path, out = sys.argv[-2:]
bpy.ops.wm.read_factory_settings(use_empty=True)
bpy.ops.preferences.addon_enable(module="io_scene_gltf2")
bpy.context.scene.render.fps = 30
bpy.ops.import_scene.gltf(filepath=path)
found = []
for frame in range(6):
    bpy.context.scene.frame_set(frame)
    bpy.context.view_layer.update()
    found.append({one.name: list(one.matrix_world.translation) for one in bpy.data.objects})
json.dump(found, open(out, "w"))
"""


@pytest.mark.skipif(
    shutil.which("blender") is None, reason="no Blender: apt-get install blender python3-numpy"
)
def test_blender_has_the_joints_within_a_millimetre(glb: Path) -> None:
    (glb.parent / "import.py").write_text(IMPORT)
    found = glb.parent / "found.json"
    command = ["blender", "--background", "--factory-startup", "--python-exit-code", "1", "--python"]
    command += [str(glb.parent / "import.py"), "--", str(glb), str(found)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=200)
    if "No module named 'numpy'" in done.stderr:
        pytest.skip("no numpy for Blender's importer: apt-get install python3-numpy")
    assert done.returncode == 0, done.stdout + done.stderr
    for frame, places in enumerate(json.loads(found.read_text())):
        x, y, z = np.array([places[joint.name] for joint in Joint]).T
        # Blender's Z is up: it turns what it reads about X.
        off = np.linalg.norm(np.stack([x, z, -y], axis=1) - world(3, frame), axis=1)
        assert off.max() < 0.001, (frame, off.max())
