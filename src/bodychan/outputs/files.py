"""What all files that are written share: nothing is overwritten unasked or left half-written."""

import errno
from pathlib import Path

from bodychan.errors import OutputError

_REMEDIES = {
    errno.ENOSPC: "free some space, or write to another disk",
    errno.EFBIG: "the file is larger than this system allows",
    errno.EACCES: "choose a folder that you may write to",
    errno.EPERM: "choose a folder that you may write to",
    errno.EROFS: "choose a folder that you may write to",
}


def require_free(path: Path, *, overwrite: bool) -> None:
    """Check that a file may be written under this name.

    Raises:
        OutputError: it exists and `overwrite` is off, it is a folder, or its folder is missing.
    """
    if path.is_dir():
        raise OutputError(f"{path} is a folder: name a file in it")
    if path.exists() and not overwrite:
        raise OutputError(f"{path} exists: choose another name, or pass --overwrite")
    if not path.parent.is_dir():
        raise OutputError(f"{path}: there is no folder {path.parent}: make it first")


def partial_path(path: Path) -> Path:
    """Give the name under which a file is written until it is whole: NAME.partial.SUFFIX."""
    return path.with_name(f"{path.stem}.partial{path.suffix}")


def explained(target: object, error: OSError) -> OutputError:
    """Turn what the system says into an error that says what to do."""
    reason = error.strerror or str(error)
    remedy = _REMEDIES.get(error.errno or 0)
    return OutputError(f"cannot write {target}: {reason}{f'; {remedy}' if remedy else ''}")
