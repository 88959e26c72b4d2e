from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bodychan import Bodies, Calibration, Capture, open_camera, open_tracker
from bodychan.cameras.synthetic.camera import SyntheticCamera
from bodychan.errors import ParameterError
from bodychan.model.rotations import quaternion_to_matrix
from bodychan.model.skeleton import PARENTS, Confidence, Joint
from bodychan.tracking.builtin.observe.looks import Fate
from bodychan.tracking.builtin.tracker import BuiltinTracker

MAJOR = [
    Joint[f"{part}_{side}"]
    for part in ("SHOULDER", "ELBOW", "WRIST", "HIP", "KNEE", "ANKLE")
    for side in ("LEFT", "RIGHT")
]


@pytest.fixture(scope="module")
def walk() -> SyntheticCamera:
    return SyntheticCamera("synthetic:walk")


@pytest.fixture(scope="module")
def captures(walk: SyntheticCamera) -> list[Capture]:
    """Every third of the first captures, which is a walker at 10 fps."""
    return [c for c in (walk.read() for _ in range(45)) if c is not None][::3]


def run(calibration: Calibration, captures: Iterable[Capture], threads: int | None = None) -> list[Bodies]:
    with BuiltinTracker(calibration, threads=threads) as tracker:
        return [tracker.track(capture) for capture in captures]


def off(bodies: Bodies, truth: Bodies) -> float:
    return float(np.median(np.linalg.norm(bodies.positions[0] - truth.positions[0], axis=1)[MAJOR]))


def no_color(capture: Capture) -> Capture:
    return replace(capture, color_image=None, color_usec=None)


def no_ir(capture: Capture) -> Capture:
    return replace(no_color(capture), ir=None, ir_usec=None)


@pytest.mark.parametrize("seen_by", [lambda c: c, no_color, no_ir], ids=["colour", "ir", "depth alone"])
def test_a_walker_is_found_and_followed_under_one_id(
    walk: SyntheticCamera, captures: list[Capture], seen_by: Callable[[Capture], Capture]
) -> None:
    found = run(walk.calibration, [seen_by(c) for c in captures])
    assert [b.ids.tolist() for b in found] == [[1]] * len(captures)
    assert [b.frame for b in found] == [c.index for c in captures]
    assert [b.device_usec for b in found] == [c.device_usec for c in captures]
    assert np.median([off(b, walk.truth(c)) for b, c in zip(found, captures, strict=True)]) < 60
    for bodies in found:
        assert np.allclose(np.linalg.norm(bodies.orientations, axis=2), 1)
        assert np.isin(bodies.confidence, [0, 1, 2]).all()
        assert (bodies.confidence[0][MAJOR] == Confidence.MEDIUM).sum() >= 5


def test_the_infrared_of_another_makers_camera_is_not_looked_at(
    walk: SyntheticCamera, captures: list[Capture]
) -> None:
    """It may show the room's light or a pattern, which the network does not know."""
    other = replace(walk.calibration, depth_mode="640X576")
    noise = np.random.default_rng(1)
    noisy = [
        replace(c, ir=noise.integers(0, 256, c.ir.shape, np.uint16)) for c in captures[:3] if c.ir is not None
    ]
    expected = run(walk.calibration, [no_ir(c) for c in captures[:3]])
    for one, two in zip(expected, run(other, noisy), strict=True):
        assert len(one) == 1
        assert one.positions.tobytes() == two.positions.tobytes()


def test_left_is_the_walker_s_own_left(walk: SyntheticCamera, captures: list[Capture]) -> None:
    for bodies, capture in zip(run(walk.calibration, captures), captures, strict=True):
        truth = walk.truth(capture)
        for part in ("SHOULDER", "HIP"):
            sides = [Joint[f"{part}_LEFT"], Joint[f"{part}_RIGHT"]]
            found, true = (b.positions[0, sides] for b in (bodies, truth))
            assert (found[0] - found[1]) @ (true[0] - true[1]) > 0


def test_two_trackers_give_the_same_bytes_whatever_their_threads(
    walk: SyntheticCamera, captures: list[Capture]
) -> None:
    one, other = (run(walk.calibration, captures[:6], threads) for threads in (1, 3))
    for a, b in zip(one, other, strict=True):
        for name in ("ids", "positions", "orientations", "confidence"):
            assert getattr(a, name).tobytes() == getattr(b, name).tobytes()


@pytest.mark.parametrize("scene", ["walk", "two", "four"])
def test_a_run_of_captures_gives_the_same_bytes_as_one_after_the_other(scene: str) -> None:
    camera = SyntheticCamera(f"synthetic:{scene}")
    captures = [c for c in (camera.read() for _ in range(9)) if c is not None][::2]
    one = run(camera.calibration, captures, 1)
    with BuiltinTracker(camera.calibration, threads=4) as tracker:
        pairs = list(tracker.track_each(iter(captures)))
    assert [c for c, _ in pairs] == captures
    for a, (_, b) in zip(one, pairs, strict=True):
        assert len(a)
        for name in ("ids", "positions", "orientations", "confidence"):
            assert getattr(a, name).tobytes() == getattr(b, name).tobytes()


