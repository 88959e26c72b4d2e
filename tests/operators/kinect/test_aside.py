import threading

import pytest

from bodychan.operators.kinect.aside import Aside


@pytest.mark.parametrize("apart", [False, True])
def test_what_was_asked_is_answered_once(apart: bool) -> None:
    aside: Aside[str] = Aside(apart=apart)
    assert aside.answer() is None
    busy = [aside.busy]
    aside.ask(lambda: threading.current_thread().name)
    busy.append(aside.busy)
    while (answer := aside.answer()) is None:
        pass
    assert (answer == "bodychan aside") is apart
    assert [*busy, aside.busy] == [False, True, False]
    assert aside.answer() is None


def test_nobody_waits_for_what_takes_long() -> None:
    go_on, aside = threading.Event(), Aside[int](apart=True)
    aside.ask(lambda: 7 if go_on.wait(30) else 0)
    assert aside.busy
    assert aside.answer() is None
    go_on.set()
    while (answer := aside.answer()) is None:
        pass
    assert answer == 7


@pytest.mark.parametrize("apart", [False, True])
def test_an_error_is_raised_where_the_answer_is_taken(apart: bool) -> None:
    aside: Aside[float] = Aside(apart=apart)
    aside.ask(lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        while True:
            aside.answer()
    assert not aside.busy
