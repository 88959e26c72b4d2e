import signal
import threading

import pytest

from bodychan.model.closing import Closing, uninterrupted


class Held(Closing):
    def __init__(self) -> None:
        self.told: list[str] = []

    def close(self) -> None:
        self.told.append("closed")


class Kept(Held):
    def _close_after_error(self) -> None:
        self.told.append("kept")


def test_with_closes_at_the_end() -> None:
    with Held() as held:
        assert held.told == []
    assert held.told == ["closed"]


@pytest.mark.parametrize(("kind", "told"), [(Held, ["closed"]), (Kept, ["kept"])])
def test_after_an_error_it_may_close_in_another_way(kind: type[Held], told: list[str]) -> None:
    with pytest.raises(RuntimeError), kind() as held:
        raise RuntimeError
    assert held.told == told


def test_ctrl_c_comes_when_the_block_is_done() -> None:
    steps = []
    with pytest.raises(KeyboardInterrupt), uninterrupted():
        steps.append("before")
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        with uninterrupted():
            signal.raise_signal(signal.SIGINT)
        steps.append("after")
    assert steps == ["before", "after"]
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


def test_whoever_ends_everything_may_drop_it() -> None:
    with uninterrupted() as held:
        signal.raise_signal(signal.SIGINT)
        assert len(held) == 1
        held.clear()


def test_other_threads_have_nothing_to_hold_back() -> None:
    done = []

    def work() -> None:
        with uninterrupted():
            done.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done == [True]
