"""Rules that no single module can keep for itself."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import bodychan

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "bodychan"
MODULES = sorted(SOURCE.rglob("*.py"))

# Imports go one way: a layer may use those before it and itself.
LAYERS = [
    {"errors", "types", "skeleton", "geometry", "lens", "lens_kernels", "calibration", "capture", "bodies"}
    | {"closing", "patterns", "resample", "remap", "remap_kernels", "remap_plain"},
    {"native"},
    {"cameras", "tracking", "players", "space", "filters", "channels", "unroll", "shape"}
    | {"channel_files", "naming"},
    {"operators", "live"},
    {"outputs"},
    {"convert", "show", "record", "picture", "info", "bench", "demo", "testing"} | {"evaluation"},
    {"cli_common"},
    {"cli_tracker"},
    {"cli"},
    {"__main__", "__init__"},
]

# The edges: where clocks, threads, sockets, processes and foreign memory may be touched.
EDGES = {
    "ctypes": {"native"},
    "socket": {"outputs/osc.py"},
    "subprocess": {"tracking/models.py", "evaluation/speed.py"},
    "threading": {
        "tracking/scheduler.py",
        "tracking/background.py",
        "tracking/k4abt_pump.py",
        "cameras/grabber.py",
    },
    "concurrent.futures": {"tracking/scheduler.py"},
    # The operators measure how long they take; the bench is about nothing else.
    "time": {
        "live.py",
        "bench.py",
        "evaluation/run.py",
        "evaluation/speed.py",
        "operators/base.py",
        "operators/project.py",
    },
}


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def layer(module: str) -> int:
    return next(i for i, names in enumerate(LAYERS) if module in names)


def top_name(path: Path) -> str:
    relative = path.relative_to(SOURCE)
    return relative.parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_imports_go_one_way(path: Path) -> None:
    here = layer(top_name(path))
    for name in imported(path):
        parts = name.split(".")
        if parts[0] == "bodychan" and len(parts) > 1 and parts[1] not in bodychan.__all__:
            assert layer(parts[1]) <= here, f"{path.name} imports {name}"


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_clocks_threads_sockets_and_processes_stay_at_the_edges(path: Path) -> None:
    relative = path.relative_to(SOURCE).as_posix()
    for name in imported(path) & EDGES.keys():
        assert EDGES[name] & {relative, top_name(path)}, f"{relative} imports {name}"


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_files_stay_short(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 400


def test_every_public_name_can_be_imported_and_has_a_docstring() -> None:
    for name in bodychan.__all__:
        assert name == "__version__" or getattr(bodychan, name).__doc__, name


def test_importing_the_package_imports_nothing_heavy() -> None:
    code = "import bodychan, bodychan.cli, sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {"numpy", "numba", "scipy", "av", "pyarrow", "matplotlib", "ai_edge_litert", "rich"}
    assert heavy.isdisjoint(done.stdout.split())


def test_the_lock_names_no_address_and_has_a_hash_for_every_package() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    assert not re.search(r"https?:|file:|--index|--find-links", lock)
    packages = re.split(r"\n(?=\w)", lock.strip())
    assert len(packages) > 30
    assert all("--hash=sha256:" in package for package in packages)


def test_the_changelog_has_this_version() -> None:
    assert f"## {bodychan.__version__}" in (ROOT / "CHANGELOG.md").read_text()
