"""Every error that bodychan raises on purpose.

    BodychanError                   the base: catch this one
    ├── CameraError                 a camera, recording or scene cannot be opened or read
    │   ├── RecordingError          the file is not a readable Azure Kinect recording
    │   └── DeviceUnavailable       a live device cannot be used; its `reason` says why
    ├── CalibrationError            a calibration does not describe a camera
    ├── TrackerError                a tracker cannot be made, or has stopped
    ├── OperatorError               an operator was asked for something that it does not have
    │   └── ParameterError          unknown parameter, or a value outside its range
    ├── PatternError                a channel pattern does not parse
    ├── OutputError                 a file or receiver cannot be written to
    ├── BatchError                  a batch of recordings cannot be begun or gone on with
    ├── FusionError                 the cameras of a rig cannot be brought together
    ├── NetworkError                other machines cannot be reached
    ├── MissingExtraError           an optional package is needed that is not installed
    └── ViewerError                 the viewer's page cannot be served

Each message says what happened, where, and what to do about it, in one line.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from enum import Enum, auto


class BodychanError(Exception):
    """Base of every error that bodychan raises on purpose."""


class CameraError(BodychanError):
    """A camera, recording or synthetic scene cannot be opened or read."""


class RecordingError(CameraError):
    """A file is not a readable Azure Kinect recording."""


class Unavailable(Enum):
    """Why a live device cannot be used."""

    NO_LIBRARY = auto()
    """The maker's library was not found."""
    WRONG_LIBRARY = auto()
    """A library was found, but it cannot be loaded here, lacks a function, or is another maker's."""
    NO_DEVICE = auto()
    """No such device is connected."""
    IN_USE = auto()
    """The device is connected, but something else has opened it."""
    REFUSED = auto()
    """The device does not support the settings."""
    NO_CAPTURE = auto()
    """The device is open but delivers no captures; waiting longer may help."""
    UNPLUGGED = auto()
    """The device was open and is gone; reading again waits until it is back."""


class DeviceUnavailable(CameraError):  # noqa: N818 - the name says what is wrong
    """A live device cannot be used; `reason` tells programs why, the message tells people what to do."""

    def __init__(self, reason: Unavailable, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class CalibrationError(BodychanError):
    """A calibration does not describe a camera, or an image is not one of its modes."""


class TrackerError(BodychanError):
    """A tracker cannot be made, or has stopped."""


class OperatorError(BodychanError):
    """An operator was asked for something that it does not have."""


class ParameterError(OperatorError):
    """A parameter is unknown, or its value is outside the range."""


class PatternError(BodychanError):
    """A channel pattern does not parse."""


class OutputError(BodychanError):
    """A file or receiver cannot be written to."""


class BatchError(BodychanError):
    """A batch of recordings cannot be begun or gone on with."""


class FusionError(BodychanError):
    """The cameras of a rig cannot be brought together."""


class NetworkError(BodychanError):
    """Other machines cannot be reached."""


class MissingExtraError(BodychanError):
    """An optional package is needed that is not installed."""


_PACKAGES = {"libusb_package": "libusb-package", "pxr": "usd-core", "zenoh": "eclipse-zenoh"}
"""Packages of other names than their modules."""


@contextmanager
def needs_extra(extra: str, what: str) -> Iterator[None]:
    """Say what to install where an import inside the `with` block fails for lack of an optional package.

    Args:
        extra: which optional part of an installation has the package, such as "plots".
        what: what needs it; the subject of the message.

    Raises:
        MissingExtraError: one of the extra's packages is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        module = (error.name or "").partition(".")[0]
        if module == "bodychan":
            raise
        package = _PACKAGES.get(module, module)
        raise MissingExtraError(
            f"{what} needs {package}, which is not installed: run pip install {package}, or install bodychan "
            f"with its extra '{extra}'"
        ) from error


class ViewerError(BodychanError):
    """The viewer's page cannot be served."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Suggest the known names closest to a mistyped one, or list all of them where none is close.

    >>> did_you_mean("maxplayer", ["active", "maxplayers"])
    "did you mean 'maxplayers'?"
    """
    names = list(known)
    near = get_close_matches(name, names, n=3, cutoff=0.6)
    if near:
        return "did you mean " + " or ".join(f"'{n}'" for n in near) + "?"
    return "there are: " + ", ".join(names)
