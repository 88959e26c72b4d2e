from pathlib import Path

import pytest

from bodychan import Calibration, InfoCHOP, KinectAzureCHOP, KinectAzureTOP, Project, track
from bodychan.channels.layout import JOINT_GROUPS, Layout
from bodychan.channels.naming import RENAMABLE, read_naming
from bodychan.errors import OperatorError
from scripted import ScriptedCamera, ScriptedTracker, install, scripted_captures

ALL = Layout(2, frozenset(JOINT_GROUPS), imu=True).names


def written(folder: Path, text: str) -> Path:
    path = folder / "names.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_every_uncertain_name_can_be_changed_and_no_other_changes(tmp_path: Path) -> None:
    lines = [f'"{old}" = "new{number}"' for number, old in enumerate(RENAMABLE)]
    naming = read_naming(written(tmp_path, "\n".join(lines)))
    names = Layout(2, frozenset(JOINT_GROUPS), imu=True, naming=naming).names
    assert len(set(names)) == len(ALL)
    kept = [name for name, new in zip(ALL, names, strict=True) if name == new]
    suffixes = {name.rpartition("/")[2].partition(":")[2] for name in kept}
    assert suffixes == {"", "tx", "ty", "tz", "confidence"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('":absx" = ":a"', "no name ':absx': did you mean ':absrx'"),
        ('":tx" = ":x"', "':tx' is TouchDesigner's own name and stays"),
        ('":rx" = "a b"', "':rx' cannot become 'a b': use letters"),
        ('":rx" = ""', "':rx' cannot become ''"),
        ('":rx" = 3', "':rx' cannot become 3"),
        ('":rx" = ":tx"', "':tx' would be the name of two channels"),
        ('":rx" = ":a"\n":ry" = ":a"', "':a' would be the name of two channels"),
        ('":rx" = ', "cannot be read: Invalid value"),
        ('"imu:accelx" = "frame"', "'frame' would be the name of two channels"),
        ('"imu:accelx" = "p2/tracked"', "'p2/tracked' would be the name of two channels"),
        ('"imu:accelx" = "p16/head:tx"', "'p16/head:tx' would be the name of two channels"),
        ('":rx" = "/a"\n"imu:gyroz" = "p1/head/a"', "'p1/head/a' would be the name of two channels"),
    ],
)
def test_a_table_that_cannot_be_followed_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(OperatorError, match=f"^naming table .*{message}"):
        read_naming(written(tmp_path, text))


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch, calibration: Calibration) -> None:
    install(
        monkeypatch,
        lambda: ScriptedCamera(calibration, scripted_captures(3)),
        lambda: ScriptedTracker(lambda _capture: [1]),
    )


def test_the_operator_and_everything_after_it_has_the_new_names(scripted: None, tmp_path: Path) -> None:
    table = written(tmp_path, '":length" = ":bone"\n"imu:accelz" = "accel/z"')
    row = next(track("scripted", bonelengths=True, imuchans=True, namingtable=table))
    assert row["p1/knee_l:bone"] > 0.3
    assert row["accel/z"] == pytest.approx(-9.5)
    assert row.chan("*:length") is None


def test_a_table_that_changes_is_read_again_and_a_wrong_one_is_an_error(
    scripted: None, tmp_path: Path
) -> None:
    import os

    table = written(tmp_path, '":length" = ":bone"')
    project = Project()
    project.create(KinectAzureTOP, "top", sensor="scripted")
    chop = project.create(KinectAzureCHOP, "bodies", top="top", bonelengths=True, namingtable=table)
    project.step()
    assert chop["p1/knee_l:bone"] > 0.3
    written(tmp_path, '":length" = "bone length"')
    os.utime(table, (1, 1))
    project.step()
    assert (chop["p1/knee_l:length"], chop.numChans) == (0.0, 99 + 32)
    assert "cannot become 'bone length'" in chop.errors()
    info = project.create(InfoCHOP, "info", op="bodies")
    assert info["errors"] == 1
