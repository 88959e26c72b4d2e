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

# Imports go one way: a layer may use itself and those before it. The order is that of a capture on its way to
# an output, with the values that it passes as at the beginning and whoever drives it at the end.
LAYERS = (
    "errors",
    "model",
    "optics",
    "cameras",
    "tracking",
    "channels",
    "operators",
    "outputs",
    "testing",
    "apps",
    "evaluation",
    "cli",
    "__main__",
)

# Folders inside a layer that do not see each other, or only one way: (folder, what it must not import).
APART = (
    ("cameras/recording", ("cameras.synthetic", "cameras.k4a")),
    ("cameras/synthetic", ("cameras.recording", "cameras.k4a")),
    ("cameras/k4a", ("cameras.recording", "cameras.synthetic")),
    ("tracking", ("cameras.recording", "cameras.synthetic")),
    ("tracking/builtin", ("tracking.k4abt",)),
    ("tracking/k4abt", ("tracking.builtin",)),
    ("channels", ("cameras", "tracking")),
    ("outputs", ("cameras", "tracking", "operators")),
    ("evaluation", ("cli",)),
)

# The edges: where clocks, threads, sockets, processes and foreign memory may be touched.
EDGES = {
    "ctypes": {"cameras/k4a", "tracking/k4abt"},
    "socket": {"outputs/osc.py"},
    "subprocess": {"evaluation/speed.py"},
    "threading": {
        "tracking/background.py",
        "tracking/k4abt/pump.py",
        "cameras/k4a/grabber.py",
    },
    "concurrent.futures": {"tracking/builtin/threads.py"},
    # The operators measure how long they take; the bench is about nothing else.
    "time": {
        "apps/bench.py",
        "evaluation/benchmark.py",
        "evaluation/speed.py",
        "operators/operator.py",
        "operators/timeline.py",
    },
}

KNOWN = {
    f"bodychan.{path.relative_to(SOURCE).as_posix().removesuffix('.py').replace('/', '.')}": path
    for path in MODULES
    if path.name != "__init__.py"
}


def imported(path: Path) -> set[str]:
    """Give what a module imports, anywhere in it: also late, and for type checkers alone."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def used(path: Path) -> set[str]:
    """Give the modules of the package that a module imports."""
    return imported(path) & KNOWN.keys()


def layer(module: str) -> int:
    return LAYERS.index(module.split(".")[1])


@pytest.mark.parametrize("module", KNOWN)
def test_imports_go_one_way(module: str) -> None:
    for name in used(KNOWN[module]):
        assert layer(name) <= layer(module), f"{module} imports {name}"


@pytest.mark.parametrize(("folder", "others"), APART, ids=lambda x: x if isinstance(x, str) else "")
def test_folders_that_are_to_be_apart_are(folder: str, others: tuple[str, ...]) -> None:
    for path in (SOURCE / folder).rglob("*.py"):
        for name in used(path):
            for other in others:
                assert not f"{name}.".startswith(f"bodychan.{other}."), f"{path.name} imports {name}"


def test_there_is_no_import_circle() -> None:
    waiting = {module: used(path) - {module} for module, path in KNOWN.items()}
    while free := [module for module, needs in waiting.items() if not needs]:
        for module in free:
            del waiting[module]
        for needs in waiting.values():
            needs.difference_update(free)
    assert not waiting, f"these import each other in circles, or what does: {sorted(waiting)}"


def test_the_door_is_used_by_nobody_inside() -> None:
    for module, path in KNOWN.items():
        for name in imported(path):
            public = name.startswith("bodychan.") and name.count(".") == 1 and name not in KNOWN
            assert not public or name.split(".")[1] in LAYERS or name == "bodychan.__version__", module


def test_no_file_has_the_name_of_another_in_its_folder_tree() -> None:
    names = [(path.parent.name, path.name) for path in MODULES if path.name != "__init__.py"]
    assert len(set(names)) == len(names)


# Modules without a test file of their own, and why.
WITHOUT_TESTS: dict[str, str] = {}


@pytest.mark.skip(reason="filled in when the folders have settled")
@pytest.mark.parametrize("module", KNOWN)
def test_every_module_has_a_test_file_of_its_own(module: str) -> None:
    path = KNOWN[module].relative_to(SOURCE)
    mirror = ROOT / "tests" / path.parent / f"test_{path.name}"
    assert mirror.exists() != (module.removeprefix("bodychan.") in WITHOUT_TESTS)


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_clocks_threads_sockets_and_processes_stay_at_the_edges(path: Path) -> None:
    relative = path.relative_to(SOURCE).as_posix()
    for name in imported(path) & EDGES.keys():
        assert any(relative.startswith(edge) for edge in EDGES[name]), f"{relative} imports {name}"


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_files_stay_short(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 400


def test_every_public_name_can_be_imported_and_has_a_docstring() -> None:
    for name in bodychan.__all__:
        assert name == "__version__" or getattr(bodychan, name).__doc__, name


def test_importing_the_package_imports_nothing_heavy() -> None:
    code = "import bodychan, bodychan.cli.main, sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {"numpy", "numba", "scipy", "av", "pyarrow", "matplotlib", "onnxruntime", "rich"}
    assert heavy.isdisjoint(done.stdout.split())


def test_the_lock_names_no_address_and_has_a_hash_for_every_package() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    assert not re.search(r"https?:|file:|--index|--find-links", lock)
    packages = re.split(r"\n(?=\w)", lock.strip())
    assert len(packages) > 30
    assert all("--hash=sha256:" in package for package in packages)


def test_the_changelog_has_this_version() -> None:
    assert f"## {bodychan.__version__}" in (ROOT / "CHANGELOG.md").read_text()
