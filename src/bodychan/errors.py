"""Every error that bodychan raises on purpose.

    BodychanError                   the base: catch this one
    ├── CameraError                 a camera, recording or scene cannot be opened or read
    │   └── RecordingError          the file is not a readable Azure Kinect recording
    ├── CalibrationError            a calibration does not describe a camera
    ├── ModelError                  the tracker's model files are missing or not the right ones
    ├── OperatorError               an operator was asked for something that it does not have
    │   └── ParameterError          unknown parameter, or a value outside its range
    ├── PatternError                a channel pattern does not parse
    └── OutputError                 a file or receiver cannot be written to

Each message says what happened, where, and what to do about it, in one line.
"""

from collections.abc import Iterable
from difflib import get_close_matches


class BodychanError(Exception):
    """Base of every error that bodychan raises on purpose."""


class CameraError(BodychanError):
    """A camera, recording or synthetic scene cannot be opened or read."""


class RecordingError(CameraError):
    """A file is not a readable Azure Kinect recording."""


class CalibrationError(BodychanError):
    """A calibration does not describe a camera."""


class ModelError(BodychanError):
    """The tracker's model files are missing, or are not the ones that this version was made for."""


class OperatorError(BodychanError):
    """An operator was asked for something that it does not have."""


class ParameterError(OperatorError):
    """A parameter is unknown, or its value is outside the range."""


class PatternError(BodychanError):
    """A channel pattern does not parse."""


class OutputError(BodychanError):
    """A file or receiver cannot be written to."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Say which known names are near a mistyped one, or list all of them when none is.

    >>> did_you_mean("maxplayer", ["active", "maxplayers"])
    "did you mean 'maxplayers'?"
    """
    names = list(known)
    near = get_close_matches(name, names, n=3, cutoff=0.6)
    if near:
        return "did you mean " + " or ".join(f"'{n}'" for n in near) + "?"
    return "there are: " + ", ".join(names)
