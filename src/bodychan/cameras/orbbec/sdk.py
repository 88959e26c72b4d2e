"""Orbbec's library, loaded: its calls with errors as exceptions, and what it gives handles for."""

import ctypes
import os
import tempfile
from ctypes import POINTER, byref
from functools import cache
from os import PathLike
from pathlib import Path
from typing import Any

from bodychan.cameras.library import Library, load
from bodychan.cameras.orbbec import api, files
from bodychan.errors import DeviceUnavailable, Unavailable
from bodychan.model.closing import Closing

_LIBRARY = Library(
    title="Orbbec's library (OrbbecSDK)",
    variable=files.ENVIRONMENT_VARIABLE,
    places={},
    names={},
    remedy="run `bodychan cameras fetch orbbec`",
    prototypes=api.PROTOTYPES,
)


# Frames wait natively, in a queue long enough for whoever takes them to be kept waiting for a second.
_SETTINGS = """<?xml version="1.0" encoding="UTF-8"?>
<Config>
  <ConfigStandardVersion>1.1</ConfigStandardVersion>
  <Memory><PipelineFrameQueueSize>1000</PipelineFrameQueueSize></Memory>
</Config>
"""


class SdkError(Exception):
    """What the library says went wrong; `gone` where its device is no longer there."""

    def __init__(self, message: str, *, gone: bool) -> None:
        super().__init__(message)
        self.gone = gone


class Sdk:
    """The library of a folder. `call` is safe on several threads."""

    def __init__(self, file: Path) -> None:
        self._functions = load(_LIBRARY, file)
        self.file = file
        number: int = self._functions.ob_get_version()
        self.version = f"{number // 10000}.{number // 100 % 100}.{number % 100}"
        # It writes a log to the console and into the working folder, unless told otherwise before all else.
        for sink in ("ob_set_logger_to_console", "ob_set_logger_severity"):
            self.call(sink, api.LOG_OFF)
        self.call("ob_set_logger_to_file", api.LOG_OFF, b"")
        self.call("ob_set_extensions_directory", os.fsencode(file.parent / "extensions"))
        with tempfile.TemporaryDirectory(prefix="bodychan-orbbec-") as scratch:
            settings = Path(scratch) / "settings.xml"
            settings.write_text(_SETTINGS)
            # It stays for as long as the process: devices belong to it.
            self.context: int = self.call("ob_create_context_with_config", os.fsencode(settings))
        self.call("ob_set_logger_severity", api.LOG_OFF)

    def call(self, name: str, *arguments: object) -> Any:
        """Call a function of `PROTOTYPES` without its last argument.

        Raises:
            SdkError: it reports an error.
        """
        # ctypes would guess its types, and the process die of it.
        assert name in api.PROTOTYPES, f"{name} is not declared"
        error = POINTER(api.Error)()
        result = getattr(self._functions, name)(*arguments, byref(error))
        if error:
            message = error.contents.message.decode("utf-8", "replace").strip()
            gone = error.contents.kind == api.DISCONNECTED
            self._functions.ob_delete_error(error)
            raise SdkError(message or "it gives no reason", gone=gone)
        return result

    def text(self, name: str, *arguments: object) -> str:
        """Call a function that returns a text; empty where it gives none."""
        return (self.call(name, *arguments) or b"").decode("utf-8", "replace")


class Handle(Closing):
    """Something of the library's that is given back by the function `release`."""

    def __init__(self, sdk: Sdk, handle: int, release: str) -> None:
        self.sdk, self._release = sdk, release
        self._handle: int | None = handle

    @property
    def handle(self) -> int:
        """The handle itself, for calls."""
        assert self._handle is not None, "it has been given back"
        return self._handle

    def call(self, name: str, *arguments: object) -> Any:
        """Call a function with the handle as its first argument."""
        return self.sdk.call(name, self.handle, *arguments)

    def close(self) -> None:
        """Give it back; a second call does nothing."""
        if self._handle is not None:
            handle, self._handle = self._handle, None
            self.sdk.call(self._release, handle)


def find(path: str | PathLike[str] | None = None) -> Sdk:
    """Load the library from a folder, or from where it is fetched to.

    Raises:
        DeviceUnavailable: NO_LIBRARY, it was not fetched; WRONG_LIBRARY, it cannot be loaded here.
    """
    folder = files.known_folder() if path is None else Path(path)
    file = files.library(folder) if not folder.is_file() else folder
    if not file.exists():
        raise DeviceUnavailable(
            Unavailable.NO_LIBRARY,
            f"Orbbec's library is not in {folder}: run `bodychan cameras fetch orbbec`",
        )
    return _loaded(file.absolute())


@cache
def _loaded(file: Path) -> Sdk:
    """Load a file once: its settings are the process's."""
    return Sdk(file)


def address_of(data: int, size: int) -> ctypes.Array[ctypes.c_uint8]:
    """Look at the library's own memory, which is there until the frame is given back and no longer."""
    return (ctypes.c_uint8 * size).from_address(data)
