import threading

from bodychan.apps.courier import Courier


def test_items_arrive_in_order() -> None:
    found: list[int] = []
    courier = Courier(found.append, 1000, newest_wins=False)
    assert all(courier.put(item) for item in range(500))
    assert courier.finish(5)
    assert (found, courier.lost) == (list(range(500)), 0)


def blocked(most: int, *, newest_wins: bool) -> tuple[list[int], int]:
    """Put 0 to 9 while the first is on its way; say what arrived, and how many were lost."""
    found: list[int] = []
    begun, go = threading.Event(), threading.Event()

    def deliver(item: int) -> None:
        begun.set()
        go.wait(5)
        found.append(item)

    courier = Courier(deliver, most, newest_wins=newest_wins)
    courier.put(0)
    assert begun.wait(5)
    for item in range(1, 10):
        assert courier.put(item) == (item <= most)
    assert not courier.finish(0.01)
    go.set()
    assert courier.finish(5)
    return found, courier.lost


def test_what_is_too_much_goes_the_oldest_or_the_newest_first() -> None:
    assert blocked(3, newest_wins=True) == ([0, 7, 8, 9], 6)
    assert blocked(3, newest_wins=False) == ([0, 1, 2, 3], 6)


def test_one_that_never_had_anything_is_finished() -> None:
    assert Courier(print, 1, newest_wins=True).finish(0)
