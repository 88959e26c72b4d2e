"""Finding and loading a maker's library, and declaring its functions once."""

import ctypes
import os
import platform
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from bodychan.errors import DeviceUnavailable, Unavailable

if TYPE_CHECKING:
    from _ctypes import _CDataType

# The machine field of the two kinds of library files (ELF e_machine, COFF Machine), little-endian.
_ELF_MACHINES = {0x03: "x86", 0x28: "arm", 0x3E: "x86_64", 0xB7: "aarch64"}
_COFF_MACHINES = {0x14C: "x86", 0x8664: "x86_64", 0xAA64: "aarch64"}
_MACHINES = {"amd64": "x86_64", "arm64": "aarch64", "i386": "x86", "i686": "x86"}


class Prototype(NamedTuple):
    """What a function returns (None: nothing) and takes."""

    result: "type[_CDataType] | None"
    arguments: "tuple[type[_CDataType], ...]" = ()


@dataclass(frozen=True)
class Library:
    """A library that may be installed: what it is called, where it may be, and what it must export.

    `places` and `names` are keyed by `sys.platform`: file patterns, and the names that the system's loader is
    asked for after them. `packages` are Python packages that may carry it, inside or in a folder NAME.libs
    beside; they come first, and are never imported. `objection` inspects a loaded library and says why it is
    the wrong one, None if it is not.
    """

    title: str
    variable: str
    places: Mapping[str, tuple[str, ...]]
    names: Mapping[str, tuple[str, ...]]
    remedy: str
    prototypes: Mapping[str, Prototype]
    packages: tuple[str, ...] = ()
    objection: Callable[[ctypes.CDLL], str | None] = lambda _: None


def load(library: Library, path: str | os.PathLike[str] | None = None) -> ctypes.CDLL:
    """Load a library and declare its prototypes.

    Where `path` (the file or its folder) is given it is the only place searched; otherwise the one that the
    environment variable names; otherwise the standard places, newest version first, and last the system's
    loader.

    Raises:
        DeviceUnavailable: NO_LIBRARY or WRONG_LIBRARY.
    """
    named = os.fspath(path) if path is not None else os.environ.get(library.variable)
    if named:
        return _load_file(library, _named_file(library, named, given=path is not None))
    faults: list[DeviceUnavailable] = []
    for found in _candidates(library):
        try:
            if isinstance(found, Path):
                return _load_file(library, found)
            return _declared(library, *found)
        except DeviceUnavailable as fault:
            faults.append(fault)
    if faults:
        raise faults[0]
    where = (*library.places.get(sys.platform, ()), "the system's own library folders")
    raise DeviceUnavailable(
        Unavailable.NO_LIBRARY,
        f"{library.title} was not found (looked for {', '.join(where)}): {library.remedy}, "
        f"or set {library.variable} to the library or its folder",
    )


def file_of(loaded: ctypes.CDLL) -> str:
    """Say which file a library was loaded from, or under which name, where the system does not tell more."""
    name = str(loaded._name)
    mapped = Path("/proc/self/maps")
    if not Path(name).is_absolute() and mapped.exists():
        for line in mapped.read_text().splitlines():
            if f"/{name}" in line:
                return line[line.index("/") :]
    return str(Path(name).resolve()) if Path(name).is_absolute() else name


def can_load(name: str) -> bool:
    """Whether the system's loader finds a library under a name."""
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True


def _candidates(library: Library) -> Iterator[Path | tuple[ctypes.CDLL, str]]:
    """Yield the files of packages and in the standard places, then what the system's loader finds."""
    for package in library.packages:
        for folder in _folders_of(package):
            if file := _file_in(library, folder):
                yield file
    for pattern in library.places.get(sys.platform, ()):
        yield from _newest_first(Path(pattern))
    for name in library.names.get(sys.platform, ()):
        try:
            yield ctypes.CDLL(name), name
        except OSError:
            continue


def _folders_of(package: str) -> Iterator[Path]:
    """Give the folders in which a Python package may carry libraries: its own, and `NAME.libs` beside it."""
    for entry in sys.path:
        for name in (package, f"{package}.libs"):
            folder = Path(entry or ".") / name
            if folder.is_dir():
                yield folder.absolute()


