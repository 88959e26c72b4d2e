import os
import sys
from pathlib import Path

import pytest

from bodychan import open_tracker
from bodychan.errors import BodychanError, CameraError
from bodychan.evaluation import speed as bench_speed
from bodychan.evaluation.truth import Known


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux keeps a process to some cores")
def test_a_scene_is_recorded_and_converted_on_the_cores_asked_for() -> None:
    scene = Known("nocolor?seconds=0.2", "synthetic:nocolor?seconds=0.2", None)
    (speed,) = bench_speed.measure([(scene, 1)], [1])
    assert (speed.name, speed.people, speed.cores, speed.captures) == ("nocolor?seconds=0.2", 1, 1, 6)
    assert 1 < speed.captures_per_s < 1000
    assert speed.median_ms <= speed.p95_ms
    assert 100 < speed.peak_memory_mb < 2000
    assert speed.start_s > 0


def test_the_stages_of_the_tracker_take_a_part_of_its_time() -> None:
    scene = Known("nocolor", "synthetic:nocolor", None)
    found = bench_speed.stage_times(scene, 1, open_tracker, captures=5)
    assert (found.name, found.people) == ("nocolor", 1)
    assert {"articulate", "crop", "network"} <= found.stages_ms.keys()
    assert 0 < found.stages_ms["network"] < found.whole_ms < 2000
    assert max(found.stages_ms.values()) <= found.whole_ms
    assert list(found.stages_ms.values()) == sorted(found.stages_ms.values(), reverse=True)


def test_more_cores_than_there_are_cannot_be_had() -> None:
    number = (os.cpu_count() or 1) + 1
    with pytest.raises(BodychanError, match=f"{number} cores"):
        bench_speed.measure([], [number])


def test_a_system_that_cannot_choose_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert bench_speed.measure([], [os.cpu_count() or 1]) == []
    with pytest.raises(BodychanError, match="only on Linux"):
        bench_speed.measure([], [(os.cpu_count() or 1) + 1])


def test_what_went_wrong_in_the_other_process_is_told(tmp_path: Path) -> None:
    recording = tmp_path / "gone.mkv"
    known = Known("gone", str(recording), tmp_path / "gone.gt.json")
    with pytest.raises(CameraError, match=r"converting .*gone\.mkv on 1 cores failed: .*gone\.mkv"):
        bench_speed.measure([(known, 1)], [1])
