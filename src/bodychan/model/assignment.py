"""Who belongs to whom, so that the sum of the costs is least.

By shortest augmenting paths (Jonker and Volgenant 1987), for the few people of a room. SciPy has the same,
but takes 0.4 s and 47 MB to import: as much as all else that happens at a start.
"""

import math

from bodychan.model.arrays import F64


def least(cost: F64) -> list[tuple[int, int]]:
    """Give the pairs of row and column that cost least together, in order of the rows.

    Args:
        cost: (N, M), finite.

    Returns:
        min(N, M) pairs.
    """
    rows, columns = cost.shape
    if rows > columns:
        return sorted((row, column) for column, row in least(cost.T))
    costs = cost.tolist()
    owner = [-1] * columns
    by_row, by_column = [0.0] * rows, [0.0] * columns  # prices, at which no pair is cheaper than those taken
    for row in range(rows):
        _take(costs, row, owner, by_row, by_column)
    return sorted((row, column) for column, row in enumerate(owner) if row >= 0)


def _take(
    costs: list[list[float]], new: int, owner: list[int], by_row: list[float], by_column: list[float]
) -> None:
    """Give one more row a column, by the cheapest chain of rows that leave theirs to another."""
    columns = range(len(owner))
    length, before = [math.inf] * len(owner), [new] * len(owner)
    reached: list[int] = []
    row, so_far = new, 0.0
    while True:
        for column in columns:
            there = so_far + costs[row][column] - by_row[row] - by_column[column]
            if column not in reached and there < length[column]:
                length[column], before[column] = there, row
        last = min((column for column in columns if column not in reached), key=length.__getitem__)
        so_far = length[last]
        if owner[last] < 0:
            break
        reached.append(last)
        row = owner[last]
    by_row[new] += so_far
    for column in reached:
        by_row[owner[column]] += so_far - length[column]
        by_column[column] -= so_far - length[column]
    held = {row: column for column, row in enumerate(owner) if row >= 0}
    while True:
        row = before[last]
        owner[last] = row
        if row == new:
            return
        last = held[row]