def test_to_explain_a_capture_is_to_track_it(walk: SyntheticCamera, captures: list[Capture]) -> None:
    expected = run(walk.calibration, captures[:6])
    with BuiltinTracker(walk.calibration) as tracker:
        found = [
            tracker.explain(capture).bodies if i % 2 else tracker.track(capture)
            for i, capture in enumerate(captures[:6])
        ]
    for a, b in zip(expected, found, strict=True):
        for name in ("ids", "positions", "orientations", "confidence"):
            assert getattr(a, name).tobytes() == getattr(b, name).tobytes()


def test_a_trace_tells_how_a_person_was_found_and_then_followed(
    walk: SyntheticCamera, captures: list[Capture]
) -> None:
    with BuiltinTracker(walk.calibration) as tracker:
        first, second = (tracker.explain(capture) for capture in captures[:2])
    assert all(find.proposal is not None for find in first.finds)
    assert second.finds[0].proposal is None
    assert second.finds[0].fate is Fate.PERSON
    for trace, capture in zip((first, second), captures, strict=False):
        assert trace.capture is capture
        assert list(trace.people) == [1]
        body = trace.people[1]
        assert any(find.look is body.look for find in trace.finds)
        assert np.allclose(trace.upright.to_camera(body.pose.joints), trace.bodies.positions[0])


