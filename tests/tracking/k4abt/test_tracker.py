import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import k4abt_standin
import libk4arecord
from bodychan import Bodies, Calibration, Capture
from bodychan.cameras.synthetic.device import calibration_json
from bodychan.errors import CameraError, ParameterError, TrackerError
from bodychan.model.skeleton import JOINT_COUNT
from bodychan.optics.compose import compose
from bodychan.optics.lens import Lens
from bodychan.testing import check_tracker
from bodychan.tracking.k4abt import pump as k4abt_pump
from bodychan.tracking.k4abt.api import INVALID_ID, JOINT, BodyFrame
from bodychan.tracking.k4abt.pump import Counts, bodies_of
from bodychan.tracking.k4abt.tracker import K4abtTracker
from k4abt_standin import SIZE, Standin, build, numbered

MODE = "NFOV_2X2BINNED"


@pytest.fixture(scope="module")
def libraries(tmp_path_factory: pytest.TempPathFactory) -> Standin:
    return build(tmp_path_factory.mktemp("k4abt"))


@pytest.fixture
def standin(libraries: Standin) -> Iterator[Standin]:
    libraries.reset()
    yield libraries
    libraries.check_nothing_left()
    assert not [t.name for t in threading.enumerate() if t.name.startswith("bodychan-k4abt")]


@pytest.fixture
def open_one(standin: Standin) -> Callable[..., K4abtTracker]:
    calibration = Calibration.from_json(calibration_json(), MODE)

    def opened(*, wait: bool = True, **others: object) -> K4abtTracker:
        options = {"library": standin.k4abt, "k4a_library": standin.k4a} | others
        return K4abtTracker(calibration, wait=wait, **options)  # type: ignore[arg-type]

    return opened


Open = Callable[..., K4abtTracker]


def seen(bodies: Bodies) -> list[int]:
    """The number of the capture that each body was made of."""
    return [round(x) for x in bodies.positions[:, 0, 0]]


def test_it_keeps_the_contract_of_trackers(standin: Standin, open_one: Open) -> None:
    captures = [numbered(i, bodies=i % 4) for i in range(1, 20)]
    captures[5] = Capture(index=6, depth_usec=captures[5].depth_usec, depth=captures[5].depth)
    check_tracker(open_one, captures)


def test_bodies_are_what_the_library_gave(standin: Standin, open_one: Open) -> None:
    with open_one() as tracker:
        bodies = tracker.track(numbered(7, bodies=3))
    assert (bodies.frame, bodies.device_usec) == (7, numbered(7).device_usec)
    assert bodies.ids.tolist() == [1, 2, 3]
    assert bodies.positions[2, 5].tolist() == [7, 50, 1002]
    assert np.allclose(bodies.orientations[0, 4], [np.cos(0.4), 0, np.sin(0.4), 0])
    assert bodies.confidence[1].tolist() == [j % 3 for j in range(JOINT_COUNT)]
    assert bodies.index_map is not None
    assert bodies.index_map.shape == SIZE
    assert bodies.index_map[0, [0, 100, 200, 319]].tolist() == [0, 1, 2, 255]
    assert not bodies.index_map.flags.writeable


def test_500_captures_with_random_delays_come_out_once_each_and_in_order(
    standin: Standin, open_one: Open
) -> None:
    standin.set(delay_usec=200, jitter_usec=5000, seed=7)
    with open_one() as tracker:
        results = list(tracker.track_each(numbered(i, bodies=1 + i % 3) for i in range(1, 501)))
        assert tracker.counts == Counts()
    assert [capture.index for capture, _ in results] == list(range(1, 501))
    for capture, bodies in results:
        assert bodies.frame == capture.index
        assert bodies.device_usec == capture.device_usec
        assert seen(bodies) == [capture.index] * (1 + capture.index % 3)
    assert standin.get("enqueued") == standin.get("popped") == 500
    assert standin.get("most_inside") > 1, "captures went in one by one, in lock step"


def test_several_captures_at_a_time_give_what_one_by_one_gives(standin: Standin, open_one: Open) -> None:
    standin.set(jitter_usec=3000)
    captures = [numbered(i, bodies=i % 3) for i in range(1, 40)]
    with open_one() as tracker:
        one_by_one = [tracker.track(capture) for capture in captures]
    with open_one() as tracker:
        together = [bodies for _, bodies in tracker.track_each(captures)]
    for a, b in zip(one_by_one, together, strict=True):
        assert a.positions.tobytes() == b.positions.tobytes()
        assert a.index_map is not None
        assert b.index_map is not None
        assert a.index_map.tobytes() == b.index_map.tobytes()


