"""Slices of a timeline that goes where a test sends it, over a camera whose captures tell their number."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bodychan import Calibration, Capture, ImuSample, KinectAzureCHOP, KinectAzureTOP, Project
from bodychan.errors import OperatorError
from bodychan.operators.kinect.playback import Playback
from bodychan.operators.trail import Trail
from scripted import PERIOD_USEC, ScriptedCamera, ScriptedTracker, install
from standins import until

FIRST_USEC = 1_000_000


def imu(number: int, usec: int) -> ImuSample:
    return ImuSample(np.array([number, 0, 0], np.float32), usec, np.zeros(3, np.float32), usec)


def numbered(count: int) -> list[Capture]:
    """Captures at 30 fps; four inertial samples each, evenly over the time since the capture before."""
    captures = []
    for i in range(count):
        usec = FIRST_USEC + i * PERIOD_USEC
        samples = tuple(imu(4 * i + k, usec - (3 - k) * PERIOD_USEC // 4) for k in range(4))
        captures.append(Capture(index=i + 1, depth_usec=usec, imu=samples))
    return captures


class SeekingCamera(ScriptedCamera):
    def _seek(self, device_usec: int) -> None:
        times = [c.device_usec for c in self._captures if isinstance(c, Capture)]
        self._at = sum(usec < device_usec for usec in times)


Make = Callable[..., tuple[Project, KinectAzureCHOP]]


@pytest.fixture
def make(monkeypatch: pytest.MonkeyPatch, calibration: Calibration) -> Make:
    install(
        monkeypatch,
        lambda: SeekingCamera(calibration, numbered(90)),
        lambda: ScriptedTracker(lambda _capture: [1]),
    )

    def made(
        fps: float = 60, loop: bool = False, realtime: bool = False, **values: object
    ) -> tuple[Project, KinectAzureCHOP]:
        project = Project(fps=fps, realtime=realtime)
        project.create(KinectAzureTOP, "top", sensor="scripted", playback=Playback(loop=loop))
        values = {"timeslice": True, "top": "top", "worldspace": False, "imuchans": True} | values
        return project, project.create(KinectAzureCHOP, "bodies", **values)

    return made


def frames(chop: KinectAzureCHOP) -> list[float]:
    return chop["frame"].vals


def test_a_slice_covers_the_frames_since_the_last_cook(make: Make) -> None:
    project, chop = make()
    project.step(73)
    chop.cook()
    project.step(4)
    assert (chop.start, chop.end, chop.numSamples, chop.isTimeSlice) == (73, 76, 4, True)
    # Captures begin at 0, 2, 4 ... of the timeline's samples.
    assert frames(chop) == [37, 38, 38, 39]


def test_a_slice_is_asked_by_frame(make: Make) -> None:
    project, chop = make()
    project.step(73)
    chop.cook()
    project.step(4)
    assert [chop["frame"].evalFrame(frame) for frame in (1, 74, 75, 77, 99)] == [37, 37, 38, 39, 39]
    assert chop.channels.isTimeSlice


def test_without_time_slice_there_is_one_sample(make: Make) -> None:
    project, chop = make(timeslice=False)
    project.step(73)
    chop.cook()
    project.step(4)
    assert (chop.start, chop.numSamples, chop.isTimeSlice) == (76, 1, False)
    assert frames(chop) == [39]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(1, 12), min_size=1, max_size=12), st.sampled_from([24, 30, 50, 60]))
def test_slices_joined_are_what_one_cook_a_frame_gives(make: Make, steps: list[int], fps: int) -> None:
    sliced, chop = make(fps)
    # 200 ms at 24 fps are 4 frames: longer steps lose samples, which is another test's.
    steps = [1, *(min(step, fps // 5) for step in steps)]
    parts = []
    for step in steps:
        sliced.step(step)
        parts.append(chop.channels)
        assert chop.warnings() == ""
    single, other = make(fps, timeslice=False)
    whole = []
    for _ in range(sum(steps)):
        single.step()
        whole.append(other.channels.samples)
    assert [start for p in parts for start in range(int(p.start), int(p.end) + 1)] == list(range(sum(steps)))
    np.testing.assert_array_equal(
        np.concatenate([p.samples for p in parts], axis=1), np.concatenate(whole, 1)
    )


def test_the_inertial_sensor_is_followed_between_captures(make: Make) -> None:
    project, chop = make(fps=120)
    project.step(1)
    chop.cook()
    project.step(8)
    assert chop["imu:accelx"].vals == [4, 5, 6, 7, 8, 9, 10, 11]


def test_a_forced_cook_and_a_changed_parameter_repeat_the_slice(make: Make) -> None:
    project, chop = make()
    project.step(3)
    chop.cook()
    project.step(5)
    once = chop.channels
    chop.cook(force=True)
    again = chop.channels
    assert (again.start, again.numSamples) == (once.start, once.numSamples) == (3, 5)
    np.testing.assert_array_equal(again.samples, once.samples)
    chop.par.confidence = True
    assert (chop.start, chop.numSamples) == (3, 5)
    project.step()
    assert (chop.start, chop.numSamples) == (8, 1)


def test_after_a_slow_cook_a_slice_is_cut_at_its_old_end_with_a_warning(make: Make) -> None:
    project, chop = make()
    project.step()
    chop.cook()
    project.step(12)
    assert (chop.numSamples, chop.warnings()) == (12, "")
    project.step(30)
    assert (chop.start, chop.end, chop.numSamples) == (31, 42, 12)
    assert chop.warnings() == (
        "/project1/bodies: 500 ms since the last cook, the oldest 18 samples are lost: cook more often"
    )
    project.step()
    assert (chop.start, chop.numSamples, chop.warnings()) == (43, 1, "")


def test_a_jump_begins_a_new_slice_and_the_recording_follows(make: Make) -> None:
    project, chop = make()
    project.step(10)
    chop.cook()
    project.jump(121)
    assert (chop.start, chop.numSamples, frames(chop)) == (120, 1, [61])
    project.step(2)
    assert (chop.start, frames(chop)) == (121, [61, 62])
    project.jump(5)
    assert (chop.start, chop.numSamples, frames(chop)) == (4, 1, [3])
    project.step(3)
    assert (chop.start, frames(chop)) == (5, [3, 4, 4])


def test_a_jump_past_the_end_of_a_loop_begins_it_again(make: Make) -> None:
    project, chop = make(loop=True)
    project.step()
    project.jump(601)
    assert frames(chop) == [1]
    project.step(4)
    assert frames(chop) == [1, 2, 2, 3]


def test_a_jump_to_no_frame_is_refused(make: Make) -> None:
    with pytest.raises(OperatorError, match="no frame 0: the timeline counts from 1"):
        make()[0].jump(0)


def test_a_timeline_that_stands_gives_the_same_slice_again(make: Make) -> None:
    project, chop = make()
    project.step(4)
    chop.cook()
    project.step(2)
    once = chop.channels
    assert chop.channels is once


def test_a_new_frame_rate_begins_a_new_slice(make: Make) -> None:
    project, chop = make(fps=60)
    project.step(61)
    assert frames(chop) == [31]
    project.fps = 30
    # Frame 61 is second 2 now.
    assert (chop.rate, chop.start, chop.numSamples, frames(chop)) == (30, 60, 1, [61])
    project.step(3)
    assert (chop.start, frames(chop)) == (61, [62, 63, 64])


def test_in_real_time_bodies_count_from_the_frame_at_which_they_are_found(make: Make) -> None:
    project, chop = make(realtime=True)
    project.step()
    chop.cook()
    slices: list[list[float]] = []

    def came() -> bool:
        project.step(4)
        slices.append(frames(chop))
        return chop["p1/id"].vals[-1] == 1

    until(came, "the bodies")
    assert all(len(each) == 4 for each in slices)
    for earlier, later in pairwise(slices):
        assert later[:3] == [earlier[-1]] * 3
    project.close()


def test_linear_goes_from_capture_to_capture(make: Make) -> None:
    project, chop = make(fps=120, interp="linear", worldspace=True)
    project.step()
    chop.cook()
    project.step(8)
    held = chop["frame"].vals
    assert held == [1, 1, 1, 2, 2, 2, 2, 3]
    assert chop["imu:accelx"].vals == pytest.approx([4, 5, 6, 7, 8, 9, 10, 11], abs=0.01)
    assert len(set(chop["p1/head:tx"].vals)) == 1


def test_convert_gives_one_sample_a_capture_with_time_slice_too(make: Make) -> None:
    from bodychan import track

    make()
    rows = list(track("scripted", timeslice=True))
    assert [(row.numSamples, row["frame"][0]) for row in rows] == [(1, i + 1) for i in range(90)]


def test_memory_stays_flat(make: Make) -> None:
    project, chop = make(loop=True, realtime=True)
    top = project.op("top")
    assert isinstance(top, KinectAzureTOP)
    for _ in range(300):
        project.step()
        chop.cook()
    assert len(top.bodies_trail.between(-1e9, 1e9)) < 20
    assert len(top.imu_trail.between(-1e9, 1e9)) < 80
    project.close()


def test_scope_limits_what_comes_out(make: Make) -> None:
    project, chop = make(worldspace=True, scope="p1/*:tx ^*_l:* frame")
    project.step()
    assert chop.channels.names[:2] == ("frame", "p1/pelvis:tx")
    assert not [name for name in chop.channels.names if "_l:" in name]
    assert chop["frame"] == 1
    chop.par.scope = "nothing"
    assert not chop.channels.samples.any()
    assert "scope 'nothing' chooses none of its 106 channels (frame, timestamp, p1/id, …)" in chop.errors()


def test_a_scope_that_does_not_parse_is_an_error_and_the_channels_are_zero(make: Make) -> None:
    project, chop = make(worldspace=True, scope="[12")
    project.step()
    assert chop.numChans == 99 + 7
    assert not chop.channels.samples.any()
    assert "is not closed" in chop.errors()


def test_values_of_the_inertial_sensor_that_are_no_numbers_are_zero_and_a_warning(
    monkeypatch: pytest.MonkeyPatch, calibration: Calibration
) -> None:
    bad = ImuSample(np.array([np.nan, 1, 2], np.float32), 5, np.array([np.inf, 0, 0], np.float32), 5)
    capture = Capture(index=1, depth_usec=FIRST_USEC, imu=(bad,))
    install(monkeypatch, lambda: SeekingCamera(calibration, [capture]), lambda: ScriptedTracker(lambda _: []))
    project = Project()
    project.create(KinectAzureTOP, "top", sensor="scripted")
    chop = project.create(KinectAzureCHOP, "bodies", top="top", imuchans=True)
    project.step()
    assert (chop["imu:accelx"], chop["imu:accely"], chop["imu:gyrox"]) == (0.0, 1.0, 0.0)
    assert "not finite, set to 0: 2 values of the inertial sensor, at 5 µs" in chop.warnings()


def test_a_trail_keeps_what_the_first_sample_holds() -> None:
    trail: Trail[str] = Trail()
    for seconds, value in ((0.0, "a"), (1.0, "b"), (2.0, "c")):
        trail.add(seconds, value)
    assert trail.between(1.5, 2.5) == [(1.0, "b"), (2.0, "c")]
    assert trail.between(-1.0, 0.5) == [(0.0, "a")]
    assert trail.between(-2.0, -1.0) == []
    trail.forget(2.0)
    assert trail.between(0.0, 9.0) == [(1.0, "b"), (2.0, "c")]
