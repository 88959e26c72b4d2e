"""Rules that no single module can keep for itself."""

import ast
import re
import subprocess
import sys
import tomllib
from functools import cache
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
    "plugins",
    "atomic",
    "wheels",
    "model",
    "optics",
    "articulated",
    "network",
    "cameras",
    "tracking",
    "fusion",
    "channels",
    "operators",
    "outputs",
    "testing",
    "apps",
    "evaluation",
    "viewer",
    "cli",
    "__main__",
)

# Folders inside a layer that do not see each other, or only one way: (folder, what it must not import).
APART = (
    ("cameras/recording", ("cameras.synthetic", "cameras.k4a")),
    ("cameras/synthetic", ("cameras.recording", "cameras.k4a")),
    ("cameras/k4a", ("cameras.recording", "cameras.synthetic", "cameras.orbbec", "cameras.realsense")),
    ("cameras/orbbec", ("cameras.recording", "cameras.synthetic", "cameras.realsense")),
    ("cameras/realsense", ("cameras.recording", "cameras.synthetic", "cameras.orbbec")),
    ("tracking", ("cameras.recording", "cameras.synthetic")),
    ("tracking/builtin", ("tracking.k4abt",)),
    ("tracking/k4abt", ("tracking.builtin",)),
    ("channels", ("cameras", "tracking")),
    ("outputs", ("cameras", "tracking", "operators")),
    ("evaluation", ("cli",)),
)

# The edges: where clocks, threads, sockets, processes and foreign memory may be touched.
EDGES = {
    "ctypes": {
        "cameras/k4a",
        "cameras/library.py",
        "cameras/orbbec",
        "cameras/realsense/sdk.py",
        "tracking/k4abt",
    },
    "socket": {
        "outputs/network.py",
        "outputs/osc_tcp.py",
        "outputs/websocket.py",
        "viewer/guard.py",
        "viewer/serve.py",
    },
    "subprocess": {"wheels.py", "evaluation/speed.py"},
    "threading": {
        "apps/courier.py",
        "network/link.py",
        "outputs/websocket.py",
        "tracking/background.py",
        "tracking/k4abt/pump.py",
        "cameras/grabber.py",
        "operators/kinect/aside.py",
        "operators/kinect/sources.py",
        "viewer/jobs.py",
        "viewer/serve.py",
        "viewer/session.py",
    },
    "concurrent.futures": {
        "cameras/played.py",
        "tracking/builtin/threads.py",
        "apps/calibrate.py",
        "viewer/hub.py",
        "viewer/session.py",
    },
    "multiprocessing": {
        "apps/batch/local.py",
        "apps/calibrate.py",
        "outputs/shared_memory.py",
        "tracking/apart.py",
    },
    # The operators measure how long they take, and so do jobs; the bench is about nothing else.
    "time": {
        "network/link.py",
        "outputs/zenoh.py",
        "apps/batch/manifest.py",
        "apps/batch/work.py",
        "cli/batch.py",
        "apps/bench.py",
        "cameras/grabber.py",
        "cameras/orbbec/player.py",
        "cameras/silence.py",
        "cli/main.py",
        "evaluation/benchmark.py",
        "evaluation/speed.py",
        "operators/network.py",
        "operators/operator.py",
        "operators/timeline.py",
        "outputs/network.py",
        "outputs/osc_tcp.py",
        "outputs/psn.py",
        "viewer/",
    },
}

KNOWN = {
    f"bodychan.{path.relative_to(SOURCE).as_posix().removesuffix('.py').replace('/', '.')}": path
    for path in MODULES
    if path.name != "__init__.py"
}


@cache
def imported(path: Path) -> set[str]:
    """Give what a module imports, anywhere in it: also late, and for type checkers alone."""
    return names_in(ast.parse(path.read_text()))


def names_in(tree: ast.AST) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree):
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


def test_the_map_has_a_line_for_every_folder() -> None:
    page = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    above, drawn = "", set()
    for indent, name in re.findall(r"^( +)(\w+)/ ", page, re.MULTILINE):
        above = name if len(indent) == 2 else above
        drawn.add(name if len(indent) == 2 else f"{above}/{name}")
    folders = {path.parent.relative_to(SOURCE).as_posix() for path in MODULES if path.name == "__init__.py"}
    # What a folder of the second level has inside is its own affair.
    assert drawn == {folder for folder in folders - {"."} if folder.count("/") < 2}


