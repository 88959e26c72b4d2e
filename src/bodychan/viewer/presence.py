"""Which bodies were there when, for the timeline of a recording."""

from collections.abc import Iterable

from bodychan.viewer.events import Presence

_SLOTS = 1000
_LONGEST_GAP_SECONDS = 0.5


class PresenceLog:
    """Notes who was there, in a thousand slots of the recording; what is played again replaces it.

    Args:
        seconds: length of the recording.
    """

    def __init__(self, seconds: float = 1.0) -> None:
        self._step = seconds / _SLOTS
        self._ids: dict[int, frozenset[int]] = {}
        self._last = -_SLOTS

    def note(self, seconds: float, ids: Iterable[int]) -> None:
        """Note who was there at a second of the recording.

        Captures in between that were not tracked, for half a second at most, are taken to be like this one.
        """
        slot, found = int(seconds / self._step + 1e-6), frozenset(ids)
        if slot == self._last:
            found |= self._ids[slot]
        follows = 0 < (slot - self._last) * self._step <= _LONGEST_GAP_SECONDS
        for passed in range(self._last + 1 if follows else slot, slot + 1):
            self._ids[passed] = found
        self._last = slot

    def spans(self) -> tuple[Presence, ...]:
        """Return the spans of each id, in seconds."""
        found: dict[int, list[list[int]]] = {}
        for slot in sorted(self._ids):
            for body in self._ids[slot]:
                spans = found.setdefault(body, [])
                if spans and spans[-1][1] == slot:
                    spans[-1][1] = slot + 1
                else:
                    spans.append([slot, slot + 1])
        return tuple(
            Presence(
                body,
                tuple((round(first * self._step, 3), round(end * self._step, 3)) for first, end in spans),
            )
            for body, spans in sorted(found.items())
        )
