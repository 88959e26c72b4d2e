"""The rows of the Common page, which every channel operator has."""

from bodychan.operators.parameters import Kind, Parameter

_PAGE = "Common"

COMMON = (
    Parameter(
        "timeslice",
        "Time Slice",
        _PAGE,
        Kind.TOGGLE,
        False,
        "Gives the samples since the last cook instead of one; those of 200 ms at most.",
    ),
    Parameter(
        "interp",
        "Interpolation",
        _PAGE,
        Kind.MENU,
        "hold",
        "What a sample between two captures of a slice is: the older's value, or on the line to the newer.",
        menu=(("hold", "Hold"), ("linear", "Linear")),
        ours=True,
    ),
    Parameter(
        "scope", "Scope", _PAGE, Kind.STRING, "*", "Pattern of the channels that come out; the others do not."
    ),
)
