from pathlib import Path

import pytest

from bodychan.errors import OutputError
from bodychan.viewer.files import Folder


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    root = tmp_path / "root"
    (root / "deep" / "er").mkdir(parents=True)
    (tmp_path / "secret.mkv").touch()
    (root / "link").symlink_to(tmp_path)
    return Folder(root)


@pytest.mark.parametrize("name", ["take.mkv", "deep/take.mkv", "deep/../take.mkv", "./take.mkv"])
def test_names_inside_are_found(folder: Folder, name: str) -> None:
    assert Path(folder.inside(name)) == (folder.root / name).resolve()


def test_an_absolute_path_inside_is_taken(folder: Folder) -> None:
    assert folder.inside(str(folder.root / "take.mkv")) == str(folder.root / "take.mkv")


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "../secret.mkv",
        "deep/../../secret.mkv",
        "/etc/passwd",
        "link/secret.mkv",
        "a\0b",
        "../../../../../../../../etc/passwd",
    ],
)
def test_names_that_lead_out_are_refused(folder: Folder, name: str) -> None:
    with pytest.raises(OutputError):
        folder.inside(name)


def test_what_the_command_line_named_may_lie_outside(folder: Folder) -> None:
    assert folder.inside("../secret.mkv", allowed="../secret.mkv") == "../secret.mkv"
    with pytest.raises(OutputError):
        folder.inside("../secret.mkv", allowed="../other.mkv")


def test_relative_names_stay_so_in_the_current_folder(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder.root)
    assert folder.inside("take.mkv") == "take.mkv"


def test_a_name_that_looks_like_a_url_becomes_a_path(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder.root)
    assert folder.inside("concat:take.mkv") == str(folder.root / "concat:take.mkv")


def test_files_are_listed_by_kind_without_hidden_ones(folder: Folder) -> None:
    for name in ("b.mkv", "a.MKV", "deep/c.mkv", "deep/er/d.mkv", "x.toml", ".hidden.mkv", "deep/.e.mkv"):
        (folder.root / name).touch()
    assert folder.listed(".mkv") == ["a.MKV", "b.mkv", "deep/c.mkv", "deep/er/d.mkv"]
    assert folder.listed(".mkv", most=2) == ["a.MKV", "b.mkv"]
