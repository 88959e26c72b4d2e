"""What is opened and must be closed: one context manager for all of it."""

from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self


class Closing(ABC):
    """Something that `with` closes at the end, also when an exception passes."""

    @abstractmethod
    def close(self) -> None:
        """Let go of what is held."""

    def _close_after_error(self) -> None:
        """Let go when an exception passes; a file that must not look whole does something else then."""
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
