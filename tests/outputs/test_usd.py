from pathlib import Path

import numpy as np
import pytest

from bodychan import Joint, open_output
from takes import take, world

INSTALL = "no usd-core: pip install usd-core"


def written(path: Path) -> Path:
    with open_output(path) as output:
        for channels in take([(3,)] * 4):
            output.write(channels)
    return path


def test_the_text_has_a_path_for_every_joint_and_a_sample_for_every_frame(tmp_path: Path) -> None:
    text = written(tmp_path / "a.usda").read_text()
    assert text.startswith("#usda 1.0\n")
    assert '"PELVIS/HIP_LEFT/KNEE_LEFT/ANKLE_LEFT/FOOT_LEFT"' in text
    assert "endTimeCode = 3\n" in text
    assert text.count("            3: [(") == 2


def test_pixars_library_has_the_joints_where_the_channels_say(tmp_path: Path) -> None:
    usd = pytest.importorskip("pxr.Usd", reason=INSTALL)
    skel = pytest.importorskip("pxr.UsdSkel", reason=INSTALL)
    stage = usd.Stage.Open(str(written(tmp_path / "a.usda")))
    assert stage.GetTimeCodesPerSecond() == 30
    root = skel.Root(stage.GetDefaultPrim())
    cache = skel.Cache()
    assert cache.Populate(root, usd.PrimDefaultPredicate)
    query = cache.GetSkelQuery(skel.Skeleton(stage.GetPrimAtPath("/body3/skeleton")))
    assert query
    assert [str(joint).rsplit("/", 1)[-1] for joint in query.GetJointOrder()] == [j.name for j in Joint]
    for frame in range(4):
        matrices = np.array(query.ComputeJointSkelTransforms(usd.TimeCode(frame)))
        np.testing.assert_allclose(matrices[:, 3, :3], world(3, frame), atol=1e-5)
