"""The rule that k4abt serves one kind of camera at a time: the operator that asks first decides which."""


class HardwareClaims:
    """Who uses k4abt in a project, and for which hardware; the built-in tracker needs no claim.

    Operators are named by their path, hardware as in the TOP's menu `library`: microsoft, orbbec.
    """

    def __init__(self) -> None:
        self._claims: dict[str, str] = {}

    @property
    def hardware(self) -> str | None:
        """The hardware that k4abt serves now; None while nobody asks for it."""
        return next(iter(self._claims.values()), None)

    @property
    def holder(self) -> str | None:
        """The operator that has asked longest; None while nobody does."""
        return next(iter(self._claims), None)

    def claim(self, operator: str, hardware: str) -> bool:
        """Ask for k4abt at each cook; False where it serves other hardware, and then nothing is held.

        >>> claims = HardwareClaims()
        >>> claims.claim("/kinect1", "microsoft"), claims.claim("/femto1", "orbbec")
        (True, False)
        """
        if self._claims.get(operator) == hardware:
            return True
        self.release(operator)
        if self.hardware not in (None, hardware):
            return False
        self._claims[operator] = hardware
        return True

    def release(self, operator: str) -> None:
        """Let go, when an operator closes its tracker; nothing happens where it holds none."""
        self._claims.pop(operator, None)
