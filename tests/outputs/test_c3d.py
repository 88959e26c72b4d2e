import struct
from pathlib import Path

import numpy as np
import pytest

from bodychan import Joint, open_output
from bodychan.outputs.c3d import encode
from bodychan.outputs.motion import Motion
from takes import take, world


@pytest.fixture
def c3d(tmp_path: Path) -> Path:
    with open_output(tmp_path / "a.c3d") as output:
        for channels in take([(3,), (), (3,)], groups=frozenset({"worldspace"})):
            output.write(channels)
    return tmp_path / "a.c3d"


def test_points_are_where_the_header_says(c3d: Path) -> None:
    data = c3d.read_bytes()
    at, key, points, analog, first, last, _, scale, block, _, rate = struct.unpack_from("<BBHHHHHfHHf", data)
    assert (at, key, points, analog, first, last, scale, rate) == (2, 0x50, 32, 0, 1, 3, -1.0, 30.0)
    assert data[512:516] == bytes([1, 0x50, block - at, 84])
    found = np.frombuffer(data, "<f4", offset=(block - 1) * 512).reshape(3, 32, 4)
    for frame in (0, 2):
        np.testing.assert_allclose(found[frame, :, :3], 1000 * world(3, frame), atol=1e-3)
    record = data.index(b"RATE") + len(b"RATE") + 2
    assert (data[record], struct.unpack_from("<f", data, record + 2)) == (4, (30.0,))  # 4 is a float
    assert found[:, :, 3].tolist() == [[0.0] * 32, [-1.0] * 32, [0.0] * 32]


def test_ezc3d_reads_it(c3d: Path) -> None:
    ezc3d = pytest.importorskip("ezc3d", reason="no ezc3d: pip install ezc3d")
    read = ezc3d.c3d(str(c3d))
    parameters = read["parameters"]["POINT"]
    assert parameters["LABELS"]["value"] == [joint.name for joint in Joint]
    assert (parameters["UNITS"]["value"], parameters["RATE"]["value"][0]) == (["mm"], 30.0)
    points = read["data"]["points"]
    assert points.shape == (4, 32, 3)
    np.testing.assert_allclose(points[:3, :, 2].T, 1000 * world(3, 2), atol=1e-3)
    assert np.isnan(points[:3, :, 1]).all()


@pytest.mark.parametrize("count", [40_000, 65_535, 70_000])
def test_ezc3d_reads_more_frames_than_a_word_counts(tmp_path: Path, count: int) -> None:
    ezc3d = pytest.importorskip("ezc3d", reason="no ezc3d: pip install ezc3d")
    positions = np.zeros((count, 32, 3))
    positions[:, 0, 0] = np.arange(count) / 1000
    motion = Motion(1, 30.0, np.ones(count, bool), positions, np.zeros(0), np.full((count, 32), 2.0))
    (tmp_path / "a.c3d").write_bytes(encode(motion))
    points = ezc3d.c3d(str(tmp_path / "a.c3d"))["data"]["points"]
    np.testing.assert_array_equal(points[0, 0], np.arange(count))
