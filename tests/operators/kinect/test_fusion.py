import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bodychan import Bodies, FusionCHOP, KinectAzureTOP, Project
from bodychan.fusion.rig import Rig
from bodychan.fusion.rigid import inverse, moved_points
from rigged import install, runs, write_rig
from rigs import POSES, elsewhere, moments, oval, people, seen


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


def walkers(*clocks: float, count: int = 210, fps: int = 15) -> dict[str, list[Bodies | None]]:
    """What a.mkv, b.mkv show of somebody who walks, by clocks that show so much more than the room's."""
    times = moments(count, fps)
    return {
        f"{name}.mkv": list(seen(pose, [oval], times, clock=clock, seed=n, noise_mm=8.0))
        for n, (name, pose, clock) in enumerate(zip("ab", POSES[:2], clocks, strict=True))
    }


@pytest.mark.parametrize("wired", [False, True])
def test_clocks_are_found_while_it_runs_and_told_unless_cameras_are_wired(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, wired: bool
) -> None:
    install(monkeypatch, walkers(0.0, 0.06), wired=wired)
    project, chop = project_of(write_rig(tmp_path), "a.mkv", "b.mkv")
    with project, caplog.at_level("INFO", "bodychan"):
        ids, places = set(), []
        for _ in range(13 * 30):
            project.step()
            ids.add(chop["p1/id"])
            places.append([chop[f"p1/pelvis:t{axis}"] for axis in "xyz"])
        assert not chop.errors() + chop.warnings()
    assert ids == {1}
    steps = np.linalg.norm(np.diff(places, axis=0), axis=1)[60:]
    assert steps.max() < 0.2  # somebody who walks 1.4 m/s, seen at 15 fps, with what is noise
    told = "bodies of b.mkv come 60 ms later than those of a.mkv, by how people move: made good from now on"
    assert (caplog.text.count("by how people move"), told in caplog.text) == (
        (0, False) if wired else (1, True)
    )


def test_live_cameras_are_brought_together_by_how_people_move(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Their clocks begin anywhere, and the second one's bodies come three frames later."""
    install(monkeypatch, walkers(70.0, -0.5), late={"a.mkv": 0, "b.mkv": 3})
    project = Project(15)
    for number, sensor in enumerate(("a.mkv", "b.mkv"), 1):
        project.create(KinectAzureTOP, f"top{number}", sensor=sensor)
    chop = project.create(FusionCHOP, "bodies", tops="top*", rig=write_rig(tmp_path), maxplayers=1)
    with project, caplog.at_level("INFO", "bodychan"):
        for _ in range(13 * 15):
            project.step()
            assert chop["p1/id"] <= 1
        assert chop["p1/id"] == 1
        assert not chop.errors() + chop.warnings()
    found = re.findall(r"bodies of b.mkv come (\d+) ms later than those of a.mkv", caplog.text)
    assert [float(ms) for ms in found] == [pytest.approx(200, abs=8)]


def test_clocks_ten_seconds_apart_are_one_clear_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rig takes the recordings for ones of the same seconds; the second one is ten seconds behind."""
    played = walkers(0.0, 0.0, count=33 * 15)
    start = next(b.device_usec for b in played["b.mkv"] if b is not None)
    behind = [b for b in played["b.mkv"] if b is not None and b.device_usec >= start + 10_000_000]
    played["b.mkv"] = [
        replace(b, device_usec=b.device_usec - 10_000_000, frame=n) for n, b in enumerate(behind, 1)
    ]
    install(monkeypatch, played)
    project, chop = project_of(write_rig(tmp_path), "a.mkv", "b.mkv")
    with project:
        for _ in range(22 * 30):
            project.step()
            assert chop["p1/id"] == 1
        assert (
            "bodies of b.mkv come 10.0 s earlier than those of a.mkv, by how people move: too far to be made "
            "good while it runs; give the camera offset_usec = "
        ) in chop.warnings()
        assert chop.warnings().count("too far") == 1


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
