"""Opening an output by its URL or file name."""

from contextlib import nullcontext
from importlib import import_module
from os import PathLike, fspath
from pathlib import PurePath
from typing import Protocol, cast

from bodychan.errors import OutputError, did_you_mean, needs_extra
from bodychan.outputs.base import Output
from bodychan.outputs.targets import split
from bodychan.plugins import Kinds, scheme_of

__all__ = ["OUTPUTS", "Output", "open_output"]


class _Maker(Protocol):
    def __call__(self, target: str, /, *, overwrite: bool) -> Output: ...


def _opened(target: str, place: str, **options: bool) -> Output:
    module, _, name = place.partition(":")
    return cast(Output, getattr(import_module(f"bodychan.outputs.{module}"), name)(target, **options))


def _file(place: str, extra: str | None = None) -> _Maker:
    """Give what opens a kind of file; MODULE:CLASS is imported when the first is opened, and its extra."""

    def make(target: str, *, overwrite: bool) -> Output:
        with needs_extra(extra, target) if extra else nullcontext():
            return _opened(target, place, overwrite=overwrite)

    return make


def _stream(place: str, extra: str | None = None) -> _Maker:
    """Give what opens a kind of stream, where there is nothing to overwrite; it may need an extra."""

    def make(target: str, *, overwrite: bool) -> Output:  # noqa: ARG001
        with needs_extra(extra, target) if extra else nullcontext():
            return _opened(target, place)

    return make


def _terminal(target: str, *, overwrite: bool) -> Output:  # noqa: ARG001
    from bodychan.outputs.terminal import TerminalOutput

    return TerminalOutput()


OUTPUTS: Kinds[_Maker] = Kinds(
    "bodychan.outputs",
    {
        ".parquet": _file("parquet:ParquetFile"),
        ".csv": _file("csv:CsvFile"),
        ".chan": _file("text_channels:ChanFile"),
        ".clip": _file("text_channels:ClipFile"),
        ".bvh": _file("bvh:BvhFiles"),
        ".glb": _file("glb:GlbFiles"),
        ".usda": _file("usd:UsdaFiles"),
        ".usdc": _file("usdc:UsdcFiles", "usd"),
        ".json": _file("offline_json:OfflineJson"),
        ".c3d": _file("c3d:C3dFiles"),
        ".trc": _file("trc:TrcFiles"),
        ".xdf": _file("xdf:XdfFile"),
        ".mcap": _file("mcap:McapFile", "mcap"),
        "osc": _stream("osc:OscOutput"),
        "osc+tcp": _stream("osc_tcp:OscTcpOutput"),
        "ws": _stream("websocket:WebSocketOutput"),
        "psn": _stream("psn:PsnOutput"),
        "shm": _stream("shared_memory:SharedMemoryOutput"),
        "lsl": _stream("lsl:LslOutput", "lsl"),
        "zenoh": _stream("zenoh:ZenohOutput"),
        "terminal": _terminal,
    },
    OutputError,
)
"""The kinds of outputs: by the suffix of a file, which begins with a dot, or by scheme or bare word."""


def open_output(target: str | PathLike[str], *, overwrite: bool = False) -> Output:
    """Open an output by its URL or file name.

    Args:
        target: `NAME.parquet` or another file of docs/files.md, `osc://HOST:PORT[/PREFIX]` or another stream
            of docs/protocols.md, `terminal`, or what another package has registered.
        overwrite: replace a file that exists; without it that is an error.

    Raises:
        OutputError: there is no such kind of output, or it cannot be opened.
        MissingExtraError: it needs a package that is not installed.
    """
    url = fspath(target)
    scheme = scheme_of(url)
    for kind in filter(None, (scheme, url, PurePath(split(url)[0]).suffix.lower())):
        if kind in OUTPUTS:
            return OUTPUTS.maker(kind)(scheme + url[len(scheme) :], overwrite=overwrite)
    names = [f"NAME{kind}" if kind.startswith(".") else kind for kind in OUTPUTS.names()]
    raise OutputError(f"no kind of output fits '{url}': {did_you_mean(url, names)}")
