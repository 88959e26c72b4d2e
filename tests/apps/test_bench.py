import re
from pathlib import Path

import numpy as np
import pytest

from bodychan import Channels
from bodychan.apps import bench
from bodychan.errors import CameraError
from recordings import make_capture, write_recording


def test_reading_goes_round_when_the_recording_ends(tmp_path: Path) -> None:
    path = tmp_path / "take.mkv"
    write_recording(path, [make_capture(number) for number in (1, 2, 3)])
    assert re.match(r"7 captures in .* captures/s; peak memory \d+ MB", bench.read(str(path), 7))


def test_a_scene_too_short_to_measure_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    one = Channels(("frame",), np.ones((1, 1)), 30)
    monkeypatch.setattr(bench, "rows", lambda *_: iter([one]))
    with pytest.raises(CameraError, match="too few captures"):
        bench.convert("synthetic:empty?seconds=0.1")


def test_the_best_time_is_the_shortest() -> None:
    calls: list[int] = []
    assert 0 <= bench.best_of(lambda: calls.append(1), seconds=0.01) < 0.01
    assert len(calls) > 1
