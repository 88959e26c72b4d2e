import ctypes
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from bodychan import Calibration
from bodychan.cameras.k4a.api import MICROSOFT, CalibrationStruct
from bodychan.cameras.k4a.handles import K4a
from bodychan.cameras.library import load
from bodychan.cameras.synthetic.device import calibration_json
from bodychan.errors import DeviceUnavailable, TrackerError, Unavailable
from bodychan.model.skeleton import JOINT_COUNT
from bodychan.tracking.k4abt.api import JOINT, K4ABT, Configuration, NativeTracker
from k4abt_standin import SIZE, Standin, build, numbered


@pytest.fixture(scope="module")
def libraries(tmp_path_factory: pytest.TempPathFactory) -> Standin:
    return build(tmp_path_factory.mktemp("k4abt"))


@pytest.fixture
def standin(libraries: Standin) -> Iterator[Standin]:
    libraries.reset()
    yield libraries
    libraries.check_nothing_left()


def make(
    standin: Standin, mode: int = 0, orientation: int = 0, gpu: int = 0, model: Path | None = None
) -> tuple[K4a, NativeTracker]:
    k4a = K4a(MICROSOFT, standin.k4a)
    raw = Calibration.from_json(calibration_json()).raw
    calibration = k4a.calibration(raw, "NFOV_2X2BINNED", "720P")
    functions = load(K4ABT, standin.k4abt)
    return k4a, NativeTracker(
        k4a, functions, calibration, orientation=orientation, processing_mode=mode, gpu=gpu, model=model
    )


def enqueue(k4a: K4a, tracker: NativeTracker, index: int, bodies: int = 1, wait_ms: int = 1000) -> bool:
    capture = numbered(index, bodies)
    assert capture.depth is not None
    assert capture.ir is not None
    with k4a.make_capture(capture.depth, capture.ir, capture.device_usec) as native:
        return tracker.enqueue(native, wait_ms)


def test_structs_have_the_sizes_of_the_headers() -> None:
    assert ctypes.sizeof(Configuration) == 24
    assert ctypes.sizeof(CalibrationStruct) == 1032
    assert JOINT.itemsize == 32
    assert JOINT_COUNT * JOINT.itemsize == 1024


def test_a_result_carries_what_the_library_gave(standin: Standin) -> None:
    k4a, tracker = make(standin)
    assert enqueue(k4a, tracker, 7, bodies=2)
    frame = tracker.pop(2000)
    tracker.destroy()
    assert frame is not None
    assert frame.device_usec == numbered(7).device_usec
    assert frame.ids.tolist() == [1, 2]
    expected = [(7, 10 * j, 1001) for j in range(JOINT_COUNT)]
    assert frame.joints["position"][1].tolist() == [list(p) for p in expected]
    half = 0.1 * np.arange(JOINT_COUNT)
    assert np.allclose(frame.joints["orientation"][0, :, 0], np.cos(half))
    assert np.allclose(frame.joints["orientation"][0, :, 2], np.sin(half))
    assert frame.joints["confidence"][0].tolist() == [j % 3 for j in range(JOINT_COUNT)]
    assert frame.index_map is not None
    assert frame.index_map.shape == SIZE
    assert np.unique(frame.index_map).tolist() == [0, 1, 255]


def test_the_index_map_may_be_missing(standin: Standin) -> None:
    standin.set(no_map=1)
    k4a, tracker = make(standin)
    enqueue(k4a, tracker, 1)
    frame = tracker.pop(2000)
    tracker.destroy()
    assert frame is not None
    assert frame.index_map is None


def test_waits_end_with_no_result_and_with_a_full_queue(standin: Standin) -> None:
    standin.set(full=1)
    k4a, tracker = make(standin)
    assert tracker.pop(1) is None
    assert not enqueue(k4a, tracker, 1, wait_ms=1)
    standin.set(full=0)
    assert enqueue(k4a, tracker, 1, wait_ms=1)
    tracker.destroy()


