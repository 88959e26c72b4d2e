import numpy as np
from training.bodies import Bank
from training.proportions import lengths

from bodychan.articulated.proportions import BONES
from bodychan.model.skeleton import Joint


def test_lengths_are_those_of_people_and_go_together(bank: Bank) -> None:
    rows = lengths(bank, 4)
    assert rows.shape == (len(bank.vertices), len(BONES))
    arm, shank = (rows[:, BONES.index(Joint[name])] for name in ("ELBOW_LEFT", "ANKLE_LEFT"))
    assert 180 < np.median(arm) < 300
    assert 300 < np.median(shank) < 480
    assert np.corrcoef(np.log(arm), np.log(shank))[0, 1] > 0.6, "tall people's bones are all long"
