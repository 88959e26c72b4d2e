"""The examples run as they are, from a checkout, without hardware."""

import ast
import csv
import runpy
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from bodychan import open_camera
from bodychan.cameras.synthetic.camera import SyntheticCamera
from bodychan.model.skeleton import Confidence, Joint
from receivers import OscReceiver

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))

every_example = pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)


@every_example
def test_each_example_says_how_it_is_run_and_the_readme_names_it(path: Path) -> None:
    assert f"python examples/{path.name}" in path.read_text()
    assert f"examples/{path.name}" in (ROOT / "README.md").read_text()


def test_the_custom_tracker_needs_the_public_door_alone() -> None:
    tree = ast.parse((ROOT / "examples" / "custom_tracker.py").read_text())
    modules = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    modules |= {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    assert {str(module) for module in modules if str(module).startswith("bodychan")} == {"bodychan"}


@every_example
def test_a_source_that_is_not_there_is_told_in_one_line(path: Path) -> None:
    command = [sys.executable, str(path), "nothing.mkv"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=100)
    assert done.returncode == 1
    assert done.stderr == "error: nothing.mkv: there is no such file; check the path\n"


def test_the_custom_tracker_keeps_the_contract_and_writes_a_row_for_each_capture(tmp_path: Path) -> None:
    out = tmp_path / "figure.csv"
    runpy.run_path(str(ROOT / "examples" / "custom_tracker.py"))["main"](
        ["synthetic:walk?seconds=0.5", str(out)]
    )
    with out.open() as file:
        rows = list(csv.DictReader(file))
    assert [float(row["frame"]) for row in rows] == list(range(1, 16))
    assert {float(row["p1/id"]) for row in rows} == {1.0}
    assert all(1.5 < float(row["p1/pelvis:tz"]) < 3.5 for row in rows)


def test_the_custom_tracker_is_right_where_it_says_that_it_is_sure() -> None:
    tracker = runpy.run_path(str(ROOT / "examples" / "custom_tracker.py"))["NearestFigure"]
    sure, unsure = [], []
    with open_camera("synthetic:walk?seconds=1") as camera, tracker(camera.calibration) as own:
        assert isinstance(camera, SyntheticCamera)
        for capture, bodies in own.track_each(camera):
            off = np.linalg.norm(bodies.positions[0] - camera.truth(capture).positions[0], axis=1)
            assert off[Joint.HEAD] < 150
            sure += off[bodies.confidence[0] == Confidence.MEDIUM].tolist()
            unsure += off[bodies.confidence[0] == Confidence.LOW].tolist()
    assert np.median(sure) < 0.8 * np.median(unsure)


def test_the_hands_arrive_as_osc() -> None:
    receiver = OscReceiver()
    try:
        main = runpy.run_path(str(ROOT / "examples" / "hands_to_osc.py"))["main"]
        main(["synthetic:walk?seconds=0.5", receiver.url])
        messages = receiver.wait_until(lambda: any(value > 0 for _, value in receiver.messages))
    finally:
        receiver.close()
    assert {address for address, _ in messages} == {"/p1/hands/apart", "/p1/hands/raised"}
    apart = [value for address, value in messages if address == "/p1/hands/apart" and value > 0]
    assert apart
    assert all(0.1 < value < 2.0 for value in apart)
