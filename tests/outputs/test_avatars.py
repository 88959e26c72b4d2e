import json
import shutil
import struct
import subprocess
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

import bodychan
from bodychan import Channels, Joint
from bodychan.errors import OutputError
from bodychan.model.skeleton import BIND_BONES
from bodychan.outputs import avatars
from bodychan.outputs.motion import REST
from bodychan.outputs.osc_layouts import Options
from receivers import decoded
from skeletons import row, t_pose
from takes import take, world

PARENTS = {bone: parent for bone, (_, parent) in avatars._BONES.items()}


def bones(channels: Channels) -> dict[str, list[float]]:
    messages = decoded(avatars.vmc(channels, Options("x")), channels)
    return {str(m[1]): [float(str(v)) for v in m[2:]] for m in messages if m[0] == "/VMC/Ext/Bone/Pos"}


def test_in_a_t_pose_no_bone_is_turned_and_left_is_at_negative_x() -> None:
    found = bones(t_pose())
    assert len(found) == 18
    for name, seven in found.items():
        np.testing.assert_allclose(np.abs(seven[3:]), (0, 0, 0, 1), atol=1e-4, err_msg=name)
    assert found["Hips"][:3] == [0, 0, -2]
    assert found["LeftLowerArm"][0] < -0.1 < 0.1 < found["RightLowerArm"][0]


def test_vmc_frames_say_that_and_when_they_are_there() -> None:
    messages = decoded(avatars.vmc(t_pose(), Options("x", "/me")), t_pose())
    assert messages[:3] == [
        ("/me/VMC/Ext/OK", 1),
        ("/me/VMC/Ext/T", 2.5),
        ("/me/VMC/Ext/Root/Pos", "root", 0, 0, 0, 0, 0, 0, 1),
    ]


def test_bones_put_together_again_are_where_the_joints_are_and_point_along_them() -> None:
    """Forward kinematics with scipy, in Unity's rules, on tracked people."""
    rows = [
        row for row, _ in zip(bodychan.track("synthetic:walk", absbonerotations=True), range(8), strict=False)
    ]
    channels = next(row for row in reversed(rows) if row["p1/id"])
    found = bones(channels)
    world: dict[str, tuple[np.ndarray, Rotation]] = {}
    for name, seven in found.items():
        place, turn = np.array(seven[:3]), Rotation.from_quat(seven[3:])
        if PARENTS[name]:
            origin, outer = world[PARENTS[name]]
            place, turn = origin + outer.apply(place), outer * turn
        world[name] = place, turn
        joint = avatars._BONES[name][0].channel
        want = [float(channels[f"p1/{joint}:t{axis}"]) for axis in "xyz"] * np.array([1, 1, -1])
        np.testing.assert_allclose(place, want, atol=1e-5)
    for name, direction in (("LeftUpperArm", (-1, 0, 0)), ("RightLowerLeg", (0, -1, 0)), ("Hips", (0, 1, 0))):
        end = {"LeftUpperArm": "LeftLowerArm", "RightLowerLeg": "RightFoot", "Hips": "Spine"}[name]
        along = world[end][0] - world[name][0]
        cosine = world[name][1].apply(direction) @ along / np.linalg.norm(along)
        assert cosine > 0.99, (name, cosine)


def test_vrchat_gets_nine_trackers_and_rotations_where_they_are_known() -> None:
    messages = decoded(avatars.vrchat(t_pose(), Options("x")), t_pose())
    assert len(messages) == 18
    assert messages[0] == ("/tracking/trackers/1/position", 0, 0, -2)
    assert ("/tracking/trackers/head/rotation", *(pytest.approx(0, abs=1e-3),) * 3) in messages
    alone = row(1, ("worldspace",))
    assert len(decoded(avatars.vrchat(alone, Options("x")), alone)) == 9


def test_unitys_angles_are_those_of_scipy() -> None:
    turns = Rotation.random(50, rng=1)
    want = turns.as_euler("YXZ", degrees=True)[:, [1, 0, 2]]
    np.testing.assert_allclose(avatars.zxy_degrees(turns.as_matrix()), want, atol=1e-6)


def test_nobody_is_no_message_and_what_is_missing_is_told() -> None:
    nobody = row(2, ("worldspace", "absbonerotations"), {"p1/id": 0})
    for layout in (avatars.vmc, avatars.vrchat):
        assert decoded(layout(nobody, Options("x")), nobody) == []
        assert len(decoded(layout(nobody, Options("x", player=2)), nobody)) > 8
    with pytest.raises(OutputError, match="lacks the channels of 'absbonerotations'"):
        avatars.vmc(row(1, ("worldspace",)), Options("x"))
    with pytest.raises(OutputError, match="there is no player 3"):
        avatars.vmc(nobody, Options("x", player=3))


