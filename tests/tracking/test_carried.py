from bodychan import Capture
from bodychan.model.capture import TrackedCapture
from bodychan.testing import check_tracker
from bodychan.tracking.carried import CarriedTracker
from scripted import standing


def test_it_hands_on_what_captures_bring() -> None:
    bodies = standing([3, 1], 2, 50)
    with CarriedTracker() as tracker:
        assert tracker.track(TrackedCapture(2, depth_usec=50, bodies=bodies)) is bodies
        nobody = tracker.track(Capture(3, depth_usec=60))
        assert (len(nobody), nobody.frame, nobody.device_usec) == (0, 3, 60)


def test_it_keeps_the_contract_of_a_tracker() -> None:
    captures: list[Capture] = [
        TrackedCapture(n, depth_usec=33_000 * n, bodies=standing([1], n, 33_000 * n)) for n in range(1, 4)
    ]
    check_tracker(CarriedTracker, captures)
