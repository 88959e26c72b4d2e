import numpy as np

from bodychan import Calibration
from bodychan.tracking.detect import Detections, Detector
from bodychan.tracking.finder import Finder, Missing
from bodychan.tracking.image import View
from bodychan.tracking.region import Region
from bodychan.types import U8

SEEN = View(np.zeros((576, 640, 3), np.uint8), "depth")
NO_DEPTH = np.zeros((576, 640), np.uint16)


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
