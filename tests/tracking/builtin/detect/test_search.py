from itertools import pairwise

import numpy as np

from bodychan.tracking.blazepose.crop import Region
from bodychan.tracking.builtin.detect.search import Scan, due, parts

SQUARES = parts(640, 576)
LOST = [Region(100, 100, 50)]


def test_the_parts_cover_the_whole_image() -> None:
    for width, height in ((640, 576), (1280, 720), (512, 512)):
        squares = parts(width, height)
        corners = np.array([[0.0, 0.0], [width - 1, 0], [0, height - 1], [width - 1, height - 1]])
        whole = squares[0].to_fractions(corners)
        assert ((whole > 0) & (whole < 1)).all()
        for row in (squares[1:4], squares[4:8], squares[8:12]):
            edges = sorted((s.x - s.size / 2, s.x + s.size / 2) for s in row)
            assert edges[0][0] <= 0
            assert edges[-1][1] >= width - 1
            assert all(a[1] > b[0] for a, b in pairwise(edges))


def test_the_first_capture_and_the_first_after_a_gap_are_searched_whole() -> None:
    squares, scan = due(Scan(), SQUARES, [], 0, 6, 5.0)
    assert squares == SQUARES
    assert due(scan, SQUARES, [], 1, 6, 8.0)[0] == SQUARES
    assert due(scan, SQUARES, [], 1, 6, 5.6)[0] == SQUARES


def test_when_device_time_goes_back_the_search_begins_anew() -> None:
    assert due(Scan(3, 10.0), SQUARES, [], 1, 6, 2.0)[0] == SQUARES


def test_with_nobody_there_each_capture_looks_at_the_next_part() -> None:
    scan = Scan(0, 1.0)
    seen = []
    for step in range(len(SQUARES)):
        squares, scan = due(scan, SQUARES, [], 0, 6, 1.0 + step / 30)
        seen += squares
    assert seen == SQUARES


def test_with_somebody_there_parts_follow_each_other_by_time_not_by_captures() -> None:
    for rate in (30, 15):
        scan, looked = Scan(0, 0.0), 0
        for step in range(1, 2 * rate):
            squares, scan = due(scan, SQUARES, [], 1, 6, step / rate)
            looked += len(squares)
        assert 8 <= looked <= 16


def test_where_somebody_was_lost_is_looked_at_at_once() -> None:
    squares, scan = due(Scan(2, 1.0), SQUARES, LOST, 1, 6, 1.01)
    assert squares == LOST
    assert scan == Scan(2, 1.0)
    assert due(Scan(2, 1.0), SQUARES, LOST, 1, 6, 1.2)[0] == [*LOST, SQUARES[2]]


def test_when_all_are_found_nothing_is_searched() -> None:
    assert due(Scan(2, 1.0), SQUARES, LOST, 2, 2, 1.2)[0] == []
