"""Closing several things, whatever closing one of them raises."""

from typing import Protocol


class Closable(Protocol):
    """Whatever has a `close`."""

    def close(self) -> None:
        """Release what is held."""


def close_all(*held: Closable | None) -> None:
    """Close everything, whatever closing one of them raises; then raise the first error.

    Raises:
        BaseException: what the first that could not be closed raised; the others' errors are its notes.
    """
    failed: list[BaseException] = []
    for one in held:
        try:
            if one is not None:
                one.close()
        except BaseException as error:
            failed.append(error)
    if failed:
        for other in failed[1:]:
            failed[0].add_note(f"also: {other}")
        raise failed[0]
