"""The stand-in for libk4abt, compiled when asked for, over the stand-in for libk4a or the real one."""

import ctypes
import shutil
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest

from bodychan import Capture

SOURCES = Path(__file__).parent / "native_standin"
SIZE = 288, 320
"""Height and width of the depth mode that the tests use, NFOV_2X2BINNED."""
PERIOD_USEC = 33_333

_DEFAULTS = {
    "create_fails": 0,
    "queue": 3,
    "delay_usec": 0,
    "jitter_usec": 0,
    "seed": 1,
    "full": 0,
    "no_map": 0,
    "enqueued": 0,
    "popped": 0,
    "most_inside": 0,
}
_NONE = ("hang_at", "die_at", "skip_at", "nan_at", "inf_at", "no_turn_at", "no_id_at", "no_skeleton_at")


class Standin:
    """Both libraries of one build, and what a test tells and asks them."""

    def __init__(self, k4a: Path, k4abt: Path) -> None:
        self.k4a, self.k4abt = k4a, k4abt
        self._k4a = ctypes.CDLL(str(k4a))
        self._k4abt = ctypes.CDLL(str(k4abt))
        self._k4abt.standin_model.restype = ctypes.c_char_p

    def set(self, **settings: int) -> None:
        """Change settings, named in the stand-in's source."""
        for name, value in settings.items():
            self._k4abt.standin_set(name.encode(), value)

    def get(self, name: str) -> int:
        """Read a setting or a count."""
        return int(self._k4abt.standin_get(name.encode()))

    def reset(self) -> None:
        """Go back to the first settings."""
        self.set(**_DEFAULTS, **dict.fromkeys(_NONE, -1))

    @property
    def model(self) -> str:
        """The model path of the last tracker."""
        return bytes(self._k4abt.standin_model()).decode()

    def check_nothing_left(self) -> None:
        """Fail where the library still holds something, or a handle was used wrongly."""
        for name in ("trackers", "frames", "captures", "refused", "misuses"):
            assert self.get(name) == 0, f"{self.get(name)} {name}"
        if hasattr(self._k4a, "standin_alive"):
            assert self._k4a.standin_alive() == 0, "images or captures of k4a are left"
            assert self._k4a.standin_misuses() == 0, "a k4a handle was used after its release"


def build(folder: Path, k4a: Path | None = None) -> Standin:
    """Compile the stand-in for k4abt, and that for k4a where no real one is given."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None or sys.platform != "linux":
        pytest.skip("the stand-in for libk4abt needs Linux and a C compiler (cc)")
    if hasattr(ctypes.CDLL(None), "k4a_device_open"):
        # Another test has loaded the real one for everyone to see, as libk4arecord needs it.
        pytest.skip("the real libk4a would be called in place of the stand-in: run this test by itself")
    options = (compiler, "-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-pthread", "-o")
    if k4a is None:
        k4a = folder / "libk4a.so"
        # k4abt gets the k4a of this build, not that of another one in this process.
        name = f"-Wl,-soname,libk4a-{zlib.crc32(str(folder).encode()):08x}.so"
        subprocess.run([*options, str(k4a), str(SOURCES / "k4a.c"), name], check=True)
    k4abt = folder / "libk4abt.so"
    sources = [str(SOURCES / "k4abt.c"), str(k4a), "-lm", "-Wl,--allow-shlib-undefined"]
    subprocess.run([*options, str(k4abt), *sources], check=True)
    return Standin(k4a, k4abt)


def numbered(index: int, bodies: int = 1) -> Capture:
    """A capture whose images say its number and how many bodies the stand-in is to give."""
    depth, ir = np.full(SIZE, 1500, np.uint16), np.full(SIZE, 200, np.uint16)
    depth[0, :2] = index, bodies
    ir[0, 0] = index + 1
    usec = 1_000_000 + index * PERIOD_USEC
    return Capture(index=index, depth=depth, ir=ir, depth_usec=usec, ir_usec=usec)