def test_files_that_the_docs_name_exist() -> None:
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]:
        for name in re.findall(r"`((?:\w+/)*\w+\.(?:pyi?|md|json))`", page.read_text(encoding="utf-8")):
            found = [*SOURCE.glob(f"**/{name}"), *ROOT.glob(f"{name}"), *ROOT.glob(f"docs/{name}")]
            assert found or name.startswith(("NAME", "tracker.json")), f"{page.name} names {name}"


# Modules without a test file of their own, and why.
THROUGH_ITS_CAMERA = "private to its folder: test_camera.py goes through it"
A_TABLE = "a table or plain values, without behaviour"
A_BASE = "a base class: bodychan.testing checks whatever derives from it"
KERNELS = "kernels: compared with tests/reference in the tests of the module that calls them"
OPTIONS = "options and what is said; test_main.py goes through it"
WITHOUT_TESTS = {
    "__main__": "calls cli.main.main, which test_main.py tests",
    "articulated.frames_kernels": KERNELS,
    "cameras.base": A_BASE,
    "cameras.k4a.device": "test_live.py goes through it",
    "cameras.k4a.images": "test_live.py goes through it",
    "cameras.k4a.source": "test_live.py goes through it",
    "cameras.orbbec.api": A_TABLE,
    "cameras.orbbec.listing": "test_source.py goes through it, as far as it goes without a camera",
    "cameras.orbbec.frames": "test_bag.py goes through it",
    "cameras.orbbec.player": "test_bag.py goes through it",
    "cameras.orbbec.profiles": "test_bag.py goes through it",
    "cameras.orbbec.sdk": "test_bag.py goes through it",
    "cameras.orbbec.stream": "test_bag.py goes through it",
    "cameras.played": "test_bag.py and test_recording.py go through it",
    "cameras.realsense.choice": "test_source.py asks for everything that there is and is not",
    "cameras.realsense.controls": "test_source.py sets them",
    "cameras.realsense.frames": "test_recording.py goes through it",
    "cameras.realsense.player": "test_recording.py goes through it",
    "cameras.realsense.tags": "test_recording.py and test_source.py read them",
    "cameras.recording.cluster_file": "private to its folder: test_writer.py goes through it",
    "cameras.recording.encode": "private to its folder: test_writer.py goes through it",
    "cameras.recording.header": THROUGH_ITS_CAMERA,
    "cameras.recording.reader": THROUGH_ITS_CAMERA,
    "cameras.settings": "test_live.py opens devices with them",
    "cameras.synthetic.scenes": "a table of scenes; test_camera.py plays every one",
    "cameras.synthetic.truth": THROUGH_ITS_CAMERA,
    "cli.bench": OPTIONS,
    "cli.facts": OPTIONS,
    "cli.live": OPTIONS,
    "cli.offline": OPTIONS,
    "cli.recordings": OPTIONS,
    "cli.tracker": "options only; what they call is tested in evaluation",
    "evaluation.debug_marks": "test_debug_frame.py draws with it",
    "evaluation.debug_plots": "test_debug_frame.py draws with it",
    "evaluation.debug_stages": A_TABLE,
    "evaluation.depth_sheet": "test_depth_sets.py draws with it",
    "evaluation.plots": "test_benchmark.py draws with it",
    "evaluation.result": A_TABLE,
    "evaluation.tables": "test_benchmark.py prints with it",
    "operators.chop": "a base class: test_time_slice.py and the tests of each CHOP go through it",
    "operators.kinect.image_top": "a base class: test_top.py and test_select_top.py go through it",
    "operators.kinect.intrinsics": "test_top.py asks for it",
    "operators.kinect.settings": "test_live_top.py goes through it",
    "operators.operator": "a base class: the tests of each operator go through it",
    "operators.tables": "a table; test_catalog.py lists every row",
    "operators.trail": "test_time_slice.py goes through it",
    "optics.compiled": "two types; every kernel is compiled with them",
    "optics.lens_inverse_kernels": KERNELS,
    "optics.lens_kernels": KERNELS,
    "optics.remap_kernels": KERNELS,
    "outputs.collected": "test_body_files.py and test_text_channels.py go through it",
    "tracking.base": A_BASE,
    "tracking.builtin.trace": A_TABLE,
    "tracking.k4abt.pump": "test_tracker.py goes through it",
    "tracking.registry": "the tests of each tracker open it by name",
    "viewer.connection": "test_server.py talks to it",
    "viewer.director": "test_session.py gives it every command",
    "viewer.events": A_TABLE,
    "viewer.hub": "test_server.py goes through it",
    "viewer.sources": "test_server.py asks for it",
    "viewer.stage": "test_session.py goes through it",
    "viewer.telling": "test_session.py waits for what it says",
}


