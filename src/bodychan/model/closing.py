"""What is opened and must be closed: one context manager for all of it; what Ctrl-C must not break."""

import contextlib
import signal
from abc import ABC, abstractmethod
from collections.abc import Iterator
from types import FrameType, TracebackType
from typing import Self

STOPPING: tuple[signal.Signals, ...] = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)
"""Signals that ask a process to end: Ctrl-C, `kill`, a terminal that was closed."""


class Closing(ABC):
    """Something that `with` closes at the end, also after an exception."""

    @abstractmethod
    def close(self) -> None:
        """Release what is held."""

    def _close_after_error(self) -> None:
        """Release it after an exception; a file that must not look complete overrides this."""
        self.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        else:
            self._close_after_error()


@contextlib.contextmanager
def uninterrupted() -> Iterator[list[tuple[int, FrameType | None]]]:
    """Hold Ctrl-C and other requests to end back until the block is done; then the first of them comes.

    Only Python's own handlers are held back, and only in the main thread, which alone has them. The block
    gets the list of those that are held; one that ends all there is to end may clear it.
    """
    held: list[tuple[int, FrameType | None]] = []
    before = {number: signal.getsignal(number) for number in STOPPING}
    handlers = {number: handler for number, handler in before.items() if callable(handler)}
    try:
        try:
            for number in handlers:
                signal.signal(number, lambda *caught: held.append(caught))
        except ValueError:  # not the main thread
            handlers = {}
        yield held
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        for caught, frame in held[:1]:
            handlers[signal.Signals(caught)](caught, frame)
