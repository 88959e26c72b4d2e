import importlib.abc
import sys
from pathlib import Path

import pytest

from bodychan import open_output
from bodychan.errors import MissingExtraError, OutputError


@pytest.mark.parametrize("target", ["take", "take.xlsx", "oscc://host:1"])
def test_an_unknown_kind_of_output_is_refused_with_those_there_are(target: str) -> None:
    with pytest.raises(OutputError, match="no kind of output fits"):
        open_output(target)


def test_the_suffix_may_be_in_capitals(tmp_path: Path) -> None:
    assert open_output(tmp_path / "TAKE.CSV").keep() is None


@pytest.mark.parametrize(
    ("target", "module", "package", "extra"),
    [
        ("take.mcap", "mcap", "mcap", "mcap"),
        ("take.usdc", "pxr", "usd-core", "usd"),
        ("lsl://x", "pylsl", "pylsl", "lsl"),
    ],
)
def test_what_has_to_be_installed_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, target: str, module: str, package: str, extra: str
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in sys.modules if name.split(".")[0] == module]:
        monkeypatch.delitem(sys.modules, name)
    for own in ("mcap", "usdc", "lsl"):
        monkeypatch.delitem(sys.modules, f"bodychan.outputs.{own}", raising=False)

    class Missing(importlib.abc.MetaPathFinder):
        def find_spec(self, name: str, _path: object, _target: object = None) -> None:
            if name.split(".")[0] == module:
                raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    monkeypatch.setattr(sys, "meta_path", [Missing(), *sys.meta_path])
    wanted = (
        f"{target} needs {package}, which is not installed: run pip install {package}, .* extra '{extra}'"
    )
    with pytest.raises(MissingExtraError, match=wanted):
        open_output(target)
    assert list(tmp_path.iterdir()) == []
