import inspect
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bodychan import errors
from bodychan.apps import demo
from bodychan.errors import BodychanError, MissingExtraError, did_you_mean, needs_extra
from bodychan.evaluation import benchmark, debug_frame


def test_the_tree_in_the_docstring_has_every_error_under_its_base() -> None:
    lines = re.findall(r"^([ │├└─]*)(\w+) {2,}\S", errors.__doc__ or "", re.MULTILINE)
    drawn = [(len(indent), name) for indent, name in lines]
    bases: dict[str, str] = {}
    for row, (depth, name) in enumerate(drawn):
        above = [other for other_depth, other in drawn[:row] if other_depth < depth]
        bases[name] = above[-1] if above else "Exception"
    kinds = [
        kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, BodychanError)
    ]
    assert bases == {kind.__name__: kind.__bases__[0].__name__ for kind in kinds}


def test_a_near_name_is_proposed_or_all_are_listed() -> None:
    assert did_you_mean("maxplayer", ["active", "maxplayers"]) == "did you mean 'maxplayers'?"
    assert did_you_mean("zzz", ["active", "top"]) == "there are: active, top"


def test_an_optional_package_that_is_missing_is_told_with_the_command_that_installs_it() -> None:
    with pytest.raises(MissingExtraError) as caught, needs_extra("plots", "a picture"):
        import no_such_package.inside  # type: ignore[import-not-found]  # noqa: F401
    assert str(caught.value) == (
        "a picture needs no_such_package, which is not installed: run pip install no_such_package, "
        "or install bodychan with its extra 'plots'"
    )


def test_a_module_of_our_own_that_is_missing_is_a_bug_and_not_an_extra() -> None:
    with pytest.raises(ModuleNotFoundError), needs_extra("plots", "a picture"):
        import bodychan.no_such_module  # type: ignore[import-not-found]  # noqa: F401


@pytest.mark.parametrize(
    "draw",
    [
        lambda folder: demo.run(folder),
        lambda folder: benchmark.prepare(folder),
        lambda folder: debug_frame.run("synthetic:walk", 1, folder / "debug.png"),
    ],
    ids=["demo", "bench tracker", "debug-frame"],
)
def test_without_matplotlib_whatever_draws_says_so_before_it_begins(
    draw: Callable[[Path], object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in list(sys.modules):
        if name.startswith("matplotlib"):
            monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    for name in ("apps.picture", "evaluation.plots", "evaluation.debug_plots", "evaluation.debug_marks"):
        monkeypatch.delitem(sys.modules, f"bodychan.{name}", raising=False)
        package, _, module = f"bodychan.{name}".rpartition(".")
        monkeypatch.delattr(sys.modules[package], module, raising=False)
    with pytest.raises(MissingExtraError, match=r"needs matplotlib, .* pip install matplotlib"):
        draw(tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_package_of_another_name_than_its_module_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "zenoh", None)
    with (
        pytest.raises(MissingExtraError, match="run pip install eclipse-zenoh"),
        needs_extra("network", "it"),
    ):
        import zenoh  # noqa: F401
