"""What is opened and must be closed: one context manager for all of it."""

from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self


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
