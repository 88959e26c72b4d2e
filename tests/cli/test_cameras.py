from pathlib import Path

import pytest
from click.testing import CliRunner

from bodychan.cameras.orbbec import files
from bodychan.cli.cameras import cameras
from bodychan.errors import DeviceUnavailable


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(files.ENVIRONMENT_VARIABLE, str(tmp_path))
    return tmp_path


def test_path_says_where_the_library_is_looked_for(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert CliRunner().invoke(cameras, ["path"]).output == f"{folder}\n"
    monkeypatch.delenv(files.ENVIRONMENT_VARIABLE)
    assert files.VERSION in CliRunner().invoke(cameras, ["path"]).output


def test_check_names_what_is_missing(folder: Path) -> None:
    with pytest.raises(DeviceUnavailable, match="run `bodychan cameras fetch orbbec`"):
        CliRunner().invoke(cameras, ["check"], catch_exceptions=False)


def test_check_finds_the_fetched_library_right(orbbec_library: Path) -> None:
    assert (
        f"every file of OrbbecSDK {files.VERSION} is right" in CliRunner().invoke(cameras, ["check"]).output
    )


def test_fetch_gives_the_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "fetch", lambda _notify: folder)
    assert CliRunner().invoke(cameras, ["fetch", "orbbec"]).output == f"{folder}\n"
    refused = CliRunner().invoke(cameras, ["fetch", "microsoft"])
    assert refused.exit_code == 2
    assert "'orbbec'" in refused.output
