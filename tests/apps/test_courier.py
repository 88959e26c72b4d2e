import threading
import time

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


def test_what_waits_is_put_in_order_and_bounded_in_bytes() -> None:
    found: list[int] = []
    begun, go = threading.Event(), threading.Event()

    def deliver(item: int) -> None:
        begun.set()
        go.wait(5)
        found.append(item)

    courier = Courier(
        deliver, 100, newest_wins=False, weigh=lambda item: item, most_bytes=20, rank=lambda item: item
    )
    courier.put(1)
    assert begun.wait(5)
    assert [courier.put(item) for item in (5, 8, 3, 9, 4)] == [True, True, True, False, True]
    go.set()
    assert courier.finish(5)
    assert (found, courier.lost) == ([1, 3, 4, 5, 8], 1)


def test_one_item_has_room_however_large_it_is() -> None:
    found: list[int] = []
    courier = Courier(found.append, 10, newest_wins=False, weigh=lambda item: item, most_bytes=20)
    assert courier.put(1000)
    assert courier.finish(5)
    assert found == [1000]


def test_one_that_is_slow_is_waited_for_as_long_as_it_goes_on() -> None:
    courier: Courier[int] = Courier(lambda _item: time.sleep(0.1), 10, newest_wins=False)
    for item in range(6):
        courier.put(item)
    assert courier.finish(0.3)
    stuck = threading.Event()

    def hang(_item: int) -> None:
        stuck.wait(5)

    hung = Courier(hang, 10, newest_wins=False)
    hung.put(1)
    assert not hung.finish(0.05)
    stuck.set()
    assert hung.finish(5)