def test_after_shutdown_results_drain_and_then_calls_fail(standin: Standin) -> None:
    k4a, tracker = make(standin)
    enqueue(k4a, tracker, 1)
    tracker.shutdown()
    assert tracker.pop(2000) is not None
    with pytest.raises(TrackerError, match="no more results"):
        tracker.pop(2000)
    with pytest.raises(TrackerError, match="does not take a capture"):
        enqueue(k4a, tracker, 2)
    tracker.destroy()


def test_the_settings_reach_the_library(standin: Standin, tmp_path: Path) -> None:
    model = tmp_path / "modèle.onnx"
    _, tracker = make(standin, mode=4, orientation=3, gpu=2, model=model)
    tracker.set_smoothing(0.25)
    tracker.destroy()
    assert [standin.get(n) for n in ("processing_mode", "orientation", "gpu")] == [4, 3, 2]
    assert standin.get("smoothing_percent") == 25
    assert standin.model == str(model)


@pytest.mark.parametrize(
    ("mode", "words"),
    [
        (0, ["gpudefault", "graphics card number 3", "dnn_model_2_0_op11.onnx", "search path"]),
        (4, ["directml", "Windows only"]),
        (1, ["cpu"]),
    ],
)
def test_a_tracker_that_cannot_be_made_names_the_likely_causes(
    standin: Standin, mode: int, words: list[str]
) -> None:
    standin.set(create_fails=1)
    with pytest.raises(TrackerError) as caught:
        make(standin, mode=mode, gpu=3)
    message = str(caught.value)
    assert "\n" not in message
    assert all(word in message for word in words)
    assert ("graphics card" in message) == (mode != 1)


def test_a_model_that_is_refused_is_named(standin: Standin) -> None:
    standin.set(create_fails=1)
    with pytest.raises(TrackerError, match=r"lite\.onnx is not a model"):
        make(standin, model=Path("lite.onnx"))


def test_without_the_library_the_error_says_where_it_was_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BODYCHAN_K4ABT", "/nowhere/libk4abt.so")
    with pytest.raises(DeviceUnavailable, match=r"BODYCHAN_K4ABT names /nowhere/libk4abt\.so") as caught:
        load(K4ABT)
    assert caught.value.reason is Unavailable.NO_LIBRARY


def test_the_environment_variable_names_the_library_or_its_folder(
    standin: Standin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BODYCHAN_K4ABT", str(standin.k4abt.parent))
    K4a(MICROSOFT, standin.k4a)
    assert load(K4ABT).k4abt_frame_get_num_bodies.restype is ctypes.c_uint32


def test_another_library_in_its_place_is_refused(standin: Standin) -> None:
    with pytest.raises(DeviceUnavailable, match="no function k4abt_tracker_create") as caught:
        load(K4ABT, standin.k4a)
    assert caught.value.reason is Unavailable.WRONG_LIBRARY


def test_k4abt_loads_only_after_its_k4a(standin: Standin) -> None:
    code = (
        "import sys; from bodychan.cameras.k4a.handles import K4a\n"
        "from bodychan.cameras.k4a.api import MICROSOFT\n"
        "from bodychan.tracking.k4abt.api import K4ABT; from bodychan.cameras.library import load\n"
        "from bodychan.errors import DeviceUnavailable\n"
        "try: load(K4ABT, sys.argv[2])\n"
        "except DeviceUnavailable as error: print(error)\n"
        "K4a(MICROSOFT, sys.argv[1]); load(K4ABT, sys.argv[2]); print('loaded')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, standin.k4a, standin.k4abt], capture_output=True, text=True, check=True
    )
    refused, loaded = done.stdout.splitlines()
    assert "libk4a-" in refused
    assert loaded == "loaded"


def test_importing_the_binding_loads_no_library() -> None:
    code = (
        "import bodychan.tracking.k4abt.api, bodychan.tracking.k4abt.tracker\n"
        "print(any('libk4a' in line for line in open('/proc/self/maps')))"
    )
    if sys.platform != "linux":
        pytest.skip("looks into /proc/self/maps")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
