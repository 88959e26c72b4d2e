"""Finishing a file of ours that a crash cut off, whatever its format."""

import os
import shutil
from os import PathLike
from pathlib import Path

from bodychan.apps import record
from bodychan.errors import OutputError
from bodychan.outputs.files import explained, partial_path, require_free, require_idle, require_other

FORMATS = (".mkv", ".parquet", ".csv", ".chan")


def repair(
    path: str | PathLike[str], out: str | PathLike[str] | None = None, *, overwrite: bool = False
) -> tuple[Path, str] | None:
    """Finish a recording or table that was cut off, so that every reader opens it.

    The finished file is written beside and takes its name when it is whole.

    Args:
        path: the file, or the name that it was to get: NAME.SUFFIX finds NAME.partial.SUFFIX, which has that
            name then, repaired or not, unless `out` is given.
        out: where the finished file goes; None puts it in the place of the other.
        overwrite: replace `out` if it exists.

    Returns:
        Where the finished file is, and what is in it; None if the file needs no repair.

    Raises:
        RecordingError: it is no recording, nothing in it is whole, or it is still being written.
        OutputError: it is no file of ours or nothing in it is whole, or the finished one cannot be written.
    """
    source, target = Path(path), None if out is None else Path(out)
    if source.exists() or not partial_path(source).exists():
        return _repair(source, target, overwrite=overwrite)
    partial = partial_path(source)
    require_idle(partial)
    found = _repair(partial, target or source, overwrite=overwrite)
    if target is None:
        try:
            if found is None:
                partial.replace(source)
            else:
                partial.unlink()
        except OSError as error:
            raise explained(source, error) from error
    return found


def _repair(source: Path, target: Path | None, *, overwrite: bool) -> tuple[Path, str] | None:
    kind = source.suffix.lower()
    if kind not in FORMATS:
        raise OutputError(f"{source} cannot be repaired: what can be is {', '.join(FORMATS)}")
    if kind == ".mkv":
        return _recording(source, target, overwrite=overwrite)
    return _table(source, target, overwrite=overwrite)


def _recording(source: Path, target: Path | None, *, overwrite: bool) -> tuple[Path, str] | None:
    found = record.repair(source, target, overwrite=overwrite)
    if found is None:
        return None
    lost = f"; {found.lost_bytes} bytes belonged to no whole image" if found.lost_bytes else ""
    damaged = f"; {found.damaged} clusters are damaged" if found.damaged else ""
    return target or source, f"{found.seconds:.1f} s, whole again{lost}{damaged}"


def _table(source: Path, target: Path | None, *, overwrite: bool) -> tuple[Path, str] | None:
    if target is None:
        require_idle(source)
        target = source
    else:
        require_free(target, overwrite=overwrite)
        if target.exists():
            require_other(target, source)
    beside = target.with_name(f"{target.stem}.repair.partial{target.suffix}")
    try:
        rows = _finished(source, beside)
        if rows is None:
            return None
        shutil.copymode(source, beside)
        beside.replace(target)
    except OSError as error:
        raise explained(target if os.path.exists(source) else source, error) from error
    finally:
        beside.unlink(missing_ok=True)
    return target, f"{rows} rows, whole again"


def _finished(source: Path, beside: Path) -> int | None:
    """Write what is whole in a table; give its rows, None if nothing is missing."""
    if source.suffix.lower() in (".csv", ".chan"):
        from bodychan.outputs import text_table

        return text_table.finish(source, beside, headings=int(source.suffix.lower() == ".csv"))
    from bodychan.outputs import parquet_repair

    return None if parquet_repair.is_whole(source) else parquet_repair.finish(source, beside)
