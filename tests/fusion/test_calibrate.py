from dataclasses import replace

import numpy as np
import pytest

from bodychan.errors import FusionError
from bodychan.fusion.calibrate import Sighting, calibrate
from bodychan.fusion.limbs import LIMBS, Limbs
from rigs import POSES, elsewhere, moments, oval, pose_errors, seen, sightings


@pytest.mark.parametrize("count", [2, 4])
def test_poses_are_found_from_a_person_who_walks(count: int) -> None:
    rig = calibrate(sightings(POSES[:count]))
    for distance, angle in pose_errors(rig, POSES[:count]):
        assert distance < 10
        assert angle < 0.5
    for camera in rig.cameras:
        assert abs(camera.offset_usec) < 5000
        assert 10 < camera.residual_mm < 60


def test_two_people_are_told_apart_and_clocks_and_rates_may_differ() -> None:
    one = Sighting("a", seen(POSES[0], [elsewhere, oval], moments()))
    other = Sighting("b", seen(POSES[1], [oval, elsewhere], moments(110, 15, 3.3), clock=-43.21, seed=1))
    rig = calibrate([one, other])
    assert rig.cameras[1].offset_usec == pytest.approx(43_210_000, abs=8000)
    ((_, _), (distance, angle)) = pose_errors(rig, POSES[:2])
    assert distance < 15
    assert angle < 0.5


def test_cameras_that_see_each_other_only_through_a_third_are_joined() -> None:
    """The first and the last share nobody: each sees a person at a time of its own, the second both."""
    a = Sighting("a", seen(POSES[0], [oval], moments(240)))
    b = Sighting("b", seen(POSES[1], [oval], moments(600), seed=1))
    c = Sighting("c", seen(POSES[2], [oval], moments(240, first=12.5), seed=2))
    rig = calibrate([a, b, c], synchronised=True)
    for distance, angle in pose_errors(rig, POSES[:3]):
        assert distance < 20
        assert angle < 0.8


def test_the_same_sightings_give_the_same_rig() -> None:
    assert calibrate(sightings(POSES[:2])).dump() == calibrate(sightings(POSES[:2])).dump()


def test_wired_cameras_have_no_offset() -> None:
    rig = calibrate(sightings(POSES[:2]), synchronised=True)
    assert [camera.offset_usec for camera in rig.cameras] == [0, 0]


def test_what_cannot_be_calibrated_by_is_one_clear_line() -> None:
    one, other = sightings(POSES[:2])
    nobody = Sighting("camera 2", [])
    still = Sighting("camera 2", seen(POSES[1], [elsewhere], moments(), seed=1))
    before = Sighting("camera 2", seen(POSES[1], [oval], moments(150, first=40.0), seed=1))
    for second, synchronised, message in (
        (nobody, False, "camera 2 saw nobody for long: let somebody walk through what all cameras see"),
        (still, False, "nobody walks through what camera 2 sees, they move by 0"),
        (before, True, "camera 1 and camera 2 see nobody at the same time: their views do not overlap"),
    ):
        with pytest.raises(FusionError, match=message) as told:
            calibrate([one, second], synchronised=synchronised)
        assert "\n" not in str(told.value)
    assert calibrate([one, other]).cameras[1].name == "camera 2"


def test_two_who_walk_differently_are_not_taken_for_one() -> None:
    def away(seconds: float) -> tuple[float, float, float]:
        return 900 * np.sin(seconds * 0.9) - 500, 3000 + 700 * np.sin(0.37 * seconds**1.3), seconds

    one, _ = sightings(POSES[:2])
    other = Sighting("camera 2", seen(POSES[1], [away], moments(), seed=1))
    with pytest.raises(FusionError, match="see nobody at the same time"):
        calibrate([one, other])


def test_limbs_that_do_not_fit_are_doubted(caplog: pytest.LogCaptureFixture) -> None:
    """Joints let it pass: somebody who walks about as the other does."""
    rng = np.random.default_rng(0)
    found = []
    for sighting in sightings(POSES[:2], noise_mm=2.0):
        joints = np.stack([bodies.positions for bodies in sighting.bodies])
        middles = joints[:, :, [start for start, _, _ in LIMBS]]
        limbs = [
            Limbs(middle, np.broadcast_to([0.0, 1.0, 0.0], (1, 4, 3)).copy(), np.full((1, 4), 40.0))
            for middle in middles
        ]
        found.append(replace(sighting, limbs=limbs))
    calibrate(found)
    assert not caplog.records
    other = [replace(each, middles=each.middles + rng.normal(0, 80, (1, 4, 3))) for each in found[1].limbs]
    calibrate([found[0], replace(found[1], limbs=other)])
    (told,) = [record.getMessage() for record in caplog.records]
    assert "camera 1 and camera 2 see fits badly to what the others see: limbs are" in told
    assert "let somebody walk through what all of them see, and calibrate again" in told
