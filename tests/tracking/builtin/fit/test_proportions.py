import numpy as np
import pytest

from bodychan.model.arrays import F64
from bodychan.model.skeleton import BIND_BONES, Joint
from bodychan.tracking.builtin.fit.proportions import (
    CORE,
    LENGTH_OF_LINK,
    LINKS,
    TEMPLATE_MM,
    Shape,
    link_lengths,
)
from people import person

EVERYTHING = np.ones(len(CORE), dtype=bool)


def joints(scale: float = 1.1) -> F64:
    return person(scale=scale).positions[list(CORE)]


def test_links_are_the_limbs_bones_the_two_widths_and_the_trunk() -> None:
    found = link_lengths(joints(1.0))
    for link, name in enumerate(("ELBOW", "WRIST", "KNEE", "ANKLE")):
        expected = np.linalg.norm(BIND_BONES[Joint[f"{name}_LEFT"]])
        assert np.allclose(found[2 * link : 2 * link + 2], expected)
    true = joints(1.0)
    assert found[8] == pytest.approx(np.linalg.norm(true[0] - true[1]))
    assert found[9] == pytest.approx(np.linalg.norm(true[6] - true[7]))
    assert found[10] == pytest.approx(np.linalg.norm(true[:2].mean(0) - true[6:8].mean(0)))
    assert LINKS.shape == (11, 4)


def test_a_new_person_has_the_template_s_proportions() -> None:
    assert np.allclose(Shape.of_size(1.2).lengths(), (TEMPLATE_MM * 1.2)[LENGTH_OF_LINK])


def test_lengths_come_to_what_is_measured_and_are_held_towards_the_template() -> None:
    shape = Shape.of_size(1.1)
    for _ in range(600):
        shape = shape.after(joints(), EVERYTHING, 1 / 30)
    true = link_lengths(joints())
    assert np.allclose(shape.measured[LENGTH_OF_LINK], true, rtol=0.02)
    low, high = np.sort([true, (TEMPLATE_MM * 1.1)[LENGTH_OF_LINK]], axis=0)
    assert (shape.lengths() >= low - 3).all()
    assert (shape.lengths() <= high + 3).all()


def test_noise_of_single_captures_hardly_moves_lengths_that_have_settled() -> None:
    rng = np.random.default_rng(5)
    shape, seen = Shape.of_size(1.1), []
    for i in range(900):
        shape = shape.after(joints() + rng.normal(0, 25, (len(CORE), 3)), EVERYTHING, 1 / 30)
        if i > 300:
            seen.append(shape.lengths())
    assert np.std(seen, axis=0).max() < 3


def test_what_is_not_seen_changes_nothing() -> None:
    shape = Shape.of_size(1.0)
    after = shape.after(joints(1.5), ~EVERYTHING, 1 / 30)
    assert np.array_equal(after.measured, shape.measured)
    arm = EVERYTHING.copy()
    arm[[CORE.index(Joint.WRIST_LEFT), CORE.index(Joint.WRIST_RIGHT)]] = False
    after = shape.after(joints(1.5), arm, 1 / 30)
    assert np.flatnonzero(after.measured == shape.measured).tolist() == [1]


def widths(*kinds: float) -> F64:
    return np.repeat(np.array(kinds), 2)


def test_thickness_comes_to_what_the_limbs_look_like() -> None:
    true = np.array([1.3, 0.9, 1.1, 0.8])
    shape = Shape.of_size(1.1)
    for _ in range(600):
        shape = shape.thickened(np.repeat(true / shape.thickness, 2), 1 / 30)
    assert np.allclose(shape.thickness, true, atol=0.01)


def test_thickness_stays_within_what_people_are_and_where_nothing_is_seen() -> None:
    shape = Shape.of_size(1.1)
    for _ in range(300):
        shape = shape.thickened(widths(9.0, np.nan, 0.01, 1.0), 1 / 30)
    assert shape.thickness[0] < 1.5
    assert shape.thickness[2] > 0.65
    assert shape.thickness[[1, 3]].tolist() == [1.0, 1.0]
