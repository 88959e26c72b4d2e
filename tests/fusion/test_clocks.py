from dataclasses import replace

import pytest

from bodychan.fusion.clocks import find_offset, retimed, wired
from bodychan.fusion.rig import Rig, RigCamera
from bodychan.fusion.tracks import Track, tracks_of
from rigs import POSES, elsewhere, moments, oval, seen

RIG = Rig.from_poses(POSES[:3])


def tracks(camera: int, clock: float, paths=(oval, elsewhere), **times: float) -> list[Track]:  # type: ignore[no-untyped-def]
    return tracks_of(seen(POSES[camera], paths, moments(240, **times), clock=clock, seed=camera))  # type: ignore[arg-type]


def test_offsets_of_a_take_are_found_by_the_poses_of_the_rig() -> None:
    """The rig knows other offsets: those of the takes that it was calibrated by."""
    first, *others = RIG.cameras
    rig = Rig((first, *(RigCamera(c.name, c.pose, 7_000_000) for c in others)))
    found, told = retimed(rig, [tracks(0, 2.0), tracks(1, -3.21), tracks(2, 31.0)])
    assert told == [True, True, True]
    assert found.cameras[1].offset_usec == pytest.approx(5_210_000, abs=8000)
    assert found.cameras[2].offset_usec == pytest.approx(-29_000_000, abs=8000)
    assert found.cameras[1].pose is others[0].pose


def test_a_camera_that_shares_nobody_with_the_first_is_told_by_another() -> None:
    one = tracks_of(seen(POSES[0], [oval], moments(150)))
    between = tracks_of(seen(POSES[1], [oval], moments(420), clock=1.5, seed=1))
    last = tracks_of(seen(POSES[2], [oval], moments(150, first=9.0), clock=-4.0, seed=2))
    found, told = retimed(RIG, [one, between, last])
    assert told == [True, True, True]
    assert found.cameras[1].offset_usec == pytest.approx(-1_500_000, abs=10_000)
    assert found.cameras[2].offset_usec == pytest.approx(4_000_000, abs=15_000)


def test_what_does_not_tell_leaves_the_rigs_offset() -> None:
    pose = RIG.cameras[1].pose
    still = [
        tracks_of([replace(bodies, device_usec=33_333 * n) for n in range(240)])
        for bodies in (seen(POSES[camera], [elsewhere], [1.0])[0] for camera in (0, 1))
    ]
    later = tracks_of(seen(POSES[1], [oval], moments(240, first=60.0), seed=1))
    assert find_offset(tracks(0, 0.0, paths=(oval,)), later, pose) is None
    assert find_offset(tracks(0, 0.0), [], pose) is None
    found, told = retimed(RIG, [tracks(0, 0.0), [], tracks(2, 0.5)])
    assert told == [True, False, True]
    assert found.cameras[1].offset_usec == 0
    assert find_offset(still[0], still[1], pose) is None


def test_of_one_who_does_the_same_every_second_the_right_second_is_taken() -> None:
    def on_the_spot(_seconds: float) -> tuple[float, float, float]:
        return 300.0, 2500.0, 0.7

    ones, others = tracks(0, 0.0, paths=(on_the_spot,)), tracks(1, 0.06, paths=(on_the_spot,))
    for guess in (0.0, -0.1):
        assert find_offset(ones, others, RIG.cameras[1].pose, guess) == pytest.approx(-0.06, abs=0.006)


def test_near_a_good_guess_it_is_found_without_a_search() -> None:
    pose, ones, others = RIG.cameras[1].pose, tracks(0, 0.0), tracks(1, 0.35)
    assert find_offset(ones, others, pose, -0.3, search=False) == pytest.approx(-0.35, abs=0.004)
    assert find_offset(ones, others, pose, 9.0, search=False) is None
    assert find_offset(ones, others, pose, 9.0) == pytest.approx(-0.35, abs=0.004)


def test_tags_say_whether_cameras_were_wired() -> None:
    master, other, alone = ({"K4A_WIRED_SYNC_MODE": mode} for mode in ("MASTER", "SUBORDINATE", "STANDALONE"))
    assert wired([master, other])
    assert not wired([master, alone])
    assert not wired([master, {}])
