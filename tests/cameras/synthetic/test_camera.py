from itertools import pairwise

import numpy as np
import pytest

from bodychan.cameras.registry import open_camera
from bodychan.cameras.synthetic.camera import SyntheticCamera
from bodychan.cameras.synthetic.scenes import SCENES
from bodychan.errors import CameraError
from bodychan.model.capture import Capture, ColorImage
from bodychan.model.skeleton import JOINT_COUNT, Confidence, Joint
from bodychan.testing import check_camera


def _camera(url: str) -> SyntheticCamera:
    camera = open_camera(f"synthetic:{url}")
    assert isinstance(camera, SyntheticCamera)
    return camera


def _capture(camera: SyntheticCamera, seconds: float) -> Capture:
    camera.seek(camera.start_usec + round(seconds * 1e6))
    capture = camera.read()
    assert capture is not None
    return capture


@pytest.fixture(scope="module")
def still() -> SyntheticCamera:
    return _camera("still")


@pytest.mark.parametrize("scene", SCENES)
def test_every_scene_gives_the_images_that_it_promises(scene: str) -> None:
    camera = _camera(scene)
    capture = _capture(camera, 1.0)
    assert capture.depth is not None
    assert capture.depth.shape == (576, 640)
    assert capture.depth.dtype == np.uint16
    assert 0.6 < (capture.depth > 0).mean() < 0.8
    assert (capture.ir is not None) == SCENES[scene].infrared
    assert (capture.color_image is not None) == SCENES[scene].color == ("K4A_COLOR_MODE" in camera.tags)
    for image, usec in ((capture.ir, capture.ir_usec), (capture.color_image, capture.color_usec)):
        assert (image is None) == (usec is None)
    if capture.color is not None:
        assert capture.color.shape == (720, 1280, 3)
        assert capture.color.std() > 15
    assert len(camera.truth(capture)) == len(SCENES[scene].people)


def test_ten_seconds_are_three_hundred_captures_one_period_apart() -> None:
    with _camera("empty") as camera:
        assert len(camera) == 300
        assert camera.duration_usec == 10_000_000
        assert camera.tags["K4A_DEVICE_SERIAL_NUMBER"]
    with _camera("depthonly?seconds=0.5&fps=15") as camera:
        captures = list(camera)
    assert [c.index for c in captures] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert [c.device_usec for c in captures] == [1_000_000 + round(n * 1e6 / 15) for n in range(8)]
    assert camera.duration_usec == 533_333


def test_the_same_capture_comes_out_again_whatever_was_read_before() -> None:
    first, second = _camera("walk?seconds=3"), _camera("walk?seconds=3")
    for _ in range(3):
        last = first.read()
    jumped = _capture(second, 2 / 30)
    assert last is not None
    assert last.index == jumped.index == 3
    for name in ("depth", "ir", "color"):
        np.testing.assert_array_equal(getattr(last, name), getattr(jumped, name))
    assert last.color_image is not None
    assert jumped.color_image is not None
    assert last.color_image.data == jumped.color_image.data
    for a, b in zip(last.imu, jumped.imu, strict=True):
        np.testing.assert_array_equal([a.accel, a.gyro], [b.accel, b.gyro])


def test_another_seed_is_another_person_and_other_noise() -> None:
    one, other = (_camera(f"still?seed={s}") for s in (0, 1))
    a, b = (c.truth(_capture(c, 0)).positions[0] for c in (one, other))
    assert np.linalg.norm(a - b, axis=1).max() > 20
    empty = [_capture(_camera(f"empty?seed={s}"), 0).depth for s in (0, 1)]
    assert empty[0] is not None
    assert (empty[0] != empty[1]).mean() > 0.4


def test_seek_goes_to_the_first_capture_at_or_after_a_time() -> None:
    camera = _camera("depthonly?seconds=1")
    for usec, index in ((0, 1), (1_000_000, 1), (1_000_001, 2), (1_033_333, 2), (1_966_667, 30)):
        camera.seek(usec)
        capture = camera.read()
        assert capture is not None
        assert capture.index == index
    camera.seek(2_000_000)
    assert camera.read() is None


def test_imu_samples_come_once_each_at_208_hz_up_to_their_capture() -> None:
    with _camera("depthonly?seconds=1") as camera:
        captures = list(camera)
    usec = np.array([s.accel_usec for c in captures for s in c.imu])
    assert len(usec) == pytest.approx(208, abs=8)
    np.testing.assert_allclose(np.diff(usec), 1e6 / 208, atol=1)
    for before, after in pairwise(captures):
        assert all(before.device_usec < s.accel_usec <= after.device_usec for s in after.imu)


def test_colour_is_rendered_only_when_it_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, still: SyntheticCamera
) -> None:
    calls: list[int] = []
    render = SyntheticCamera._jpeg

    def counted(camera: SyntheticCamera, index: int) -> bytes:
        calls.append(index)
        return render(camera, index)

    monkeypatch.setattr(SyntheticCamera, "_jpeg", counted)
    capture = _capture(still, 0.5)
    assert isinstance(capture.color_image, ColorImage)
    assert capture.color_image.format == "MJPG"
    assert not calls
    assert capture.color_image.data[:2] == b"\xff\xd8"
    assert capture.color is not None
    assert calls == [capture.index]


