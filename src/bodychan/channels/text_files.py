"""Channels as text files that TouchDesigner and Houdini read.

`.chan` has one row per sample and one column per channel, separated by tabs, without names or a rate.
`.clip` is Houdini's ASCII clip, as an open parser of it reads it: names, rate, start and samples.
"""

from os import PathLike
from pathlib import Path
from typing import NamedTuple

from bodychan.atomic import replace_file
from bodychan.errors import OutputError
from bodychan.model.arrays import F64


class Clip(NamedTuple):
    """The contents of a file: C names, `samples` (C, S), `rate` in Hz, `start` the first sample's index."""

    names: tuple[str, ...]
    samples: F64
    rate: float
    start: float


def chan(channels: Clip) -> str:
    """Write the samples as .chan."""
    rows = channels.samples.T.tolist()
    return "".join("\t".join(map(_number, row)) + "\n" for row in rows)


def clip(channels: Clip) -> str:
    """Write the channels as ASCII .clip."""
    lines = ["{", f"   rate = {_number(channels.rate)}", f"   start = {_number(channels.start)}"]
    lines += [f"   tracklength = {channels.samples.shape[1]}", f"   tracks = {len(channels.names)}"]
    for name, row in zip(channels.names, channels.samples.tolist(), strict=True):
        lines += ["   {", f"      name = {name}", f"      data = {' '.join(map(_number, row))}", "   }"]
    return "\n".join([*lines, "}"]) + "\n"


_WRITERS = {".chan": chan, ".clip": clip}


def save(channels: Clip, filepath: str | PathLike[str], *, create_folders: bool = False) -> str:
    """Write channels to a file in the format of its suffix; return its path.

    Raises:
        OutputError: the file cannot be written, or is of another kind.
    """
    path = Path(filepath)
    write = _WRITERS.get(path.suffix.lower())
    if write is None:
        raise OutputError(f"{path}: channels are saved as {' or '.join(_WRITERS)}; other files are outputs")
    try:
        if create_folders:
            path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, write(channels).encode("ascii"))
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror or error}") from error
    return str(path)


def _number(value: float) -> str:
    """Write a number so that it reads back the same, whole ones without a point."""
    return str(int(value)) if float(value).is_integer() else repr(float(value))
