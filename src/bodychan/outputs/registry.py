"""Outputs: one file per format or protocol, each a pure encoder and a thin writer or sender."""

from os import PathLike, fspath
from pathlib import PurePath

from bodychan.errors import OutputError, did_you_mean
from bodychan.outputs.base import Output

__all__ = ["Output", "open_output"]

_KINDS = ("NAME.parquet", "NAME.csv", "osc://HOST:PORT", "terminal")


def open_output(target: str | PathLike[str], *, overwrite: bool = False) -> Output:
    """Open an output by its URL or file name.

    Args:
        target: `NAME.parquet`, `NAME.csv`, `osc://HOST:PORT[/PREFIX]`, or `terminal`.
        overwrite: replace a file that exists; without it that is an error.

    Raises:
        OutputError: there is no such kind of output, or it cannot be opened.
    """
    url = fspath(target)
    if url == "terminal":
        from bodychan.outputs.terminal import TerminalOutput

        return TerminalOutput()
    if url.lower().startswith("osc:"):
        from bodychan.outputs.osc import OscOutput

        return OscOutput(url)
    if PurePath(url).suffix.lower() == ".parquet":
        from bodychan.outputs.parquet import ParquetFile

        return ParquetFile(url, overwrite=overwrite)
    if PurePath(url).suffix.lower() == ".csv":
        from bodychan.outputs.csv import CsvFile

        return CsvFile(url, overwrite=overwrite)
    raise OutputError(f"no kind of output fits '{url}': {did_you_mean(url, _KINDS)}")