def test_every_module_has_a_test_file_of_its_own_or_a_reason_for_none() -> None:
    without = {
        module.removeprefix("bodychan.")
        for module, path in KNOWN.items()
        if not (ROOT / "tests" / path.parent.relative_to(SOURCE) / f"test_{path.name}").exists()
    }
    assert sorted(without - WITHOUT_TESTS.keys()) == [], (
        "write a test file for these, or say why there is none"
    )
    assert sorted(WITHOUT_TESTS.keys() - without) == [], "these have a test file now, or are gone"


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


PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


IMPORTED_AS = {"eclipse_zenoh": "zenoh", "usd_core": "pxr"}


def packages(requirements: list[str]) -> set[str]:
    """Give the names under which required packages are imported."""
    names = [re.split(r"[<>=~! ]", requirement)[0].replace("-", "_") for requirement in requirements]
    return {IMPORTED_AS.get(name, name) for name in names}


CORE = packages(PROJECT["dependencies"])
# The extra `azure` is a library of Microsoft's: it is loaded, never imported, and in no environment of ours.
IMPORTED = {name: extra for name, extra in PROJECT["optional-dependencies"].items() if name != "azure"}
EXTRAS = packages([requirement for extra in IMPORTED.values() for requirement in extra])
# The extra `usd` is 210 MB for one format: `make` does not install it, `make test-readers` does.
LOCKED = CORE | EXTRAS - packages(IMPORTED["usd"])
# Needed, though no module imports them: the one is run as a program, the other is uvicorn's.
NOT_IMPORTED = {"pip"}


def third_parties(path: Path) -> set[str]:
    tops = {name.split(".")[0] for name in imported(path)}
    return tops - sys.stdlib_module_names - {"bodychan", ""}


def test_what_is_imported_is_installed_and_what_is_installed_is_imported() -> None:
    found = {name for path in MODULES for name in third_parties(path)}
    assert found == (CORE - NOT_IMPORTED) | EXTRAS


def at_once(path: Path) -> set[str]:
    """Give what a module imports as soon as it is imported itself."""
    tree = ast.parse(path.read_text())
    tree.body = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    return names_in(tree)


def unguarded(path: Path) -> set[str]:
    """Give what a module imports outside of every `with needs_extra(...)`."""

    class Outside(ast.NodeTransformer):
        def visit_With(self, node: ast.With) -> ast.AST | None:
            guarded = any("needs_extra(" in ast.unparse(item.context_expr) for item in node.items)
            return None if guarded else self.generic_visit(node)

    return names_in(Outside().visit(ast.parse(path.read_text())))


def test_what_needs_an_extra_is_imported_where_a_missing_one_is_told() -> None:
    needing: set[str] = set()
    while (
        more := {
            module
            for module, path in KNOWN.items()
            if any(name.split(".")[0] in EXTRAS or name in needing for name in at_once(path))
        }
        - needing
    ):
        needing |= more
    assert needing
    for module, path in KNOWN.items():
        if module not in needing:
            bare = {n for n in unguarded(path) if n in needing or n.split(".")[0] in EXTRAS}
            assert not bare, f"{module} imports {bare} outside of `with needs_extra(...)`"


def test_the_lock_names_no_address_and_has_a_hash_for_every_package() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    assert not re.search(r"https?:|file:|--index|--find-links", lock)
    locked = re.split(r"\n(?=\w)", lock.strip())
    assert len(locked) > 30
    assert all("--hash=sha256:" in package for package in locked)
    names = {package.split("==")[0].replace("-", "_") for package in locked}
    assert {IMPORTED_AS.get(name, name) for name in names} >= LOCKED


def test_the_changelog_has_this_version() -> None:
    assert f"## {bodychan.__version__}" in (ROOT / "CHANGELOG.md").read_text()
