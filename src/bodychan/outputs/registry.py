"""Opening an output by its URL or file name."""

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


def _file(place: str) -> _Maker:
    """Give what opens a kind of file; MODULE:CLASS is imported when the first is opened."""
    module, _, name = place.partition(":")

    def make(target: str, *, overwrite: bool) -> Output:
        return cast(Output, getattr(import_module(module), name)(target, overwrite=overwrite))

    return make


def _osc(target: str, *, overwrite: bool) -> Output:  # noqa: ARG001 - there is nothing to overwrite
    from bodychan.outputs.osc import OscOutput

    return OscOutput(target)


def _zenoh(target: str, *, overwrite: bool) -> Output:  # noqa: ARG001 - there is nothing to overwrite
    from bodychan.outputs.zenoh import ZenohOutput

    return ZenohOutput(target)


def _osc_tcp(target: str, *, overwrite: bool) -> Output:  # noqa: ARG001
    from bodychan.outputs.osc import OscOutput
    from bodychan.outputs.osc_tcp import TcpLink

    return OscOutput(target, TcpLink)


def _websocket(target: str, *, overwrite: bool) -> Output:  # noqa: ARG001
    from bodychan.outputs.websocket import WebSocketOutput

    return WebSocketOutput(target)


def _psn(target: str, *, overwrite: bool) -> Output:  # noqa: ARG001
    from bodychan.outputs.psn import PsnOutput

    return PsnOutput(target)


def _shared_memory(target: str, *, overwrite: bool) -> Output:  # noqa: ARG001
    from bodychan.outputs.shared_memory import SharedMemoryOutput

    return SharedMemoryOutput(target)


def _lsl(target: str, *, overwrite: bool) -> Output:  # noqa: ARG001
    with needs_extra("lsl", target):
        from bodychan.outputs.lsl import LslOutput

    return LslOutput(target)


def _terminal(target: str, *, overwrite: bool) -> Output:  # noqa: ARG001
    from bodychan.outputs.terminal import TerminalOutput

    return TerminalOutput()


OUTPUTS: Kinds[_Maker] = Kinds(
    "bodychan.outputs",
    {
        ".parquet": _file("bodychan.outputs.parquet:ParquetFile"),
        ".csv": _file("bodychan.outputs.csv:CsvFile"),
        ".chan": _file("bodychan.outputs.text_channels:ChanFile"),
        ".clip": _file("bodychan.outputs.text_channels:ClipFile"),
        ".bvh": _file("bodychan.outputs.bvh:BvhFiles"),
        ".glb": _file("bodychan.outputs.glb:GlbFiles"),
        ".json": _file("bodychan.outputs.offline_json:OfflineJson"),
        ".c3d": _file("bodychan.outputs.c3d:C3dFiles"),
        ".trc": _file("bodychan.outputs.trc:TrcFiles"),
        "osc": _osc,
        "osc+tcp": _osc_tcp,
        "ws": _websocket,
        "psn": _psn,
        "shm": _shared_memory,
        "lsl": _lsl,
        "zenoh": _zenoh,
        "terminal": _terminal,
    },
    OutputError,
)
"""The kinds of outputs: by the suffix of a file, which begins with a dot, or by scheme or bare word."""


def open_output(target: str | PathLike[str], *, overwrite: bool = False) -> Output:
    """Open an output by its URL or file name.

    Args:
        target: `NAME.parquet`, `NAME.csv`, `osc://HOST:PORT[/PREFIX]` or another stream of docs/protocols.md,
            `terminal`, or what another package has registered.
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
