"""Finishing a file of ours that a crash cut off, whatever its format."""

import shutil
from os import PathLike
from pathlib import Path

from bodychan.errors import OutputError, RecordingError, needs_extra
from bodychan.outputs.files import explained, partial_path, require_free, require_idle


def repair(
    path: str | PathLike[str], out: str | PathLike[str] | None = None, *, overwrite: bool = False
) -> tuple[Path, str] | None:
    """Finish a recording or table that was cut off, so that every reader opens it.

    The finished file is written beside and takes its name when it is whole and on the disk.

    Args:
        path: the file, or the name that it was to get: NAME.SUFFIX finds NAME.partial.SUFFIX, which has that
            name then, repaired or not, unless `out` is given.
        out: where the finished file goes; None puts it in the place of the other.
        overwrite: replace `out` if it exists.

    Returns:
        Where the finished file is, and what was done; None if nothing had to be done.

    Raises:
        RecordingError: it is no recording, nothing in it is whole, or it is still being written.
        OutputError: it is no file of ours or nothing in it is whole, or the finished one cannot be written.
    """
    named, partial = Path(path), partial_path(Path(path))
    source = partial if partial.exists() and not named.exists() else named
    target = named if out is None else Path(out)
    if not source.is_file():
        raise OutputError(f"{source}: there is no such file, nor a {partial.name} beside it; check the path")
    if source.suffix.lower() not in FORMATS:
        raise OutputError(f"{source} cannot be repaired: what can be is {', '.join(FORMATS)}")
    if out is None:
        require_idle(source)
    else:
        if source.exists() and target.exists() and target.samefile(source):
            raise OutputError(f"{target} is the source itself: choose another name")
        require_free(target, overwrite=overwrite)
    return _finish(source, target, keep_source=out is not None)


def _finish(source: Path, target: Path, *, keep_source: bool) -> tuple[Path, str] | None:
    # Not NAME.partial: that is often the source.
    beside = partial_path(target.with_name(f"{target.stem}.repair{target.suffix}"))
    try:
        size = source.stat().st_size
        done = _finished(source, beside, target)
        if done is None:
            if keep_source or source == target:
                return None
            source.replace(target)
            return target, f"was whole as {source.name}, and only had to be renamed"
        # Other programs' recorders take no lock.
        if not keep_source and source.stat().st_size != size:
            raise RecordingError(f"{source} is still being written: stop its recorder, or name another file")
        shutil.copymode(source, beside)
        beside.replace(target)
        if not keep_source and source != target:
            source.unlink()
        return target, done
    except OSError as error:
        raise explained(target if source.exists() else source, error) from error
    finally:
        beside.unlink(missing_ok=True)


def _finished(source: Path, beside: Path, target: Path) -> str | None:
    """Write what is whole in a file and say what that is; None if nothing is missing."""
    kind = source.suffix.lower()
    if kind == ".mkv":
        return _recording(source, beside, target)
    rows = _TABLES[kind](source, beside)
    return None if rows is None else f"{rows} rows, whole again"


def _text(source: Path, beside: Path) -> int | None:
    from bodychan.outputs import text_table

    return text_table.finish(source, beside, headings=int(source.suffix.lower() == ".csv"))


def _parquet(source: Path, beside: Path) -> int | None:
    from bodychan.outputs import parquet_repair

    return None if parquet_repair.is_whole(source) else parquet_repair.finish(source, beside)


def _xdf(source: Path, beside: Path) -> int | None:
    from bodychan.outputs import xdf

    return xdf.finish(source, beside)


def _mcap(source: Path, beside: Path) -> int | None:
    with needs_extra("mcap", str(source)):
        from bodychan.outputs import mcap

    return mcap.finish(source, beside)


_TABLES = {".parquet": _parquet, ".csv": _text, ".chan": _text, ".xdf": _xdf, ".mcap": _mcap}
FORMATS = (".mkv", *_TABLES)


def _recording(source: Path, beside: Path, target: Path) -> str | None:
    from bodychan.cameras.recording.repair import finish

    try:
        found = finish(source, beside)
    except OutputError as error:
        # Its message names the file beside, which is gone.
        if isinstance(error.__cause__, OSError):
            raise explained(target, error.__cause__) from error
        raise
    if found is None:
        return None
    lost = f"; {found.lost_bytes} bytes belonged to no whole image" if found.lost_bytes else ""
    damaged = f"; {found.damaged} clusters are damaged" if found.damaged else ""
    return f"{found.seconds:.1f} s, whole again{lost}{damaged}"