def test_without_wait_the_newest_finished_bodies_come_at_once(standin: Standin, open_one: Open) -> None:
    standin.set(delay_usec=8000, jitter_usec=8000)
    pause = threading.Event()
    given_back: list[int] = []
    with open_one(wait=False) as tracker:
        first = tracker.track(numbered(1))
        assert (len(first), first.frame) == (0, 0)
        for i in range(2, 401):
            bodies = tracker.track(numbered(i))
            given_back.append(bodies.frame)
            assert len(bodies) == 0 or seen(bodies) == [bodies.frame]
            pause.wait(0.002)
        counts = tracker.counts
    assert all(a <= b for a, b in pairwise(given_back[20:])), "an older result came after a newer one"
    assert given_back[-1] > 300, "the newest result is old"
    assert counts.dropped > 50
    # One may have waited, and one have been on its way in, when the tracker was closed.
    assert 398 <= counts.dropped + standin.get("enqueued") <= 400, "a capture was lost, or counted twice"


def test_without_wait_a_camera_that_is_slower_loses_nothing(standin: Standin, open_one: Open) -> None:
    frames = set()
    pause = threading.Event()
    with open_one(wait=False) as tracker:
        for i in range(1, 31):
            frames.add(tracker.track(numbered(i)).frame)
            while standin.get("popped") < i:
                pause.wait(0.002)
        assert tracker.counts.dropped == 0
    assert len(frames) > 15


def test_captures_without_depth_or_infrared_have_no_bodies_and_stop_nothing(
    standin: Standin, open_one: Open
) -> None:
    whole = [numbered(i) for i in range(1, 13)]
    captures = [
        c
        if c.index % 3
        else Capture(index=c.index, depth=c.depth, depth_usec=c.depth_usec)
        if c.index % 2
        else Capture(index=c.index, ir=c.ir, ir_usec=c.ir_usec)
        for c in whole
    ]
    with open_one() as tracker:
        results = list(tracker.track_each(captures))
    assert [len(bodies) for _, bodies in results] == [1, 1, 0] * 4
    assert [bodies.frame for _, bodies in results] == list(range(1, 13))
    assert all(bodies.index_map is None for _, bodies in results[2::3])


@pytest.mark.parametrize("fault", ["nan_at", "inf_at", "no_turn_at", "no_skeleton_at"])
def test_a_body_that_is_no_number_is_left_out_and_counted(
    standin: Standin, open_one: Open, fault: str
) -> None:
    standin.set(**{fault: 3})
    with open_one() as tracker:
        results = [tracker.track(numbered(i, bodies=2)) for i in range(1, 6)]
        assert tracker.counts == Counts(left_out=1)
    assert [len(bodies) for bodies in results] == [2, 2, 1, 2, 2]
    assert results[2].ids.tolist() == [2]
    index_map = results[2].index_map
    assert index_map is not None
    assert index_map[0, [0, 160, 319]].tolist() == [255, 0, 255], "the map names rows of Bodies"


def test_a_body_with_the_invalid_id_is_left_out(standin: Standin, open_one: Open) -> None:
    standin.set(no_id_at=1)
    with open_one() as tracker:
        bodies = tracker.track(numbered(1, bodies=2))
        assert tracker.counts == Counts()
    assert bodies.ids.tolist() == [2]


def test_a_capture_that_the_library_skips_has_no_bodies_and_the_others_keep_theirs(
    standin: Standin, open_one: Open
) -> None:
    standin.set(skip_at=4)
    with open_one() as tracker:
        results = list(tracker.track_each(numbered(i) for i in range(1, 10)))
        assert tracker.counts == Counts(skipped=1)
    assert [seen(bodies) for _, bodies in results] == [[i] if i != 4 else [] for i in range(1, 10)]


@pytest.mark.parametrize("wait", [True, False])
def test_a_tracker_that_dies_says_so_at_every_call_and_can_be_opened_again(
    standin: Standin, open_one: Open, wait: bool
) -> None:
    standin.set(die_at=5)
    pause = threading.Event()
    with open_one(wait=wait) as tracker:
        with pytest.raises(TrackerError, match="close the tracker and open it again"):
            for i in range(1, 100):
                tracker.track(numbered(i))
                pause.wait(0.005)
        with pytest.raises(TrackerError, match="close the tracker"):
            tracker.track(numbered(100))
    standin.set(die_at=-1)
    with open_one() as tracker:
        assert seen(tracker.track(numbered(101))) == [101]


