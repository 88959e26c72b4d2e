"""Orbbec's library: fetched once out of a wheel, checked, kept in the user's data directory.

OrbbecSDK 2 is published inside the wheels of the package `pyorbbecsdk2` (the SDK under the MIT licence, its
depth engine free to use with Orbbec's products). Only a wheel is downloaded, it is never installed: it pins
old versions of packages that are needed here. Its library has a C API, so that one wheel serves every Python.
"""

import csv
import hashlib
import os
import platform
import sys
import tempfile
import zipfile
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bodychan import wheels
from bodychan.errors import DeviceUnavailable, Unavailable

ENVIRONMENT_VARIABLE = "BODYCHAN_ORBBECSDK"
"""Names the folder that the library is fetched into and loaded from, instead of the data directory."""
VERSION = "2.9.3"
"""The version of OrbbecSDK."""

_WHEEL = "pyorbbecsdk2==2.1.2"
_PACKAGE, _RECORD = "pyorbbecsdk/", "pyorbbecsdk2-2.1.2.dist-info/RECORD"
_LICENCE = "pyorbbecsdk2-2.1.2.dist-info/licenses/LICENSE"
_PYTHON = "3.11"


@dataclass(frozen=True, slots=True)
class _Wheel:
    """The wheel of one platform: its tag, the SHA-256 sums of it and of its list of files, the library."""

    tag: str
    sha256: str
    record_sha256: str
    library: str


_WHEELS = {
    ("linux", "x86_64"): _Wheel(
        "manylinux_2_27_x86_64",
        "8837d8f177266e795e5cc7f6906bbda7411887d1277f5a16753fa4a390ebe6fa",
        "f1b3cff9c4bd424987737d40ae77cbdd4ec0394dfdd95ca5a4736e6992f020df",
        "libOrbbecSDK.so.2",
    ),
    ("linux", "aarch64"): _Wheel(
        "manylinux_2_27_aarch64",
        "76924a78778e37b4c20b87dd6e490b4b945910ff41cb5c5cbdf968e52728a1d3",
        "62a5639349a69f1d026e9ee1f2b7d411228bd94ee71481d4e8a94b634c9b28ce",
        "libOrbbecSDK.so.2",
    ),
    ("win32", "amd64"): _Wheel(
        "win_amd64",
        "651a6d89177c19cfacd256e25ece21ab3ff878b4b1c98209298ebf41f0ca24a3",
        "810da5433629e6b6041ca3fff977a86b5d931d9e86656f669c5c0b72c4dee6d9",
        "OrbbecSDK.dll",
    ),
    ("darwin", "arm64"): _Wheel(
        "macosx_13_0_arm64",
        "6e2b091e74b29f0ea2802c41263e37f63ebdf67cd6342740028dc4d2c42c0a84",
        "c748e17ef1752bbd9580500922d1556b18584b0d524d11c4da7c719546329466",
        "libOrbbecSDK.2.dylib",
    ),
}


def known_folder() -> Path:
    """Give the folder of the library: the one that the environment names, else that in the data directory."""
    named = os.environ.get(ENVIRONMENT_VARIABLE)
    if named:
        return Path(named)
    import platformdirs

    return platformdirs.user_data_path("bodychan") / f"orbbec-{VERSION}"


def library(folder: Path) -> Path:
    """Give the path of the library's file in a folder, whether it is there or not.

    Raises:
        DeviceUnavailable: WRONG_LIBRARY; Orbbec has none for this system and processor.
    """
    return folder / _wheel().library


def fetch(
    notify: Callable[[str], None] | None = None, download: Callable[[Path], Path] | None = None
) -> Path:
    """Put the library into its folder, unless it is there, and give that folder.

    Args:
        notify: is told in one line when something has to be downloaded.
        download: puts the wheel into the folder that it is given and returns its path; pip does it if None.

    Raises:
        DeviceUnavailable: NO_LIBRARY, no package index is in reach or nothing can be written; WRONG_LIBRARY,
            the wheel is not the one that this version was made for, or there is none for this system.
    """
    wheel, target = _wheel(), known_folder()
    try:
        check(target)
    except DeviceUnavailable:
        if notify is not None:
            notify("fetching Orbbec's library (20 MB, out of a wheel of 18 to 38 MB); this happens once")
        try:
            with tempfile.TemporaryDirectory(prefix="bodychan-orbbec-") as scratch:
                _unpack((download or _download_with_pip)(Path(scratch)), wheel, target)
        except OSError as error:
            raise DeviceUnavailable(
                Unavailable.NO_LIBRARY,
                f"cannot keep Orbbec's library in {target}: {error.strerror or error}; free some space, "
                f"or name another folder in {ENVIRONMENT_VARIABLE}",
            ) from error
    return target


