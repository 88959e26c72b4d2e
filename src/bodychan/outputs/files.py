"""THE policy for files that are written.

Nothing is overwritten unasked, nothing half-written has a final name, and nothing that was written is lost.
A file grows as NAME.partial.SUFFIX and is renamed when it is whole. Whatever ends a run early leaves the
partial file, which is refused as a leftover at the next run, like a file of the final name. It is created
with the first data, so that a call that fails before touches nothing, and locked while it is written, so that
a second process with the same name is refused.
"""

import contextlib
import errno
import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from bodychan.errors import OutputError

_REMEDIES = {
    errno.ENOSPC: "free some space, or write to another disk",
    errno.EFBIG: "the file is larger than this system allows",
    errno.EACCES: "choose a folder that you may write to",
    errno.EPERM: "choose a folder that you may write to",
    errno.EROFS: "choose a folder that you may write to",
    errno.ENAMETOOLONG: "choose a shorter name",
}


def partial_path(path: Path) -> Path:
    """Give the name under which a file is written until it is whole: NAME.partial.SUFFIX."""
    return path.with_name(f"{path.stem}.partial{path.suffix}")


def explained(target: object, error: OSError | ValueError) -> OutputError:
    """Turn what the system says into an error that says what to do."""
    number = error.errno if isinstance(error, OSError) else None
    reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
    remedy = _REMEDIES.get(number or 0)
    return OutputError(f"cannot write {_shortened(str(target))}: {reason}{f'; {remedy}' if remedy else ''}")


def require_free(path: Path, *, overwrite: bool) -> None:
    """Check that a file may be written under this name.

    Args:
        path: its final name.
        overwrite: replace what lies there.

    Raises:
        OutputError: the file exists and `overwrite` is off, it is a folder or a device, its folder is
            missing, or its name is not one.
    """
    try:
        _require_regular(path)
        if not path.parent.is_dir():
            raise OutputError(f"{path}: there is no folder {path.parent}: make it first")
        if path.exists() and not overwrite:
            raise OutputError(f"{path} exists: choose another name, or pass --overwrite")
    except (OSError, ValueError) as error:
        raise explained(path, error) from error


def require_other(path: Path, source: str | os.PathLike[str]) -> None:
    """Check that writing a file, first under its partial name, does not destroy what is read meanwhile.

    Raises:
        OutputError: one of the two is the source.
    """
    for name in (path, partial_path(path)):
        with contextlib.suppress(OSError, ValueError):  # a source that is no file, or is not there
            if os.path.samefile(name, source):
                raise OutputError(f"{name} is the source itself: choose another name")


def require_idle(path: Path) -> None:
    """Check that no process of ours writes a file.

    Raises:
        OutputError: one does, or the file cannot be opened.
    """
    try:
        with path.open("r+b", buffering=0) as file:
            if not _lock(file):
                raise OutputError(f"{path} is still being written: stop its writer, or name another file")
    except OSError as error:
        raise explained(path, error) from error


def _require_partial_free(partial: Path, *, overwrite: bool) -> None:
    try:
        _require_regular(partial)
        if partial.exists() and not overwrite:
            raise _in_the_way(partial)
    except OSError as error:
        raise explained(partial, error) from error


def _in_the_way(partial: Path) -> OutputError:
    """Say what a partial file that exists is, and what to do about it."""
    with contextlib.suppress(OSError), partial.open("r+b", buffering=0) as file:
        if not _lock(file):
            return _in_use(partial)
    return OutputError(
        f"{partial} is left of a run that was cut off: finish it with 'bodychan repair' or move it away, "
        "or pass --overwrite"
    )


def _in_use(partial: Path) -> OutputError:
    return OutputError(f"{partial} is being written by another process: choose another name")


def _require_regular(path: Path) -> None:
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return
    if stat.S_ISDIR(mode):
        raise OutputError(f"{path} is a folder: name a file in it")
    if not stat.S_ISREG(mode):
        raise OutputError(f"{path} is a pipe or device, which cannot be finished and renamed: name a file")