def test_a_tracker_that_hangs_is_noticed(
    standin: Standin, open_one: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(k4abt_pump, "_PATIENCE", 5)
    monkeypatch.setattr(k4abt_pump, "_WAIT_MS", 20)
    standin.set(hang_at=3)
    with open_one() as tracker:
        assert [seen(tracker.track(numbered(i))) for i in (1, 2)] == [[1], [2]]
        with pytest.raises(TrackerError, match="nothing for capture 3"):
            tracker.track(numbered(3))


def test_a_queue_that_stays_full_is_noticed(
    standin: Standin, open_one: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(k4abt_pump, "_PATIENCE", 5)
    monkeypatch.setattr(k4abt_pump, "_WAIT_MS", 20)
    standin.set(full=1)
    with open_one() as tracker, pytest.raises(TrackerError, match="nothing for capture 1"):
        tracker.track(numbered(1))


def test_without_wait_a_full_queue_lets_the_newest_in(
    standin: Standin, open_one: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(k4abt_pump, "_WAIT_MS", 5)
    standin.set(full=1)
    pause = threading.Event()
    with open_one(wait=False) as tracker:
        for i in range(1, 41):
            tracker.track(numbered(i))
            pause.wait(0.005)
        pause.wait(0.1)
        assert tracker.counts.dropped == 39
        standin.set(full=0)
        while standin.get("popped") == 0:
            pause.wait(0.01)
        pause.wait(0.1)
        assert tracker.track(numbered(41)).frame == 40


@pytest.mark.parametrize("wait", [True, False])
def test_closing_while_busy_ends_the_threads_and_releases_everything(
    standin: Standin, open_one: Open, wait: bool
) -> None:
    standin.set(delay_usec=20_000)
    tracker = open_one(wait=wait)
    if wait:
        flying = tracker.track_each(numbered(i) for i in range(1, 50))
        next(flying)
    else:
        for i in range(1, 20):
            tracker.track(numbered(i))
    tracker.close()
    tracker.close()
    standin.check_nothing_left()
    with pytest.raises(TrackerError, match="closed"):
        tracker.track(numbered(51))
    with pytest.raises(TrackerError, match="closed"):
        list(flying if wait else tracker.track_each([numbered(52)]))


def test_a_run_that_is_given_up_leaves_the_tracker_usable(standin: Standin, open_one: Open) -> None:
    with open_one() as tracker:
        for capture, _ in tracker.track_each(numbered(i) for i in range(1, 100)):
            if capture.index == 10:
                break
        assert seen(tracker.track(numbered(200))) == [200]


def test_where_reading_fails_the_captures_before_are_given_first(standin: Standin, open_one: Open) -> None:
    def broken() -> Iterator[Capture]:
        yield from (numbered(i) for i in range(1, 6))
        raise CameraError("cluster 6 is cut off")

    got: list[int] = []
    with open_one() as tracker, pytest.raises(CameraError, match="cut off"):
        got.extend(bodies.frame for _, bodies in tracker.track_each(broken()))
    assert got == [1, 2, 3, 4, 5]


def test_a_program_that_forgets_to_close_its_tracker_still_ends(standin: Standin) -> None:
    code = (
        "import sys; from pathlib import Path; from k4abt_standin import numbered\n"
        "from bodychan import Calibration; from bodychan.cameras.synthetic.device import calibration_json\n"
        "from bodychan.tracking.k4abt.tracker import K4abtTracker\n"
        "k4a, k4abt = map(Path, sys.argv[1:3])\n"
        f"calibration = Calibration.from_json(calibration_json(), {MODE!r})\n"
        "tracker = K4abtTracker(calibration, library=k4abt, k4a_library=k4a)\n"
        "run = tracker.track_each(numbered(i) for i in range(1, 50))\n"
        "print(next(run)[1].frame)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, standin.k4a, standin.k4abt],
        cwd=Path(k4abt_standin.__file__).parent,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert (done.stdout, done.stderr) == ("1\n", "")


def test_memory_stays_flat(standin: Standin, open_one: Open) -> None:
    def resident_mb() -> float:
        return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6

    with open_one() as tracker:
        for _ in tracker.track_each(numbered(i, bodies=3) for i in range(1, 200)):
            pass
        before = resident_mb()
        for _ in tracker.track_each(numbered(i, bodies=3) for i in range(200, 1400)):
            pass
        grown = resident_mb() - before
    # 1200 captures and index maps are 550 MB.
    assert grown < 20


def test_two_trackers_work_side_by_side(standin: Standin, open_one: Open) -> None:
    with open_one() as one, open_one() as other:
        runs = zip(
            one.track_each(numbered(i) for i in range(1, 30)),
            other.track_each(numbered(i) for i in range(101, 130)),
            strict=True,
        )
        for (a, a_bodies), (b, b_bodies) in runs:
            assert (seen(a_bodies), seen(b_bodies)) == ([a.index], [b.index])


def test_passive_infrared_is_refused(standin: Standin) -> None:
    calibration = Calibration.from_json(calibration_json(), "PASSIVE_IR")
    with pytest.raises(TrackerError, match="PASSIVE_IR has none: use NFOV_UNBINNED"):
        K4abtTracker(calibration, library=standin.k4abt, k4a_library=standin.k4a)


def test_another_makers_camera_is_refused(standin: Standin) -> None:
    lens = Lens(848, 480, 424.0, 240.0, 430.0, 430.0, (0.0,) * 6, (0.0, 0.0))
    calibration = compose("848X480", None, {"depth": lens}, {})
    with pytest.raises(TrackerError, match="not images of 848X480: use the built-in tracker"):
        K4abtTracker(calibration, library=standin.k4abt, k4a_library=standin.k4a)


def test_an_image_of_another_mode_is_refused_with_both_sizes(standin: Standin, open_one: Open) -> None:
    big = Capture(index=3, depth=np.zeros((576, 640), np.uint16), ir=np.zeros((576, 640), np.uint16))
    with open_one() as tracker:
        with pytest.raises(TrackerError, match=r"depth image of capture 3 is 640x576.* has 320x288"):
            tracker.track(big)
        assert seen(tracker.track(numbered(4))) == [4]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"processing_mode": "directx"}, "processing mode 'directx': did you mean 'directml'"),
        ({"orientation": "flip"}, "sensor orientation 'flip': did you mean 'flipped'"),
        ({"hardware": "kinect"}, "hardware 'kinect'"),
        ({"smoothing": 1.5}, "smoothing is 1.5, must be from 0 to 1"),
        ({"smoothing": float("nan")}, "smoothing is nan"),
    ],
)
def test_unknown_settings_are_refused(open_one: Open, options: dict[str, object], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        open_one(**options)


def test_a_model_that_is_not_there_is_refused(open_one: Open) -> None:
    with pytest.raises(TrackerError, match=r"no model /nowhere/lite.onnx"):
        open_one(model=Path("/nowhere/lite.onnx"))


@pytest.mark.parametrize("missing", ["library", "k4a_library"])
def test_a_missing_library_is_named(open_one: Open, missing: str) -> None:
    with pytest.raises(TrackerError, match=r"k4abt cannot be used: /nowhere/lib\.so"):
        open_one(**{missing: Path("/nowhere/lib.so")})


def test_a_tracker_that_cannot_be_made_leaves_nothing_behind(standin: Standin, open_one: Open) -> None:
    standin.set(create_fails=1)
    with pytest.raises(TrackerError, match="does not make a tracker in processing mode cpu"):
        open_one(processing_mode="cpu")


def test_the_settings_reach_the_library(standin: Standin, open_one: Open) -> None:
    open_one(processing_mode="cpu", orientation="ccw90", gpu=1, smoothing=0.5).close()
    names = ("processing_mode", "orientation", "gpu", "smoothing_percent")
    assert [standin.get(name) for name in names] == [1, 2, 1, 50]


def test_captures_go_through_microsofts_own_libk4a(tmp_path: Path) -> None:
    folder = libk4arecord.find_folder()
    if folder is None:
        pytest.skip(libk4arecord.HINT)
    standin = build(tmp_path, next(folder.glob("libk4a[-.]*so*")))
    standin.reset()
    calibration = Calibration.from_json(calibration_json(), MODE)
    with K4abtTracker(calibration, library=standin.k4abt, k4a_library=standin.k4a) as tracker:
        assert standin.get("depth_mode") == 1, "the calibration is that of NFOV_2X2BINNED"
        results = list(tracker.track_each(numbered(i, bodies=2) for i in range(1, 60)))
    assert [seen(bodies) for _, bodies in results] == [[i, i] for i in range(1, 60)]
    standin.check_nothing_left()


numbers = st.sampled_from([0.0, 1.0, -2000.0, 3e38, float("nan"), float("inf"), 1e-30])


@given(st.data(), st.integers(0, 6))
def test_whatever_the_library_gives_bodies_are_sound(data: st.DataObject, count: int) -> None:
    joints = np.zeros((count, JOINT_COUNT), JOINT)
    joints["orientation"][..., 0] = 1
    ids = np.arange(1, count + 1, dtype=np.uint32)
    for i in range(count):
        joint = data.draw(st.integers(0, JOINT_COUNT - 1))
        joints["position"][i, joint, 1] = data.draw(numbers)
        joints["orientation"][i, joint, 0] = data.draw(numbers)
        joints["confidence"][i, joint] = data.draw(st.integers(-5, 300))
        if data.draw(st.booleans()):
            ids[i] = INVALID_ID
    index_map = np.arange(256, dtype=np.uint8).reshape(16, 16)
    bodies, left_out = bodies_of(BodyFrame(9, ids, joints, index_map), Capture(index=5))
    assert len(bodies) + left_out + (ids == INVALID_ID).sum() == count
    assert np.allclose(np.linalg.norm(bodies.orientations, axis=-1), 1)
    assert (bodies.confidence <= 3).all()
    assert bodies.index_map is not None
    for row, body in enumerate(bodies.ids):
        assert bodies.index_map.flat[body - 1] == row
    assert (bodies.index_map < 255).sum() == len(bodies)
