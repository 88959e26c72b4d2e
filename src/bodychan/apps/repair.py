"""Finishing a file of ours that a crash cut off, whatever its format."""

import shutil
from os import PathLike
from pathlib import Path

from bodychan.atomic import replace_file
from bodychan.errors import OutputError, RecordingError, needs_extra
from bodychan.outputs.collected import Collected
from bodychan.outputs.files import explained, partial_path, require_free, require_idle
from bodychan.outputs.registry import open_output
from bodychan.outputs.targets import joined


def repair(
    path: str | PathLike[str], out: str | PathLike[str] | None = None, *, overwrite: bool = False
) -> tuple[Path, str] | None:
    """Finish a file that was cut off, so that every reader opens it. Several skeletons are several files.

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
    if source.suffix.lower() in _MADE_AT_THE_END:
        return _made(source, target, keep_source=out is not None, overwrite=overwrite)
    return _finish(source, target, keep_source=out is not None)


def _made(source: Path, target: Path, *, keep_source: bool, overwrite: bool) -> tuple[Path, str] | None:
    """Make the files of the channels that are kept for them; see `bodychan.outputs.spool`."""
    from bodychan.outputs import spool

    if target.suffix.lower() != source.suffix.lower():
        raise OutputError(f"{target}: what is left of a {source.suffix} becomes a {source.suffix} again")
    try:
        take = spool.read(source)
        if take is None:
            return _renamed(source, target, keep_source=keep_source)
        output = open_output(joined(str(target), take.options), overwrite=True)
        assert isinstance(output, Collected)  # these formats are
        made = output.files(take)
        if not made:
            raise OutputError(f"{source}: nobody was seen in it; there is no motion to write")
        for path, _ in made:
            if path != source:
                require_free(path, overwrite=overwrite)
        for path, data in made:
            replace_file(path, data)
        if not keep_source and all(path != source for path, _ in made):
            source.unlink()
    except OSError as error:
        raise explained(target if source.exists() else source, error) from error
    others = "".join(f", with {path}" for path, _ in made[1:])
    return made[0][0], f"{take.channels.numSamples} samples, whole again{others}"


def _renamed(source: Path, target: Path, *, keep_source: bool) -> tuple[Path, str] | None:
    """Give a whole file the name that it was to get, unless it has it."""
    if keep_source or source == target:
        return None
    source.replace(target)
    return target, f"was whole as {source.name}, and only had to be renamed"


def _finish(source: Path, target: Path, *, keep_source: bool) -> tuple[Path, str] | None:
    # Not NAME.partial: that is often the source.
    beside = partial_path(target.with_name(f"{target.stem}.repair{target.suffix}"))
    try:
        size = source.stat().st_size
        done = _finished(source, beside, target)
        if done is None:
            return _renamed(source, target, keep_source=keep_source)
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
_MADE_AT_THE_END = (".clip", ".bvh", ".glb", ".usda", ".usdc", ".json", ".c3d", ".trc")
FORMATS = (".mkv", *_TABLES, *_MADE_AT_THE_END)


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
