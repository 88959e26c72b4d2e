"""Replacing a small file whole: whoever reads it finds the old content or the new, never a part."""

import os
from pathlib import Path
from secrets import token_hex


def replace_file(path: Path, content: bytes) -> None:
    """Write a file, which is replaced if it exists; on an error the old one stays as it was.

    Raises:
        OSError: it cannot be written.
    """
    target = Path(os.path.realpath(path))  # a link stays a link
    if target.exists() and not target.is_file():
        target.write_bytes(content)  # a device or a pipe; a folder is refused by the system
        return
    part = target.with_name(f".bodychan-{token_hex(8)}")
    try:
        with part.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            part.chmod(target.stat().st_mode)
        part.replace(target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