MODULES = Path(__file__).resolve().parents[2] / ".venv" / "three" / "node_modules"

# VMC is in Unity's left-handed axes; VRM 1.0 is glTF, right-handed, and both face +Z: X is turned round.
SHOW = """
import { readFileSync } from 'node:fs';
globalThis.self = globalThis;
const { GLTFLoader } = await import('three/examples/jsm/loaders/GLTFLoader.js');
const { VRMLoaderPlugin } = await import('@pixiv/three-vrm');
const { Vector3 } = await import('three');

const file = readFileSync('avatar.vrm');
const loader = new GLTFLoader();
loader.register((parser) => new VRMLoaderPlugin(parser));
const gltf = await loader.parseAsync(file.buffer.slice(file.byteOffset, file.byteOffset + file.length), '');
const humanoid = gltf.userData.vrm.humanoid;
const frames = JSON.parse(readFileSync('frames.json', 'utf8')).map((bones) => {
  for (const [name, [x, y, z, qx, qy, qz, qw]] of Object.entries(bones)) {
    const bone = humanoid.getNormalizedBoneNode(name);
    bone.quaternion.set(qx, -qy, -qz, qw);
    if (name === 'hips') bone.position.set(-x, y, z);
  }
  humanoid.update();
  gltf.scene.updateMatrixWorld(true);
  return Object.fromEntries(Object.keys(bones).map(
    (name) => [name, humanoid.getRawBoneNode(name).getWorldPosition(new Vector3()).toArray()]));
});
console.log(JSON.stringify(frames));
"""


def vrm_name(bone: str) -> str:
    return bone[0].lower() + bone[1:]


def avatar(body: int) -> bytes:
    """A VRM 1.0 avatar without a skin, of the proportions of a body of `takes`, in the T-pose."""
    bones = BIND_BONES * (0.9 + 0.02 * body) * (-1, -1, 1) / 1000
    stands = np.zeros((32, 3))
    for joint in Joint:
        if joint.parent is not None:
            stands[joint] = stands[joint.parent] + REST[joint.parent] @ bones[joint]
    names = list(avatars._BONES)
    nodes: list[dict[str, object]] = []
    for name, (joint, parent) in avatars._BONES.items():
        above = stands[avatars._BONES[parent][0]] if parent else np.array([0.0, -1.0, 0.0])
        x, y, z = stands[joint] - above
        children = [names.index(child) for child, (_, of) in avatars._BONES.items() if of == name]
        node: dict[str, object] = {"name": name, "translation": [-x, y, -z]}
        nodes.append({**node, "children": children} if children else node)
    meta = {"name": "a", "authors": ["a"], "licenseUrl": "https://vrm.dev/licenses/1.0/"}
    human = {vrm_name(name): {"node": number} for number, name in enumerate(names)}
    vrm = {"specVersion": "1.0", "meta": meta, "humanoid": {"humanBones": human}}
    document = {
        "asset": {"version": "2.0"},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": nodes,
        "extensionsUsed": ["VRMC_vrm"],
        "extensions": {"VRMC_vrm": vrm},
    }
    text = json.dumps(document).encode()
    text += b" " * (-len(text) % 4)
    return struct.pack("<4sIIII", b"glTF", 2, 20 + len(text), len(text), 0x4E4F534A) + text


@pytest.mark.skipif(shutil.which("node") is None, reason="no node: apt-get install nodejs npm")
@pytest.mark.skipif(
    not (MODULES / "@pixiv" / "three-vrm").is_dir(), reason="no three-vrm: make test-rigs fetches it"
)
def test_an_avatar_in_three_vrm_stands_as_the_person_does(tmp_path: Path) -> None:
    frames = [{vrm_name(name): seven for name, seven in bones(one).items()} for one in take([(3,)] * 4)]
    (tmp_path / "avatar.vrm").write_bytes(avatar(3))
    (tmp_path / "frames.json").write_text(json.dumps(frames))
    (tmp_path / "show.mjs").write_text(SHOW)
    (tmp_path / "node_modules").symlink_to(MODULES)
    command = ["node", "show.mjs"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    for frame, found in enumerate(json.loads(done.stdout)):
        assert len(found) == 18
        for name, (joint, _) in avatars._BONES.items():
            want = world(3, frame)[joint] * (-1, 1, -1)  # turned about: it faces +Z
            np.testing.assert_allclose(found[vrm_name(name)], want, atol=1e-3, err_msg=name)
