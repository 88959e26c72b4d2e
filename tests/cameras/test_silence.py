import pytest

from bodychan.cameras.silence import Silence


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [100.0]
    monkeypatch.setattr("bodychan.cameras.silence.time.monotonic", lambda: now[0])
    return now


def test_a_silence_is_too_long_after_its_patience(clock: list[float]) -> None:
    silence = Silence(1.0)
    clock[0] += 1.0
    assert (silence.seconds, silence.too_long) == (1.0, False)
    clock[0] += 0.5
    assert (silence.seconds, silence.too_long) == (1.5, True)
    silence.end()
    assert (silence.seconds, silence.too_long) == (0.0, False)


def test_a_start_may_take_longer(clock: list[float]) -> None:
    silence = Silence(1.0)
    silence.end(more=2.0)
    clock[0] += 1.5
    assert (silence.seconds, silence.too_long) == (0.0, False)
    clock[0] += 1.5
    assert (silence.seconds, silence.too_long) == (1.0, False)
    clock[0] += 0.5
    assert silence.too_long