def unsure(tracker: BuiltinTracker, monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on the network sees nobody."""
    look = tracker._network.look
    monkeypatch.setattr(tracker._network, "look", lambda *a, **how: replace(look(*a, **how), presence=0.1))


def test_whom_the_network_loses_stays_for_a_moment_with_nothing_called_seen(
    walk: SyntheticCamera, captures: list[Capture], monkeypatch: pytest.MonkeyPatch
) -> None:
    with BuiltinTracker(walk.calibration) as tracker:
        for capture in captures[:10]:
            tracker.track(capture)
        unsure(tracker, monkeypatch)
        found = [tracker.track(capture) for capture in captures[10:]]  # 10 fps
    assert [b.ids.tolist() for b in found] == [[1], [1], [], [], []]
    assert max(b.confidence.max() for b in found[:2]) == Confidence.LOW


def test_every_joint_hangs_on_its_parent_by_a_constant_bone(
    walk: SyntheticCamera, captures: list[Capture]
) -> None:
    parents = np.array(PARENTS[1:])
    bones = []
    for bodies in run(walk.calibration, captures):
        frames = quaternion_to_matrix(bodies.orientations[0])[parents]
        off = bodies.positions[0, 1:] - bodies.positions[0, parents]
        bones.append(np.einsum("jba,jb->ja", frames, off))
        assert bodies.errors_mm is not None
        assert 5 < np.median(bodies.errors_mm) < 60
    lengths = np.linalg.norm(bones, axis=2)
    directions = np.array(bones) / lengths[..., None]
    assert np.abs(directions - directions[0]).max() < 1e-6
    assert (lengths[5:].std(axis=0) / lengths[5:].mean(axis=0)).max() < 0.1


def test_limbs_keep_their_lengths(walk: SyntheticCamera, captures: list[Capture]) -> None:
    positions = np.array([b.positions[0] for b in run(walk.calibration, captures)])
    for part in ("ELBOW", "WRIST", "KNEE", "ANKLE"):
        for side in ("LEFT", "RIGHT"):
            child = Joint[f"{part}_{side}"]
            assert child.parent is not None
            lengths = np.linalg.norm(positions[:, child] - positions[:, child.parent], axis=1)
            assert lengths[5:].std() < 8


def turned(calibration: Calibration) -> Calibration:
    """What a sensor has that is turned clockwise, as seen from behind it: x becomes y, y becomes -x."""
    lens = calibration.lenses["depth"]
    p1, p2 = lens.tangential
    side = replace(
        lens,
        width=lens.height,
        height=lens.width,
        cx=lens.cy,
        cy=lens.width - 1 - lens.cx,
        fx=lens.fy,
        fy=lens.fx,
        tangential=(-p2, p1),
    )
    return replace(calibration, lenses={**calibration.lenses, "depth": side})


@pytest.mark.parametrize(("orientation", "quarters"), [("cw90", 1), ("flipped", 2), ("ccw90", 3)])
def test_a_sensor_mounted_on_its_side_or_head_sees_people_as_well(
    walk: SyntheticCamera, captures: list[Capture], orientation: str, quarters: int
) -> None:
    calibration = walk.calibration
    for _ in range(quarters):
        calibration = turned(calibration)
    straight = run(walk.calibration, map(no_color, captures))
    with BuiltinTracker(calibration, orientation=orientation) as tracker:
        for capture, expected in zip(map(no_color, captures), straight, strict=True):
            assert capture.depth is not None
            assert capture.ir is not None
            side = replace(
                capture, depth=np.rot90(capture.depth, quarters), ir=np.rot90(capture.ir, quarters)
            )
            found = tracker.track(side)
            assert found.ids.tolist() == [1]
            positions = expected.positions[0]
            for _ in range(quarters):
                positions = np.stack([positions[:, 1], -positions[:, 0], positions[:, 2]], axis=1)
            assert np.median(np.linalg.norm(found.positions[0] - positions, axis=1)) < 15


def test_a_negative_memory_is_refused(walk: SyntheticCamera) -> None:
    with pytest.raises(ParameterError, match="memory is -1"):
        BuiltinTracker(walk.calibration, memory=-1.0)


def test_an_unknown_orientation_is_refused(walk: SyntheticCamera) -> None:
    with pytest.raises(ParameterError, match="orientation 'cw80'"):
        BuiltinTracker(walk.calibration, orientation="cw80")


def test_an_empty_room_has_nobody_in_it() -> None:
    camera = SyntheticCamera("synthetic:empty")
    captures = [c for c in (camera.read() for _ in range(15)) if c is not None]
    assert [len(b) for b in run(camera.calibration, captures)] == [0] * 15
    assert [len(b) for b in run(camera.calibration, map(no_color, captures))] == [0] * 15


def test_two_people_have_two_ids_and_come_in_the_order_of_their_ids() -> None:
    camera = SyntheticCamera("synthetic:two")
    captures = [c for c in (camera.read() for _ in range(12)) if c is not None][::3]
    assert [b.ids.tolist() for b in run(camera.calibration, captures)] == [[1, 2]] * 4
    with open_tracker(camera.calibration, max_bodies=1) as tracker:
        assert [len(tracker.track(c)) for c in captures] == [1] * 4


def test_captures_that_lack_images_interrupt_nothing(walk: SyntheticCamera, captures: list[Capture]) -> None:
    script = list(captures[:7])
    script[2] = replace(no_ir(script[2]), depth=None, depth_usec=None)
    script[3] = replace(script[3], depth=None, depth_usec=None)
    script[4] = no_color(script[4])
    script[5] = no_ir(script[5])
    found = run(walk.calibration, script)
    assert [b.ids.tolist() for b in found] == [[1], [1], [], [], [1], [1], [1]]
    assert off(found[4], walk.truth(script[4])) < 80


def test_depth_without_a_single_valid_pixel_is_an_empty_room(
    walk: SyntheticCamera, captures: list[Capture]
) -> None:
    blind = [replace(c, depth=np.zeros((576, 640), np.uint16)) for c in captures[:3]]
    assert [len(b) for b in run(walk.calibration, blind)] == [0, 0, 0]


def test_joints_beyond_the_mode_s_range_have_no_confidence(
    walk: SyntheticCamera, captures: list[Capture]
) -> None:
    short = replace(walk.calibration, depth_mode="WFOV_UNBINNED")  # its range ends at 2.21 m
    seen = run(walk.calibration, captures[:1])[0]
    found = run(short, captures[:1])[0]
    far = seen.positions[0, :, 2] > 2210
    assert far.any()
    assert (found.confidence[0][far] == Confidence.NONE).all()
    assert np.array_equal(found.positions, seen.positions)


def test_a_real_device_s_view_of_a_desk_has_nobody_in_it(shared: Path) -> None:
    with open_camera(str(shared / "data" / "k4a" / "recording.mkv")) as camera:
        capture = camera.read()
        assert capture is not None
        times = [1_000_000 + 33_333 * i for i in range(15)]
        captures = [replace(capture, depth_usec=t) for t in times]
        for seen_by in (lambda c: c, no_color, no_ir):
            assert [len(b) for b in run(camera.calibration, map(seen_by, captures))] == [0] * 15


def test_who_comes_back_has_their_own_lengths(walk: SyntheticCamera, captures: list[Capture]) -> None:
    with SyntheticCamera("synthetic:empty") as camera:
        room = camera.read()
    assert room is not None
    began = captures[-1].device_usec
    away = [replace(room, depth_usec=began + n * 100_000, ir_usec=None, ir=None) for n in range(1, 9)]
    # Back where they were lost, seen from the hips up.
    depth = captures[-1].depth
    assert depth is not None
    half = depth.copy()
    half[half.shape[0] // 2 :] = 0
    back = [replace(captures[-1], depth=half, depth_usec=began + n * 100_000, ir=None) for n in range(9, 13)]
    found = run(walk.calibration, [no_ir(c) for c in [*captures, *away, *back]])
    assert found[len(captures) + len(away) - 1].ids.tolist() == []
    assert found[-1].ids.tolist() == [1]
    before, after = (
        np.linalg.norm(b.positions[0, 1:] - b.positions[0, list(PARENTS[1:])], axis=1)
        for b in (found[len(captures) - 1], found[-1])
    )
    assert np.abs(after / before - 1).max() < 0.02
