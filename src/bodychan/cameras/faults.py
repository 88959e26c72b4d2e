"""Faults in a camera's data: one warning for each kind, with a count."""


class Faults:
    """Keeps a camera's list of warnings: the first fault of each kind, and how many followed.

    A camera whose every image is damaged would otherwise give thousands of warnings.
    """

    def __init__(self, name: str, warnings: list[str]) -> None:
        self._name = name
        self._warnings = warnings
        self._known: dict[str, tuple[int, str, int]] = {}

    def note(self, kind: str, fault: str) -> None:
        """Count a fault; the warning keeps the sentence of the first of its kind."""
        if kind in self._known:
            place, sentence, count = self._known[kind]
            self._warnings[place] = f"{sentence} (the first of {count + 1})"
        else:
            place, sentence, count = len(self._warnings), f"{self._name}: {fault}", 0
            self._warnings.append(sentence)
        self._known[kind] = place, sentence, count + 1
