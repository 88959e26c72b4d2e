from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bodychan.apps import calibrate
from bodychan.cli.main import cli
from rigged import install, runs, write_rig


def call(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


def test_calibrate_says_where_cameras_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, runs(count=240))
    monkeypatch.setattr(calibrate, "processors", lambda: 1)
    result = call("calibrate", "a.mkv", "b.mkv", "-o", tmp_path / "rig.toml")
    assert result.exit_code == 0
    first, second, where = result.stdout.splitlines()
    assert first.startswith("a.mkv: at 0 0 0 mm, turned by 0.0°, clock +0.000 s, joints ")
    assert second.startswith("b.mkv: at -26")
    assert where == f"rig: {tmp_path / 'rig.toml'}"


def test_convert_with_a_rig_takes_as_many_recordings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, runs())
    rig, out = write_rig(tmp_path), tmp_path / "out.csv"
    result = call("convert", "a.mkv", "b.mkv", out, "--rig", rig, "--par", "maxplayers=2")
    assert result.exit_code == 0, result.stderr
    assert "45 rows of 196 channels, 2 bodies seen" in result.stdout
    result = call("convert", "a.mkv", "b.mkv", "--rig", rig)
    assert result.exit_code == 2
    assert "rig.toml has 2 cameras: name a source for each, and then what to write" in result.stderr


def test_run_with_a_rig_plays_all_sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, runs(count=12))
    result = call("run", "a.mkv", "b.mkv", "--rig", write_rig(tmp_path), "--fps", "20")
    assert result.exit_code == 0, result.stderr
    assert "p1 id 1" in result.stdout.splitlines()[-1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "a.mkv", "b.mkv"], "several sources need the rig"),
        (["run", "a.mkv", "b.mkv", "--rig", "r.toml", "--loop"], "--loop is for one recording"),
        (["calibrate", "a.mkv", "-o", "r.toml"], "name two recordings or more"),
        (["calibrate", "a.mkv", "b.mkv"], "Missing option"),
    ],
)
def test_wrong_calls_are_explained(arguments: list[str], message: str) -> None:
    result = call(*arguments)
    assert result.exit_code == 2
    assert message in result.stderr
