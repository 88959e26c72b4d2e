from pathlib import Path

import numpy as np
import pytest

from bodychan import FusionCHOP, KinectAzureTOP, Project
from bodychan.fusion.rig import Rig
from bodychan.fusion.rigid import inverse, moved_points
from rigged import install, runs, write_rig
from rigs import POSES, elsewhere, moments, oval, people


def project_of(rig: str, *sensors: str, tops: str = "top*", **values: object) -> tuple[Project, FusionCHOP]:
    project = Project(30)
    for number, sensor in enumerate(sensors, 1):
        project.create(KinectAzureTOP, f"top{number}", sensor=sensor)
    return project, project.create(FusionCHOP, "bodies", tops=tops, rig=rig, maxplayers=3, **values)


def test_two_cameras_give_one_set_of_players(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, runs())
    project, chop = project_of(write_rig(tmp_path), "a.mkv", "b.mkv")
    with project:
        for _ in range(40):
            project.step()
            assert [chop[f"p{n}/id"] for n in (1, 2, 3)] == [1, 2, 0]
            assert not chop.errors()
        true = moved_points(inverse(POSES[0]), people([oval, elsewhere], moments(45)[40]))
        pelvis = [chop[f"p1/pelvis:t{axis}"] for axis in "xyz"]
        np.testing.assert_allclose(pelvis, true[0, 0] * (-1e-3, -1e-3, 1e-3), atol=0.06)
        assert chop["timestamp"] > 2e6


def test_serial_numbers_say_which_camera_is_which(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, runs())
    rig = write_rig(tmp_path)
    seen = []
    for sensors, tops in ((("a.mkv", "b.mkv"), "top*"), (("b.mkv", "a.mkv"), "top1 top2")):
        project, chop = project_of(rig, *sensors, tops=tops)
        with project:
            for _ in range(5):
                project.step()
            seen.append(chop.numpyArray())
    np.testing.assert_array_equal(seen[0], seen[1])


def test_a_camera_that_drops_out_is_a_warning_and_changes_no_id(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    played = runs()
    played["a.mkv"][20] = None
    install(monkeypatch, played)
    project, chop = project_of(write_rig(tmp_path), "a.mkv", "b.mkv")
    with project:
        for _ in range(40):
            project.step()
            assert [chop["p1/id"], chop["p2/id"]] == [1, 2]
            assert not chop.errors()
        assert "/project1/top1 has dropped out: a.mkv is damaged" in chop.warnings()


def test_a_clock_that_is_off_is_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, runs())
    rig = Rig.load(write_rig(tmp_path))
    text = rig.dump().replace("offset_usec = 0", "offset_usec = -10000000")
    (tmp_path / "off.toml").write_text(text.replace("offset_usec = -10000000", "offset_usec = 0", 1))
    project, chop = project_of(str(tmp_path / "off.toml"), "a.mkv", "b.mkv")
    with project:
        project.step()
        assert chop["p1/id"] == 1
        assert "top2 is 10.0 s behind the others and left out: its clock differs" in chop.warnings()


def test_clocks_of_these_recordings_take_the_place_of_the_rigs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(monkeypatch, runs())
    rig = Rig.load(write_rig(tmp_path))
    (tmp_path / "off.toml").write_text(rig.with_offsets([0, -10_000_000]).dump())
    project, chop = project_of(str(tmp_path / "off.toml"), "a.mkv", "b.mkv")
    chop.offsets_usec = (0, 0)
    with project:
        project.step()
        assert not chop.warnings()


def test_what_is_missing_is_one_clear_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, runs())
    rig = write_rig(tmp_path)
    for path, sensors, tops, message in (
        ("", ("a.mkv", "b.mkv"), "top*", "set its parameter 'rig'"),
        ("nowhere.toml", ("a.mkv", "b.mkv"), "top*", "nowhere.toml cannot be read"),
        (rig, ("a.mkv", "b.mkv"), "", "set its parameter 'tops'"),
        (rig, ("a.mkv", "b.mkv"), "top1 bodies", "/project1/bodies is not a KinectAzureTOP"),
        (rig, ("a.mkv", "b.mkv"), "top1", "its rig has 2 cameras, and 'tops' names 1 TOPs"),
        (rig, ("x.mkv", "y.mkv"), "top*", "none of the cameras works: no camera x.mkv; no camera y.mkv"),
    ):
        project, chop = project_of(path, *sensors, tops=tops)
        with project:
            project.step()
            assert chop["p1/id"] == 0
            assert message in chop.errors()


def test_it_has_no_parameter_for_one_top() -> None:
    project, chop = project_of("", "a.mkv")
    with project:
        assert "top" not in [row.name for row, _ in chop.pars()]
        assert {"tops", "rig", "maxplayers", "filter"} <= {row.name for row, _ in chop.pars()}
