"""The checker of the contract catches outputs that break it."""

import pytest

from bodychan import Channels, testing
from bodychan.errors import OutputError
from bodychan.outputs.base import Output


class Honest(Output):
    """Keeps every sample in memory."""

    target = "memory"

    def __init__(self) -> None:
        self.samples: list[Channels] = []
        self.closed = False

    def write(self, channels: Channels) -> None:
        if self.closed:
            raise OutputError("closed")
        self.samples += [
            Channels(channels.names, channels.samples[:, [i]].copy(), channels.rate)
            for i in range(channels.numSamples)
        ]

    def close(self) -> None:
        self.closed = True


class Newest(Honest):
    newest_only = True

    def write(self, channels: Channels) -> None:
        super().write(Channels(channels.names, channels.samples[:, [-1]].copy(), channels.rate))


class SilentlyNewest(Newest):
    newest_only = False


class LosesTheLast(Honest):
    def close(self) -> None:
        if not self.closed:
            self.samples.pop()
        super().close()


class Reversed(Honest):
    def close(self) -> None:
        if not self.closed:
            self.samples.reverse()
        super().close()


class Halves(Honest):
    def write(self, channels: Channels) -> None:
        super().write(Channels(channels.names, channels.samples / 2, channels.rate))


class Renames(Honest):
    def write(self, channels: Channels) -> None:
        super().write(Channels(tuple(f"x{name}" for name in channels.names), channels.samples, channels.rate))


class TakesWhateverComes(Honest):
    def write(self, channels: Channels) -> None:
        if not self.closed:
            super().write(channels)


def check(kind: type[Honest]) -> None:
    one = kind()
    testing.check_output(lambda: one, lambda: one.samples)


@pytest.mark.parametrize("kind", [Honest, Newest])
def test_an_output_that_keeps_to_the_contract_passes(kind: type[Honest]) -> None:
    check(kind)


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (SilentlyNewest, "7 samples were written, 4 arrived"),
        (LosesTheLast, "7 samples were written, 6 arrived"),
        (Reversed, "frame is 7.0, written was 1.0"),
        (Halves, "frame is 0.5, written was 1.0"),
        (Renames, "the names are"),
        (TakesWhateverComes, "writing to a closed output raises OutputError"),
    ],
)
def test_an_output_that_breaks_the_contract_is_caught(kind: type[Honest], message: str) -> None:
    with pytest.raises(AssertionError, match=message):
        check(kind)


def test_an_output_closes_when_an_error_passes() -> None:
    one = Honest()
    with pytest.raises(RuntimeError), one:
        raise RuntimeError
    assert one.closed
    assert one.keep() is None
