from dataclasses import replace

import numpy as np
import pytest

from bodychan.evaluation.measures import Run, match
from bodychan.evaluation.wholeness import wholeness
from bodychan.model.rotations import matrix_to_quaternion
from bodychan.model.skeleton import Joint
from people import person, turn
from runs import pacing, perfect, truth


@pytest.fixture
def run() -> Run:
    true = truth([pacing(90)])
    return match("pacing", true, perfect(true))


def test_a_body_made_from_the_template_hangs_together(run: Run) -> None:
    whole = wholeness([run])
    assert whole.rebuilt_mm < 0.5
    assert whole.length_varies < 1e-6
    assert (whole.wild_turns, whole.turned_round, whole.crossed) == (0, 0, 0)
    assert whole.sure_within_100 == 1
    assert whole.longest_ghost_s == 0


def test_of_nothing_nothing_is_known() -> None:
    whole = wholeness([])
    assert np.isnan(whole.rebuilt_mm)
    assert np.isnan(whole.crossed)


def test_a_joint_that_came_off_and_a_bone_that_grew_are_told(run: Run) -> None:
    joints = run.tracked.joints.copy()
    joints[80, 0, Joint.FOOT_LEFT, 1] += 40.0
    whole = wholeness([replace(run, tracked=replace(run.tracked, joints=joints))])
    assert 20 < whole.rebuilt_mm < 50
    assert 0.05 < whole.length_varies < 0.5


def test_a_wild_turn_is_counted(run: Run) -> None:
    orientations = run.tracked.orientations.copy()
    orientations[50, 0, Joint.KNEE_LEFT] = matrix_to_quaternion(
        person().frames[Joint.KNEE_LEFT] @ turn(0, 150)
    )
    tracked = replace(run.tracked, orientations=orientations)
    assert wholeness([replace(run, tracked=tracked)]).wild_turns == 2


def test_who_faces_the_wrong_way_is_counted(run: Run) -> None:
    joints = run.tracked.joints.copy()
    joints[:30, 0] = joints[:30, 0][:, [int(j.mirrored) for j in Joint]]
    whole = wholeness([replace(run, tracked=replace(run.tracked, joints=joints))])
    assert whole.turned_round == pytest.approx(1 / 3)
    assert whole.crossed == pytest.approx(1 / 3)


def test_a_ghost_is_timed(run: Run) -> None:
    matches = run.matches.copy()
    matches[10:22] = -1
    assert wholeness([replace(run, matches=matches)]).longest_ghost_s == pytest.approx(12 / 30)
