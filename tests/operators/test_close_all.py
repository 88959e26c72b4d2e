import pytest

from bodychan.operators.close_all import close_all


class Held:
    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error
        self.closed = False

    def close(self) -> None:
        self.closed = True
        if self.error is not None:
            raise self.error


def test_everything_is_closed_and_the_first_error_raised_with_the_others_in_its_notes() -> None:
    held = [Held(), Held(OSError("first")), Held(KeyboardInterrupt("second")), Held()]
    with pytest.raises(OSError, match="first") as caught:
        close_all(held[0], None, *held[1:])
    assert all(one.closed for one in held)
    assert caught.value.__notes__ == ["also: second"]


def test_where_nothing_fails_nothing_is_raised() -> None:
    close_all()
    close_all(Held(), None)