def test_the_true_joints_lie_just_under_the_measured_surface(still: SyntheticCamera) -> None:
    capture = _capture(still, 0.2)
    assert capture.depth is not None
    truth = still.truth(capture)
    pixels, _ = still.calibration.project(truth.positions[0], "depth", "depth")
    u, v = np.rint(pixels).astype(int).T
    # Pixels at depth edges, as of finger tips, may be dropped.
    measured = capture.depth[v, u] > 0
    assert measured.mean() > 0.8
    under = np.where(measured, truth.positions[0][:, 2] - capture.depth[v, u], 0.0)
    assert (truth.confidence == Confidence.MEDIUM).all()
    assert -30 < np.quantile(under, 0.1) < np.quantile(under, 0.9) < 170
    assert abs(under[Joint.NOSE]) < 30
    assert 20 < under[Joint.KNEE_LEFT] < 90


def test_depth_and_colour_show_the_person_in_the_same_place(still: SyntheticCamera) -> None:
    capture = _capture(still, 0.2)
    assert capture.color is not None
    joints = still.truth(capture).positions[0]
    u, v = np.rint(still.calibration.project(joints, "depth", "color")[0]).astype(int).T
    wall = capture.color[60, 640].astype(int)
    on_person = np.abs(capture.color[v, u].astype(int) - wall).max(axis=1)
    for joint in (Joint.PELVIS, Joint.SPINE_CHEST, Joint.KNEE_LEFT, Joint.ELBOW_RIGHT, Joint.NOSE):
        assert on_person[joint] > 25


def test_left_is_the_persons_own_left_and_orientations_follow_the_joint_table(still: SyntheticCamera) -> None:
    truth = still.truth(_capture(still, 0))
    joints = truth.positions[0]
    assert joints[Joint.SHOULDER_LEFT, 0] > joints[Joint.SHOULDER_RIGHT, 0] + 200  # they face the camera
    w, x, y, z = truth.orientations[0, Joint.PELVIS]
    up = np.array([1 - 2 * (y * y + z * z), 2 * (x * y + w * z), 2 * (x * z - w * y)])
    assert up @ [0, -1, 0] > 0.95
    np.testing.assert_allclose(np.linalg.norm(truth.orientations, axis=2), 1)


def test_the_hidden_person_is_gone_for_about_a_second_and_comes_back_with_the_same_id() -> None:
    camera = _camera("hidden")
    seen = [list(camera.truth(Capture(index)).ids) for index in range(1, 151)]
    gone = [n for n, ids in enumerate(seen) if not ids]
    assert 25 <= len(gone) <= 45
    assert gone == list(range(gone[0], gone[-1] + 1))
    assert seen[0] == seen[-1] == [1]


def test_the_leaving_person_is_seen_to_go_and_to_come_back() -> None:
    camera = _camera("leave")
    seen = [len(camera.truth(Capture(index))) for index in range(1, 300, 5)]
    assert seen[0] == seen[-1] == 1
    assert 10 < seen.count(0) < 40


def test_the_confidence_of_joints_outside_the_view_is_none() -> None:
    camera = _camera("leave")
    levels = {int(c) for i in range(30, 110, 4) for c in camera.truth(Capture(i)).confidence.ravel()}
    assert levels == {Confidence.NONE, Confidence.LOW, Confidence.MEDIUM}


def test_the_one_in_front_hides_joints_of_the_one_behind() -> None:
    camera = _camera("cross")
    hidden = [(camera.truth(Capture(i)).confidence == Confidence.LOW).mean(axis=1) for i in range(40, 80, 4)]
    behind = [row[1] for row in hidden if len(row) == 2]
    assert max(behind, default=0) > 0.65
    assert max(row[0] for row in hidden) < 0.65


def test_all_six_people_are_seen_from_the_first_capture_on() -> None:
    truth = _camera("six").truth(Capture(1))
    assert truth.ids.tolist() == [1, 2, 3, 4, 5, 6]
    assert truth.positions.shape == (6, JOINT_COUNT, 3)
    assert ((truth.confidence == Confidence.MEDIUM).mean(axis=1) > 0.6).all()


def test_none_of_the_four_leaves_the_view_or_hides_another() -> None:
    camera = _camera("four")
    for index in range(1, 300, 12):
        truth = camera.truth(Capture(index))
        assert len(truth) == 4
        assert (truth.confidence != Confidence.NONE).all()
        assert ((truth.confidence == Confidence.MEDIUM).mean(axis=1) > 0.4).all()


def test_a_moving_camera_sees_the_room_move() -> None:
    camera = _camera("moving")
    first, later = (_capture(camera, t).depth for t in (0.0, 1.2))
    assert first is not None
    assert later is not None
    corner = (slice(200, 260), slice(520, 600))
    assert abs(np.median(first[corner]) - np.median(later[corner])) > 20
    truth = [camera.truth(_capture(camera, t)).positions[0] for t in (0.0, 0.02)]
    assert np.isfinite(truth).all()


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("wlak", "did you mean 'walk'"),
        ("", "there are: walk"),
        ("walk?sed=1", "sed"),
        ("walk?seed=x", "seed"),
        ("walk?seed=-1", "seed must be 0 or more"),
        ("walk?seed=99999999999999999999999", "seed must be 0 or more and below"),
        ("walk?fps=25", "fps 30, 15 or 5"),
        ("walk?seconds=0", "seconds above 0"),
        ("walk?seconds=nan", "seconds above 0"),
        ("walk?seed", "seed=N"),
    ],
)
def test_a_wrong_url_says_what_would_be_right(url: str, says: str) -> None:
    with pytest.raises(CameraError, match="synthetic:") as caught:
        open_camera(f"synthetic:{url}")
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("scene", ["walk", "nocolor", "depthonly", "moving"])
def test_it_keeps_the_contract_of_a_camera(scene: str) -> None:
    check_camera(lambda: open_camera(f"synthetic:{scene}?seconds=0.4"), captures=6)
