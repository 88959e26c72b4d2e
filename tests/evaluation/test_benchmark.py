import json
from collections.abc import Iterator
from dataclasses import replace
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from bodychan import Bodies, Calibration, Capture
from bodychan.apps.convert import rows
from bodychan.apps.record import record
from bodychan.apps.wiring import wire
from bodychan.cameras.synthetic.camera import SyntheticCamera
from bodychan.errors import OutputError
from bodychan.evaluation import benchmark as bench_tracker
from bodychan.evaluation import plots as bench_plots
from bodychan.evaluation import tables as bench_tables
from bodychan.evaluation.measures import Tracked
from bodychan.evaluation.result import Result
from bodychan.evaluation.speed import Speed, StageTimes
from bodychan.evaluation.truth import Known
from bodychan.model.skeleton import Joint
from bodychan.operators.project import Project
from bodychan.tracking.base import Tracker

SCENE = "synthetic:two?seconds=1"


class Oracle(Tracker):
    """Knows a scene's truth; it gives that a while later, and `off` mm too far to the right."""

    def __init__(self, late: int = 0, off: float = 0.0) -> None:
        self.shown: list[Capture] = []
        self._camera = SyntheticCamera(SCENE)
        self._late = late
        self._off = off

    def track(self, capture: Capture) -> Bodies:
        self.shown.append(capture)
        then = self._camera.truth(replace(capture, index=max(capture.index - self._late, 1)))
        return replace(
            then,
            frame=capture.index,
            device_usec=capture.device_usec,
            positions=then.positions + np.array([self._off, 0.0, 0.0]),
        )


def known(scene: str = SCENE) -> Known:
    return Known(scene.removeprefix("synthetic:"), scene, None)


def printed(result: Result) -> str:
    text = StringIO()
    Console(width=180, file=text).print(bench_tables.tables(result))
    return text.getvalue()


@pytest.fixture(scope="module")
def perfect() -> Result:
    return bench_tracker.run([SCENE], without=["color"], open_one=lambda _c: Oracle())[0]


def test_an_oracle_is_perfect(perfect: Result) -> None:
    total = perfect.total
    assert total.captures == 30
    assert total.people == 2
    assert (total.detection.recall, total.detection.precision) == (1, 1)
    assert total.visible.mean_mm < 1e-9
    assert total.bones["all"].mean < 1e-3
    assert total.orientations["all"].mean < 1e-3
    assert total.lag_ms == pytest.approx(0, abs=1)
    assert (total.identity.switches, total.detection.ghosts) == (0, 0)
    assert 0 < total.timing.median_ms < 1000
    assert [row.name for row in perfect.sequences] == ["two?seconds=1"]


def test_known_faults_of_a_tracker_are_measured() -> None:
    result, _ = bench_tracker.run([SCENE], without=["color"], open_one=lambda _c: Oracle(late=2, off=40))
    assert result.total.lag_ms == pytest.approx(2000 / 30, abs=8)
    assert result.total.visible.median_mm > 30
    assert result.total.orientations["all"].mean > 0.1


def test_the_tracker_gets_every_nth_capture_and_not_the_images_left_out() -> None:
    made: list[Oracle] = []

    def open_one(_calibration: Calibration) -> Tracker:
        made.append(Oracle())
        return made[-1]

    done: list[tuple[str, int, int | None]] = []
    run, ms = bench_tracker.track(known(), 15, ("color", "ir"), open_one, lambda *report: done.append(report))
    assert [capture.index for capture in made[0].shown] == [1, 16]
    assert all(capture.color_image is None and capture.ir is None for capture in made[0].shown)
    assert all(capture.depth is not None for capture in made[0].shown)
    assert run.truth.seconds.tolist() == [1.0, 1.5]
    assert len(ms) == 2
    assert done == [("two?seconds=1", n, 2) for n in (1, 2)]


def test_it_tracks_exactly_as_convert_does(tmp_path: Path) -> None:
    recording = tmp_path / "walk.mkv"
    record("synthetic:walk?seconds=0.3", recording)

    def converted() -> Iterator[Bodies]:
        with Project() as project:
            top, chop = wire(project, recording, {})
            for _ in rows(project, top, chop):
                assert top.bodies is not None
                yield top.bodies

    expected = Tracked.of(list(converted()))
    scene = SyntheticCamera("synthetic:walk?seconds=0.3")
    truth = [
        {
            "timestamp_usec": capture.device_usec,
            "bodies": [
                {"id": 1, "pixels": 9999, "joints": scene.truth(capture).positions[0].tolist()}
                | {"visibility": [0] * 32}
            ],
        }
        for capture in scene
    ]
    file = tmp_path / "walk.gt.json"
    file.write_text(json.dumps({"joint_names": [joint.name for joint in Joint], "frames": truth}))
    run, _ = bench_tracker.track(Known("walk", str(recording), file))
    assert len(run.tracked.present) == 9
    assert run.tracked.present.all()
    for name in ("ids", "joints", "orientations", "confidence"):
        assert getattr(run.tracked, name).tobytes() == getattr(expected, name).tobytes()


def test_json_plots_and_tables_say_the_same(tmp_path: Path) -> None:
    result, runs = bench_tracker.run([SCENE], every=3, without=["color"], open_one=lambda _c: Oracle(off=30))
    speeds = [Speed("two", 2, 4, 45, 1.2, 31.0, 30.5, 44.4, 512.0)]
    result = replace(result, speeds=speeds, stages=[StageTimes("two", 2, 33.3, {"detect": 17.7})])
    paths = bench_tracker.save(result, runs, tmp_path / "out")
    assert [path.name for path in paths] == ["tracker.json", "overview.png", "timelines.png"]
    stored = json.loads(paths[0].read_text())
    assert stored["every"] == 3
    assert stored["without"] == ["color"]
    assert stored["total"]["visible"]["median_mm"] == pytest.approx(30)
    assert stored["total"]["visible"]["pck"] == {"50": 1, "100": 1, "150": 1}
    assert stored["total"]["jitter"]["sigma_mm"] is None  # too few captures
    for path in paths[1:]:
        assert path.read_bytes().startswith(b"\x89PNG")
    with pytest.raises(OutputError, match=r"tracker\.json exists"):
        bench_tracker.save(result, runs, tmp_path / "out")

    text = printed(result)
    for expected in ("two?seconds=1", "30.0", "512.0", "17.7", "pelvis", "forearm", "all"):
        assert expected in text


def test_a_run_in_which_nobody_is_found_can_be_drawn_and_printed(tmp_path: Path) -> None:
    class Blind(Tracker):
        def track(self, capture: Capture) -> Bodies:
            return Bodies.none(capture.index, capture.device_usec)

    result, runs = bench_tracker.run([SCENE], every=9, without=["color"], open_one=lambda _c: Blind())
    assert result.total.detection.recall == 0
    assert np.isnan(result.total.visible.median_mm)
    assert result.total.visible.pck_all[150] == 0
    bench_tracker.save(result, runs, tmp_path)
    assert bench_plots.timelines(runs).axes
    assert "two?seconds=1" in printed(result)
