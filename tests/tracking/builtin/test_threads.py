import threading

import pytest

from bodychan.tracking.builtin.threads import Threads, processors


@pytest.mark.parametrize("count", [1, 3])
def test_results_come_in_the_order_of_the_items(count: int) -> None:
    threads = Threads(count)
    assert threads.map(lambda n: n * n, range(10)) == [n * n for n in range(10)]
    threads.close()
    threads.close()


def test_several_things_are_done_at_a_time() -> None:
    threads, meeting = Threads(2), threading.Barrier(2, timeout=20)
    assert sorted(threads.map(lambda _: meeting.wait(), range(2))) == [0, 1]
    threads.close()


@pytest.mark.parametrize("count", [1, 3])
def test_an_error_comes_out_and_the_threads_go_on(count: int) -> None:
    threads = Threads(count)
    with pytest.raises(ZeroDivisionError):
        threads.map(lambda n: 1 // n, [3, 2, 1, 0])
    assert threads.map(lambda n: 1 // n, [1, 2]) == [1, 0]
    threads.close()


def test_there_is_a_processor() -> None:
    assert processors() >= 1
