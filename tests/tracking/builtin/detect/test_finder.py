import numpy as np
import pytest

from bodychan import Calibration
from bodychan.model.arrays import U8, U16
from bodychan.tracking.blazepose.crop import Region
from bodychan.tracking.blazepose.detector import Detections, Detector
from bodychan.tracking.blazepose.view import View
from bodychan.tracking.builtin.detect.finder import Finder, Missing, Proposal

SEEN = View(np.zeros((576, 640, 3), np.uint8), "depth")
NO_DEPTH = np.zeros((576, 640), np.uint16)
POST_MM = 2000


def post(left: int) -> U16:
    """A depth image with something of a person's size before a wall."""
    depth = np.full((576, 640), 4000, np.uint16)
    depth[120:480, left : left + 60] = POST_MM
    return depth


def gone_from(calibration: Calibration, x: float, reach_mm: float = 700.0) -> Missing:
    """Somebody, half as large as usual, who was seen a moment ago at `x` mm."""
    place = np.array([x, 150.0, POST_MM + 400.0])
    (pixel,), _ = calibration.project(place[None], "depth", "depth")
    return Missing(Region(float(pixel[0]), float(pixel[1]), 150.0), place, reach_mm)


class Blind(Detector):
    """Finds nobody, and remembers where it was to look."""

    def __init__(self) -> None:
        self.looked_at: list[Region] = []

    def detect(self, image: U8, region: Region, threshold: float) -> Detections:
        """Take a note."""
        self.looked_at.append(region)
        return Detections(np.zeros(0), np.zeros((0, 4)), np.zeros((0, 4, 2)))


def test_however_many_were_lost_no_more_places_are_looked_at_than_bodies_are_wanted(
    calibration: Calibration,
) -> None:
    detector = Blind()
    finder = Finder(detector, calibration, max_bodies=3)
    lost = [Missing(Region(10.0 * x, 300.0, 100.0), np.array([0.0, 0.0, 2500.0]), 500.0) for x in range(50)]
    finder.propose(SEEN, NO_DEPTH, [], [], [], 1.0)
    detector.looked_at.clear()
    finder.propose(SEEN, NO_DEPTH, [], [], lost, 1.03)
    assert len(detector.looked_at) == 3 + 1


def test_who_is_missing_is_looked_for_at_their_size_where_a_shape_stands(calibration: Calibration) -> None:
    finder = Finder(Blind(), calibration, max_bodies=3)
    missing = gone_from(calibration, x=-200.0)
    (proposal,) = finder.propose(SEEN, post(290), [], [], [missing], 1.0).proposals
    (stranger,) = finder.propose(SEEN, post(290), [], [], [], 2.0).proposals
    assert proposal.place is not None
    assert proposal.place[2] == POST_MM
    assert proposal.nearest_mm < POST_MM
    assert proposal.region.size == pytest.approx(150 * (POST_MM + 400) / POST_MM)
    assert proposal.region.x == pytest.approx(320, abs=8)
    assert stranger.region.size > 1.5 * proposal.region.size


def test_who_cannot_have_come_so_far_is_a_stranger(calibration: Calibration) -> None:
    finder = Finder(Blind(), calibration, max_bodies=3)
    far = gone_from(calibration, x=-1200.0)
    (proposal,) = finder.propose(SEEN, post(290), [], [], [far], 1.0).proposals
    assert proposal.region.size > 300


def test_a_shape_that_is_nobody_is_left_alone_until_it_moves_or_somebody_missing_may_be_it(
    calibration: Calibration,
) -> None:
    finder = Finder(Blind(), calibration, max_bodies=3)

    def proposed(left: int, seconds: float, missing: list[Missing]) -> int:
        proposals = finder.propose(SEEN, post(left), [], [], missing, seconds).proposals
        for proposal in proposals:
            finder.leave_alone(proposal, seconds)
        return len(proposals)

    assert [proposed(290, 1.0 + 0.2 * i, []) for i in range(7)] == [1, 0, 0, 0, 0, 1, 0]
    assert [proposed(330 + 40 * i, 2.3 + 0.2 * i, []) for i in range(3)] == [1, 1, 1]
    missing = [gone_from(calibration, x=0.0)]
    assert [proposed(290, 5.0 + 0.1 * i, missing) for i in range(5)] == [1, 0, 1, 0, 1]


def test_with_as_many_as_are_wanted_nobody_is_looked_for(calibration: Calibration) -> None:
    finder = Finder(Blind(), calibration, max_bodies=1)
    finder.propose(SEEN, NO_DEPTH, [], [], [], 1.0)
    followed = Region(50.0, 300.0, 200.0)
    search = finder.propose(SEEN, post(290), [followed], [], [gone_from(calibration, x=0.0)], 1.03)
    assert not search.squares
    assert not search.proposals


def test_a_clock_that_stands_still_fills_no_memory(calibration: Calibration) -> None:
    finder = Finder(Blind(), calibration, max_bodies=3)
    for place in np.random.default_rng(1).normal(0, 3000, (300, 3)):
        finder.leave_alone(Proposal(Region(0.0, 0.0, 10.0), place), 1.0)
        finder.propose(SEEN, NO_DEPTH, [], [], [gone_from(calibration, x=0.0)], 1.0)
    assert len(finder._nobody) == 64
