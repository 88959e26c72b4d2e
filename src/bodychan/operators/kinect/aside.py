"""Work that takes longer than a frame, beside the timeline: an edge."""

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

_Answer = TypeVar("_Answer")


class Aside(Generic[_Answer]):
    """Does one thing at a time, on a thread of its own, or at once where nobody waits for the next frame."""

    def __init__(self, *, apart: bool) -> None:
        self._apart = apart
        self._thread: threading.Thread | None = None
        self._done: list[_Answer | Exception] = []

    @property
    def busy(self) -> bool:
        """Whether something is under way, or its answer has not been taken yet."""
        return self._thread is not None or bool(self._done)

    def ask(self, work: Callable[[], _Answer]) -> None:
        """Begin with something; not while it is busy."""
        if not self._apart:
            self._do(work)
            return
        self._thread = threading.Thread(target=self._do, args=(work,), name="bodychan aside", daemon=True)
        self._thread.start()

    def answer(self) -> _Answer | None:
        """Take the answer; None while there is none.

        Raises:
            Exception: what the work raised.
        """
        if not self._done:
            return None
        self._thread = None
        done = self._done.pop()
        if isinstance(done, Exception):
            raise done
        return done

    def _do(self, work: Callable[[], _Answer]) -> None:
        try:
            self._done.append(work())
        except Exception as error:  # told where the answer is taken
            self._done.append(error)
