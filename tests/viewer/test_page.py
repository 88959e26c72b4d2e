"""The page that is shipped is the one that its sources make, and it is small and closed."""

import gzip
import hashlib
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from bodychan.viewer.server import PAGE

CLIENT = Path(__file__).resolve().parents[2] / "viewer" / "client"


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def test_the_page_was_made_from_these_sources() -> None:
    inputs = [*(CLIENT / "src").rglob("*.*"), CLIENT / "build.mjs", CLIENT / "package-lock.json"]
    names = sorted(path.relative_to(CLIENT).as_posix() for path in inputs)
    digest = hashlib.sha256()
    for name in names:
        digest.update(f"{name}\n{sha256((CLIENT / name).read_bytes())}\n".encode())
    made = json.loads((PAGE / "build.json").read_text())
    assert made["sources"] == digest.hexdigest(), "the page is out of date: run 'make page'"
    assert made["files"] == {name: sha256((PAGE / name).read_bytes()) for name in made["files"]}


def test_building_it_again_gives_the_same_bytes(tmp_path: Path) -> None:
    if shutil.which("node") is None or not (CLIENT / "node_modules").is_dir():
        pytest.skip("needs Node and the page's packages: run 'make page'")
    subprocess.run(["node", CLIENT / "build.mjs", tmp_path], check=True)
    for name in ("app.js", "app.css", "index.html", "icon.svg", "build.json"):
        assert (tmp_path / name).read_bytes() == (PAGE / name).read_bytes()


def test_it_is_small() -> None:
    files = [path for path in PAGE.iterdir() if path.suffix != ".json"]
    assert sum(len(gzip.compress(path.read_bytes())) for path in files) < 300_000


def test_it_asks_for_nothing_elsewhere_and_has_no_script_of_its_own() -> None:
    html = (PAGE / "index.html").read_text()
    assert not re.search(r"""(?:src|href)=["'](?:https?:)?//""", html)
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\son\w+=|\sstyle=", html)
    css = (PAGE / "app.css").read_text()
    assert "url(" not in css
    assert "@import" not in css