class PartialFile:
    """A file on its way to its name: NAME.partial.SUFFIX until `finish`.

    Args:
        path: the final name.
        overwrite: replace what lies there, and what an earlier run left under the partial name.

    Raises:
        OutputError: see `require_free`; the partial name may be in use, too. Nothing is changed yet.
    """

    def __init__(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        self.path = Path(path)
        self.partial = partial_path(self.path)
        self._overwrite = overwrite
        self._file: BinaryIO | None = None
        self._left = False
        require_free(self.path, overwrite=overwrite)
        _require_partial_free(self.partial, overwrite=overwrite)

    @property
    def begun(self) -> bool:
        """Whether the partial file is open."""
        return self._file is not None

    @property
    def left(self) -> str | None:
        """Where what was written lies; None while and where there is nothing under the partial name."""
        return str(self.partial) if self._left else None

    def begin(self) -> BinaryIO:
        """Create the partial file, empty and locked; give it, unbuffered.

        Raises:
            OutputError: it cannot be created, or another process is writing it.
        """
        with self.explained():
            self._file = _locked(self.partial, overwrite=self._overwrite)
            self._left = True
            if not self._overwrite and self.path.exists():
                self.discard()
                raise OutputError(f"{self.path} exists by now: choose another name, or pass --overwrite")
        return self._file

    def put(self, data: bytes) -> None:
        """Write all of `data` at the file's end, or where that fails nothing of it.

        Raises:
            OSError: the system says why.
        """
        assert self._file is not None  # `begin` came before
        start, rest = self._file.tell(), memoryview(data)
        try:
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError:
            self._file.truncate(start)
            self._file.seek(start)
            raise

    def finish(self) -> None:
        """Close the file and give it its final name.

        Raises:
            OutputError: it cannot be renamed, or that name is taken by now; it stays where it is then.
        """
        self.close()
        with self.explained():
            if not self._overwrite and self.path.exists():
                raise OutputError(f"{self.path} exists by now; what was written is in {self.partial}")
            self.partial.replace(self.path)
        self._left = False

    def close(self) -> None:
        """Close the file where it is; `left` says where."""
        if self._file is not None:
            # A disk that is gone says so here once more; what it was to keep has been told.
            with contextlib.suppress(OSError):
                self._file.close()
            self._file = None

    def discard(self) -> None:
        """Close and remove the file: nothing in it is worth keeping."""
        self.close()
        if self._left:
            self.partial.unlink(missing_ok=True)
            self._left = False

    @contextlib.contextmanager
    def explained(self) -> Iterator[None]:
        """Turn what the system says of the file into an error that says what to do."""
        try:
            yield
        except (OSError, ValueError) as error:
            raise explained(self.path, error) from error


def write_whole(path: Path, data: bytes, *, overwrite: bool = False) -> None:
    """Write a file that is made in one go, beside first and then renamed.

    Raises:
        OutputError: see `require_free`, or it cannot be written; nothing is left of it then.
    """
    file = PartialFile(path, overwrite=overwrite)
    file.begin()
    try:
        with file.explained():
            file.put(data)
        file.finish()
    except BaseException:
        file.discard()
        raise


def _locked(path: Path, *, overwrite: bool) -> BinaryIO:
    """Open a file for reading and writing, empty, that no other process writes.

    Raises:
        OutputError: it exists and `overwrite` is off, or another process writes it.
        OSError: it cannot be opened.
    """
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0) | (0 if overwrite else os.O_EXCL)
    while True:
        try:
            file = os.fdopen(os.open(path, flags, 0o666), "r+b", buffering=0)
        except FileExistsError as error:
            raise _in_the_way(path) from error
        if not _lock(file):
            file.close()
            raise _in_use(path)
        # Between opening and locking the other process may have finished and renamed its file: this is its
        # finished file then, not ours.
        if path.exists() and os.path.samestat(os.fstat(file.fileno()), path.stat()):
            file.truncate(0)
            return file
        file.close()


def _lock(file: BinaryIO) -> bool:
    """Lock a file for this process, until it is closed; False if another has it.

    A file system without locks is taken as it is.
    """
    try:
        if sys.platform == "win32":
            import msvcrt

            # Windows locks bytes against every other handle: one that no file reaches stands for all.
            file.seek(1 << 40)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
            file.seek(0)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno not in (errno.EWOULDBLOCK, errno.EACCES)
    return True


def _shortened(name: str) -> str:
    return name if len(name) <= 200 else f"{name[:80]}…{name[-80:]}"


def is_running(process: int) -> bool:
    """Whether a process is there, by its number; on Windows, where asking would end it, always True."""
    if os.name != "posix":
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
