from dataclasses import replace
from pathlib import Path

import pytest

from bodychan import KinectAzureTOP, Project
from bodychan.apps.clocks import timed_by_motion
from bodychan.fusion.rig import Rig, RigCamera
from rigged import install, runs, write_rig


@pytest.mark.parametrize(("later_usec", "damaged"), [(0, False), (0, True), (900_000_000, False)])
def test_what_was_found_or_not_is_said(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    later_usec: int,
    damaged: bool,
) -> None:
    """A recording that is damaged later is timed by what came before; of another one nothing is told."""
    played = runs(count=45 if later_usec else 240)
    if later_usec:
        played["b.mkv"] = [replace(b, device_usec=b.device_usec + later_usec) for b in played["b.mkv"] if b]
    if damaged:
        played["b.mkv"][200] = None
    install(monkeypatch, played)
    first, second = Rig.load(write_rig(tmp_path)).cameras
    rig = Rig((first, RigCamera(second.name, second.pose, -123_000)))
    with Project() as project, caplog.at_level("INFO", "bodychan"):
        tops = [project.create(KinectAzureTOP, name, sensor=f"{name}.mkv") for name in ("a", "b")]
        found = timed_by_motion(rig, tops, 0.0)
        assert all(top.camera is None for top in tops)
    if not later_usec:
        assert found.cameras[1].offset_usec == pytest.approx(0, abs=8000)
        assert "the clock of b.mkv shows" in caplog.text
        assert "s against that of a.mkv, by how people move" in caplog.text
    else:
        assert found.cameras[1].offset_usec == -123_000
        assert "nothing tells how far the clock of b.mkv is from that of a.mkv" in caplog.text
        assert "the rig's +0.123 s is taken" in caplog.text
