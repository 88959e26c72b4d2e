from dataclasses import replace

import numpy as np

from bodychan import Calibration
from bodychan.model.skeleton import JOINT_COUNT, Confidence, Joint
from bodychan.tracking.builtin.body import followed
from bodychan.tracking.builtin.observe.crop import Square
from bodychan.tracking.builtin.observe.network import Look
from bodychan.tracking.builtin.observe.upright import Upright
from people import person

SQUARE = Square(0.0, 0.0, 0.9, 2400.0)
LOOK = Look(SQUARE, person().positions, np.full(JOINT_COUNT, 15.0), np.full(JOINT_COUNT, 0.9), 0.99)
FLAT = np.full((576, 640), 2440, np.uint16)


def test_a_body_lies_where_it_was_surely_seen(calibration: Calibration) -> None:
    sure, upright, body = replace(LOOK, sigma=np.full(JOINT_COUNT, 4.0)), Upright(calibration), None
    for k in range(30):
        body = followed(sure, body, 1 + k / 30, FLAT, upright, calibration)
    assert body is not None
    off = np.linalg.norm(body.pose.joints - LOOK.joints, axis=1)
    assert np.median(off) < 4
    assert off.max() < 40  # the thumbs: these lie as the template has them
    assert body.captures == 30
    assert (body.confidence == Confidence.MEDIUM).all()


def test_where_it_is_unsure_a_body_has_the_proportions_of_people(calibration: Calibration) -> None:
    arms = [joint for joint in Joint if joint.part in ("WRIST", "HAND", "HANDTIP", "THUMB")]
    seen, sigma = LOOK.joints.copy(), LOOK.sigma.copy()
    for joint in arms:
        elbow = Joint[f"ELBOW_{joint.side.upper()}"]
        seen[joint] = seen[elbow] + 1.5 * (seen[joint] - seen[elbow])
    sigma[arms] = 70.0
    unsure, upright, body = replace(LOOK, joints=seen, sigma=sigma), Upright(calibration), None
    for k in range(60):
        body = followed(unsure, body, 1 + k / 30, FLAT, upright, calibration)
    assert body is not None
    measured, likely = (mm[Joint.ELBOW_LEFT] / mm[Joint.WRIST_LEFT] for mm in (body.lengths.mm, body.bones))
    assert measured < 0.85
    assert likely > measured + 0.1


def test_what_is_not_seen_has_low_confidence_and_what_is_out_of_range_none(calibration: Calibration) -> None:
    seen, sigma = LOOK.seen.copy(), LOOK.sigma.copy()
    seen[Joint.KNEE_LEFT], sigma[Joint.ANKLE_LEFT] = 0.2, 200.0
    upright = Upright(calibration)
    body = followed(replace(LOOK, seen=seen, sigma=sigma), None, 1.0, FLAT, upright, calibration)
    assert body.confidence[Joint.KNEE_LEFT] == body.confidence[Joint.ANKLE_LEFT] == Confidence.LOW
    far = replace(LOOK, joints=person(place=(0.0, 0.0, 5000.0)).positions)
    assert (followed(far, None, 1.0, FLAT, upright, calibration).confidence == Confidence.NONE).all()
    assert body.unseen(1.0).confidence.max() == Confidence.LOW
    assert body.errors[Joint.ANKLE_LEFT] == 200.0
    assert body.errors[Joint.HEAD] == 15.0
    assert (body.unseen(1.0).errors >= 150.0).all()
    assert body.unseen(1.0).errors[Joint.ANKLE_LEFT] == 200.0


def test_what_something_lies_before_is_not_seen(calibration: Calibration) -> None:
    table = FLAT.copy()
    table[300:] = 1800
    body = followed(LOOK, None, 1.0, table, Upright(calibration), calibration)
    assert body.confidence[Joint.KNEE_LEFT] == Confidence.LOW
    assert body.confidence[Joint.NECK] == Confidence.MEDIUM


def test_a_body_is_expected_where_its_speed_takes_it(calibration: Calibration) -> None:
    upright, body = Upright(calibration), None
    for k in range(20):
        moved = replace(LOOK, joints=LOOK.joints + np.array([40.0 * k, 0.0, 0.0]))
        body = followed(moved, body, 1 + k / 30, FLAT, upright, calibration)
    assert body is not None
    ahead = body.expected(1 + 20 / 30)[:, 0] - body.pose.joints[:, 0]
    assert np.abs(ahead - 40.0).max() < 5
