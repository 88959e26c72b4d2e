import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from bodychan.model.assignment import least


@pytest.mark.parametrize("shape", [(1, 1), (1, 4), (4, 1), (3, 3), (2, 6), (6, 2), (7, 9), (20, 12)])
def test_the_pairs_are_scipy_s(shape: tuple[int, int]) -> None:
    for seed in range(40):
        random = np.random.default_rng(seed)
        cost = np.where(random.random(shape) < 0.4, 1e6, random.uniform(-300, 900, shape))
        pairs = least(cost)
        known = tuple(side.tolist() for side in linear_sum_assignment(cost))
        assert len(pairs) == min(shape)
        assert sum(cost[pair] for pair in pairs) == pytest.approx(cost[known].sum())
        assert [p for p in pairs if cost[p] < 1e6] == [
            (i, j) for i, j in zip(*known, strict=True) if cost[i, j] < 1e6
        ]


def test_where_nobody_is_there_are_no_pairs() -> None:
    assert least(np.zeros((0, 3))) == least(np.zeros((3, 0))) == []


def test_it_is_the_sum_that_counts_and_not_the_nearest_first() -> None:
    assert least(np.array([[1.0, 2.0], [2.0, 9.0]])) == [(0, 1), (1, 0)]
