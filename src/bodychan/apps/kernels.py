"""Watching the kernels being compiled: numba does that once, and keeps the result on the disk."""

import contextlib
from collections.abc import Callable, Iterator

from numba.core import event


class _Count(event.Listener):
    """Counts kernels of ours, without those that numba compiles for its own use."""

    def __init__(self, tell: Callable[[int], None]) -> None:
        self._tell = tell
        self._done = 0

    def on_start(self, _event: event.Event) -> None:
        """Tell that one is being compiled."""
        self._tell(self._done)

    def on_end(self, ended: event.Event) -> None:
        """Tell that one more is done."""
        self._done += ended.data["dispatcher"].py_func.__module__.startswith("bodychan.")
        self._tell(self._done)


@contextlib.contextmanager
def watched(tell: Callable[[int], None]) -> Iterator[None]:
    """Call `tell` with the number of kernels that are done, whenever one is compiled and not just loaded."""
    listener = _Count(tell)
    event.register("numba:compile", listener)  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        event.unregister("numba:compile", listener)  # type: ignore[no-untyped-call]
