"""Stand-ins for the makers' libraries: C of this folder, compiled by the tests with the system's compiler."""

import ctypes
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from bodychan.cameras.k4a.api import Configuration
from recordings import calibration_json, jpeg

SOURCES = Path(__file__).with_name("native_standin")
_COPIES = count()


def build(source: str, folder: Path, *flags: str) -> Path:
    """Compile a stand-in, once per folder and flags; skip the test where there is no compiler."""
    compiler = shutil.which(os.environ.get("CC", "cc"))
    if compiler is None or sys.platform != "linux":
        pytest.skip("no C compiler for Linux: the stand-in for the device's library cannot be built")
    built = folder / ("-".join([Path(source).stem, *flags]) + ".so")
    if not built.exists():
        # -Bsymbolic: another library with the same functions may be loaded for everyone to see.
        options = ["-std=gnu11", "-O1", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-pthread"]
        command = [compiler, *options, "-fvisibility=hidden", "-Wl,-Bsymbolic", *flags]
        subprocess.run([*command, str(SOURCES / source), "-o", str(built)], check=True)
    return built


def fresh_copy(library: Path) -> Path:
    """Copy a library to a name of its own: loaded from there its variables are at their start."""
    copy = library.with_name(f"{library.stem}-{next(_COPIES)}.so")
    shutil.copy(library, copy)
    return copy


class StandIn:
    """A stand-in for libk4a with one device plugged in; tests script it by these methods."""

    def __init__(self, folder: Path, *flags: str) -> None:
        self.path = fresh_copy(build("k4a.c", folder, *flags))
        self._library = ctypes.CDLL(str(self.path))
        self._library.standin_configuration.restype = Configuration
        self._library.standin_running.restype = ctypes.c_bool
        self._library.standin_color.argtypes = (ctypes.c_char_p, ctypes.c_size_t)
        self.calibrate(calibration_json())
        self.color(jpeg(0, 1280, 720))
        self.plug(0)

    def plug(self, index: int, plugged: bool = True) -> None:
        """Plug a device in, or pull it out."""
        self._library.standin_plug(index, plugged)

    def occupy(self, index: int, occupied: bool = True) -> None:
        """Let another program have the device, or let it go."""
        self._library.standin_occupy(index, occupied)

    def stall(self, index: int = 0, stalled: bool = True) -> None:
        """Let a device deliver nothing and not come back from being stopped, or work again."""
        self._library.standin_stall(index, stalled)

    def rename(self, index: int, serial: bytes) -> None:
        """Give a device another serial number."""
        self._serial = serial  # the library does not copy it
        self._library.standin_rename(index, serial)

    def push(self, frames: int = 0, samples: int = 0, index: int = 0) -> None:
        """Let a device deliver captures and inertial samples."""
        self._library.standin_push(index, frames, samples)

    def skip(self, frames: int, index: int = 0) -> None:
        """Let a device lose captures."""
        self._library.standin_skip(index, frames)

    def delivered(self, index: int = 0) -> bool:
        """Whether all that was pushed has been taken."""
        return int(self._library.standin_waiting(index)) == 0

    def pad_rows(self) -> None:
        """Let rows of images be longer than their pixels."""
        self._library.standin_pad_rows(True)

    def spoil(self, kind: str, wider: int = 0, form: int = -1) -> None:
        """Let "color", "depth" or "ir" images be wider than their mode, or in another format."""
        self._library.standin_spoil(("color", "depth", "ir").index(kind), wider, form)

    def color(self, data: bytes) -> None:
        """Set the JPEG that all devices deliver."""
        self._library.standin_color(data, len(data))

    def calibrate(self, json: bytes | None) -> None:
        """Set the calibration of all devices, or let them give none."""
        self._library.standin_calibrate(json)

    def configuration(self, index: int = 0) -> Configuration:
        """Give what the cameras were started with."""
        configuration: Configuration = self._library.standin_configuration(index)
        return configuration

    def running(self, index: int = 0) -> bool:
        """Whether cameras or inertial sensor run."""
        return bool(self._library.standin_running(index))

    @property
    def alive(self) -> int:
        """Handles that have not been given back."""
        return int(self._library.standin_alive())

    @property
    def misuses(self) -> int:
        """Uses of handles that had been given back, or were none."""
        return int(self._library.standin_misuses())


def until(condition: Callable[[], bool], what: str) -> None:
    """Wait for something that happens on another thread."""
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain until {what}"
        time.sleep(0.002)
