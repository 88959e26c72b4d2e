from bodychan.viewer.budget import Budget


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_no_more_is_sent_than_the_rate_in_the_long_run() -> None:
    clock = Clock()
    budget = Budget(1000.0, clock)
    sent = 0
    for _ in range(1000):
        clock.now += 0.01
        if budget.free:
            budget.spend(90)
            sent += 90
    assert 9_500 <= sent <= 10_500


def test_time_without_messages_is_not_saved_up() -> None:
    clock = Clock()
    budget = Budget(1000.0, clock)
    clock.now += 3600
    assert budget.free
    budget.spend(300)
    assert not budget.free


def test_the_rate_is_that_since_it_was_last_asked() -> None:
    clock = Clock()
    budget = Budget(1000.0, clock)
    budget.spend(500)
    clock.now += 2
    assert budget.rate == 250.0
    clock.now += 1
    assert budget.rate == 0.0