def _newest_first(pattern: Path) -> list[Path]:
    """Return the files that a pattern matches, by the version in their paths."""
    found = Path(pattern.anchor).glob(str(pattern.relative_to(pattern.anchor)))
    return sorted((file for file in found if file.is_file()), key=_version, reverse=True)


def _version(file: Path) -> list[tuple[int, str]]:
    """Return a sort key that puts 1.10 after 1.9."""
    digits_apart = "".join(c if c.isdigit() else f" {c} " for c in str(file)).split()
    return [(int(part), "") if part.isdigit() else (-1, part) for part in digits_apart]


def _named_file(library: Library, named: str, *, given: bool) -> Path:
    path = Path(named).expanduser()
    if path.is_dir():
        if file := _file_in(library, path.absolute()):
            return file
    elif path.is_file():
        return path.absolute()
    what = "" if given else f"{library.variable} names "
    raise DeviceUnavailable(
        Unavailable.NO_LIBRARY,
        f"{what}{named}, but {library.title} is not there: name the library's file or its folder",
    )


def _file_in(library: Library, folder: Path) -> Path | None:
    """Find a library in a folder, under its names or those that wheels give it."""
    names = library.names.get(sys.platform, ())
    # Wheels carry libraries under names with a hash: libk4a-1a2b3c4d.so.1.4.2.
    hashed = [name.replace(".so", "-*.so") for name in names if ".so" in name]
    for pattern in (*names, *(f"{name}*" for name in names), *hashed, *(f"{name}*" for name in hashed)):
        if files := _newest_first(folder / pattern):
            return files[0]
    return None


def _load_file(library: Library, file: Path) -> ctypes.CDLL:
    try:
        if sys.platform == "win32":
            # The library loads others from its own folder later, such as the depth engine.
            os.add_dll_directory(str(file.parent))
        loaded = ctypes.CDLL(str(file))
    except OSError as error:
        raise DeviceUnavailable(
            Unavailable.WRONG_LIBRARY, f"{file} cannot be loaded: {_why_not(file, error)}"
        ) from error
    return _declared(library, loaded, str(file))


def _why_not(file: Path, error: OSError) -> str:
    here = platform.machine().lower()
    here, built_for = _MACHINES.get(here, here), _machine(file)
    if sys.platform == "darwin":
        return f"{error}; install the whole library again"
    if built_for is None:
        return "it is no library of this operating system; install the one that is made for it"
    if built_for != here:
        return f"it is made for {built_for}, this Python runs on {here}; install the library for {here}"
    return f"{error}; install what it names, or the whole library again"


def _machine(file: Path) -> str | None:
    """Read a library's processor type from its header; None if it is not a library of this system."""
    with file.open("rb") as stream:
        head = stream.read(4096)
    if sys.platform == "win32":
        at = int.from_bytes(head[60:64], "little")
        if head[:2] != b"MZ" or head[at : at + 4] != b"PE\0\0":
            return None
        number, machines = int.from_bytes(head[at + 4 : at + 6], "little"), _COFF_MACHINES
    else:
        if head[:4] != b"\x7fELF":
            return None
        number, machines = int.from_bytes(head[18:20], "little"), _ELF_MACHINES
    return machines.get(number, f"processors of kind {number}")


def _declared(library: Library, loaded: ctypes.CDLL, where: str) -> ctypes.CDLL:
    objection = library.objection(loaded)
    if objection is not None:
        raise DeviceUnavailable(Unavailable.WRONG_LIBRARY, f"{where} {objection}")
    for name, prototype in library.prototypes.items():
        try:
            function = getattr(loaded, name)
        except AttributeError as error:
            raise DeviceUnavailable(
                Unavailable.WRONG_LIBRARY,
                f"{where} has no function {name}: it is not {library.title}, or too old; {library.remedy}",
            ) from error
        function.restype, function.argtypes = prototype.result, prototype.arguments
    return loaded
