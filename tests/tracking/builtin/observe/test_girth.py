import numpy as np
import pytest

from bodychan.cameras.synthetic.camera import SyntheticCamera
from bodychan.model.arrays import F64, U16
from bodychan.optics.lens import Lens
from bodychan.tracking.blazepose.landmarks import LANDMARK_COUNT, Landmark
from bodychan.tracking.builtin.observe.girth import deeper, excess, updated
from bodychan.tracking.builtin.observe.lift import Lifted
from people import person


@pytest.fixture(scope="module")
def lens() -> Lens:
    return SyntheticCamera("synthetic:empty").calibration.lenses["depth"]


def somebody(scale: float = 1.0, yaw: float = 0.0, seen: bool = True) -> tuple[Lifted, F64]:
    body = person(scale=scale, yaw=yaw).completed()
    there = np.full(LANDMARK_COUNT, seen)
    return Lifted(body.points, there, there, there, 2500.0, np.arange(20)), body.world


def trunk(width_mm: float, lens: Lens) -> U16:
    """A flat board before a wall, as wide as a waist."""
    depth = np.full((576, 640), 4000, np.uint16)
    half = width_mm / 2 * lens.fx / 2380
    depth[150:420, round(lens.cx - half) : round(lens.cx + half)] = 2380
    return depth


@pytest.mark.parametrize(("width", "expected"), [(220, 0), (250, 0), (350, 100), (600, 180)])
def test_a_waist_is_as_much_wider_than_usual_as_it_is_seen(lens: Lens, width: float, expected: float) -> None:
    lifted, world = somebody()
    assert excess(lifted, world, trunk(width, lens), lens, 1.0) == pytest.approx(expected, abs=15)


def test_tall_people_have_wider_waists(lens: Lens) -> None:
    lifted, world = somebody()
    assert excess(lifted, world, trunk(310, lens), lens, 1.3) == 0


def test_nothing_is_said_of_somebody_from_the_side_hidden_or_not_there(lens: Lens) -> None:
    lifted, world = somebody(yaw=70.0)
    assert excess(lifted, world, trunk(350, lens), lens, 1.0) is None
    lifted, world = somebody(seen=False)
    assert excess(lifted, world, trunk(350, lens), lens, 1.0) is None
    lifted, world = somebody()
    assert excess(lifted, world, np.zeros((576, 640), np.uint16), lens, 1.0) is None


def test_the_width_goes_down_sooner_than_up() -> None:
    up, down = updated(50.0, 100.0, 0.1), updated(50.0, 0.0, 0.1)
    assert up is not None
    assert down is not None
    assert 0 < up - 50.0 < 50.0 - down
    assert updated(None, 30.0, 0.1) == 30.0
    assert updated(30.0, None, 0.1) == 30.0


def test_the_trunk_s_joints_lie_deeper_in_stout_people_and_the_hands_do_not() -> None:
    mm = deeper(100.0, 1.1)
    assert mm[Landmark.HIP_LEFT] > mm[Landmark.SHOULDER_RIGHT] > mm[Landmark.KNEE_LEFT] > 0
    assert mm[Landmark.WRIST_LEFT] == mm[Landmark.NOSE] == 0