def check(folder: Path) -> Path:
    """Make sure that a folder holds every file that is needed, byte for byte; give the library's path.

    Raises:
        DeviceUnavailable: NO_LIBRARY, a file is missing; WRONG_LIBRARY, one is another than it should be.
    """
    wheel = _wheel()
    record = _content(folder / "RECORD")
    if hashlib.sha256(record).hexdigest() != wheel.record_sha256:
        raise _wrong(folder / "RECORD")
    for member, digest in _needed(record, wheel).items():
        if _digest(_content(folder / _place(member))) != digest:
            raise _wrong(folder / _place(member))
    return folder / wheel.library


def _wheel() -> _Wheel:
    machine = platform.machine().lower()
    try:
        return _WHEELS[sys.platform, machine]
    except KeyError:
        raise DeviceUnavailable(
            Unavailable.WRONG_LIBRARY,
            f"Orbbec has no library for {sys.platform} on {machine}: it is for Linux on x86-64 and arm64, "
            "Windows on x86-64 and macOS on arm64; record there, and read the recording here",
        ) from None


def _needed(record: bytes, wheel: _Wheel) -> dict[str, str]:
    """Choose from a wheel's list of files what the library needs; give their sums by their names in it."""
    rows = (row for row in csv.reader(record.decode().splitlines()) if len(row) > 1)
    sums = {name: digest.removeprefix("sha256=") for name, digest, *_ in rows}
    wanted = (f"{_PACKAGE}extensions/", f"{_PACKAGE}shared/")
    return {
        name: digest
        for name, digest in sums.items()
        if name in (_PACKAGE + wheel.library, _LICENCE)
        or (name.startswith(wanted) and not name.endswith((".lib", ".py")))
    }


def _place(member: str) -> str:
    return "LICENSE" if member == _LICENCE else member.removeprefix(_PACKAGE)


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DeviceUnavailable(
            Unavailable.NO_LIBRARY,
            f"Orbbec's library is not in {path.parent} ({path.name}: {error.strerror}): "
            "run `bodychan cameras fetch orbbec`",
        ) from error


def _digest(content: bytes) -> str:
    return urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")


def _wrong(path: Path) -> DeviceUnavailable:
    return DeviceUnavailable(
        Unavailable.WRONG_LIBRARY,
        f"{path} is not the file that this version was made for (OrbbecSDK {VERSION}): "
        "run `bodychan cameras fetch orbbec`",
    )


def _unpack(path: Path, wheel: _Wheel, target: Path) -> None:
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != wheel.sha256:
        raise DeviceUnavailable(
            Unavailable.WRONG_LIBRARY,
            f"{path.name} is not the wheel that this version was made for: expected SHA-256 {wheel.sha256}, "
            f"found {found}; nothing of it was kept, use another package index",
        )
    with zipfile.ZipFile(path) as archive:
        record = archive.read(_RECORD)
        for member in _needed(record, wheel):
            wheels.put(archive.read(member), target / _place(member))
        # Last: a folder with it is whole.
        wheels.put(record, target / "RECORD")


def _download_with_pip(folder: Path) -> Path:
    try:
        return wheels.download(_WHEEL, _PYTHON, _wheel().tag, folder)
    except wheels.NotDownloaded as error:
        raise DeviceUnavailable(
            Unavailable.NO_LIBRARY,
            f"Orbbec's library is not in {known_folder()} and could not be fetched ({error}): run `bodychan "
            "cameras fetch orbbec` where a package index is in reach, and copy that folder here",
        ) from error
