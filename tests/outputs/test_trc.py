from pathlib import Path

import numpy as np
import pytest

from bodychan import Joint, open_output
from takes import take, world


def test_each_file_has_its_own_name_in_it(tmp_path: Path) -> None:
    with open_output(tmp_path / "a.trc") as output:
        output.write(take([(3, 7)])[0])
    for name in ("a_body3.trc", "a_body7.trc"):
        assert (tmp_path / name).read_text().split("\n")[0].endswith(f"\t{name}")


def test_it_has_opensims_layout_and_empty_fields_for_gaps(tmp_path: Path) -> None:
    with open_output(tmp_path / "a.trc") as output:
        for channels in take([(3,), (), (3,)], groups=frozenset({"worldspace"})):
            output.write(channels)
    lines = (tmp_path / "a.trc").read_text().split("\n")
    assert lines[0].split("\t") == ["PathFileType", "4", "(X/Y/Z)", "a.trc"]
    facts = dict(zip(lines[1].split("\t"), lines[2].split("\t"), strict=True))
    assert facts["Units"] == "mm"
    assert (facts["NumMarkers"], facts["NumFrames"], facts["DataRate"]) == ("32", "3", "30")
    names = lines[3].split("\t")
    assert names[:2] == ["Frame#", "Time"]
    assert names[2::3] == [joint.name for joint in Joint]
    assert lines[4].split("\t")[2:6] == ["X1", "Y1", "Z1", "X2"]
    assert (lines[5], lines[9]) == ("", "")
    for frame in (0, 1, 2):
        number, time, *fields = lines[6 + frame].split("\t")
        assert number == str(frame + 1)
        assert float(time) == pytest.approx(frame / 30, abs=1e-6)
        assert len(fields) == 96
        if frame == 1:
            assert set(fields) == {""}
        else:
            found = np.array(fields, float).reshape(32, 3)
            np.testing.assert_allclose(found, 1000 * world(3, frame), atol=1e-3)
