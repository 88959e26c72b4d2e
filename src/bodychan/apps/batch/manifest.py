"""The manifest: what became of each recording, a line of JSON each, beside the results."""

import time
from typing import Literal

import msgspec

from bodychan.apps.batch.places import Store
from bodychan.apps.batch.quality import Quality
from bodychan.errors import BatchError

FORMAT = 1
"""Number of the manifest's format; it changes when older versions could not read it."""


class Settings(msgspec.Struct, frozen=True):
    """What the results of a recording depend on besides its content.

    `parameters` are those that differ from their defaults, `files` the SHA-256 of files that they name.
    """

    parameters: dict[str, str | int | float | bool]
    files: dict[str, str]
    version: str


class Entry(msgspec.Struct, frozen=True):
    """What became of one recording.

    `status` is `done`, or `failed` with its `error`. `frames` rows were written, `bodies` ids seen, in
    `seconds` of work on `recorded_seconds` of recording. `hash` is the SHA-256 of the recording's content,
    `key` that of content, parameters and version together: what the results depend on. `files` are the
    results by name, each with its SHA-256, in the `formats`. `finished` is Unix time.
    """

    name: str
    source: str
    stamp: str
    status: Literal["done", "failed"]
    settings: Settings
    error: str = ""
    frames: int = 0
    bodies: int = 0
    seconds: float = 0.0
    recorded_seconds: float = 0.0
    hash: str = ""
    key: str = ""
    quality: Quality = Quality()
    formats: tuple[str, ...] = ()
    files: dict[str, str] = {}
    warnings: tuple[str, ...] = ()
    finished: float = 0.0


class _Header(msgspec.Struct, frozen=True):
    bodychan_manifest: int


class Manifest:
    """The manifests of a folder of results: all are read, one is written.

    Shards write one each, so that they can run beside each other; the newest line about a recording counts.
    """

    def __init__(self, store: Store, name: str = "manifest.jsonl") -> None:
        """Read all manifests that there are.

        Raises:
            BatchError: one is of another format, or is damaged elsewhere than in its last line.
        """
        self.store = store
        self.name = name
        self.entries: dict[str, Entry] = {}
        self._pending = msgspec.json.encode(_Header(FORMAT)) + b"\n"
        self._is_new = True
        self._flushed = time.monotonic()
        for each in sorted(name for name in store.names() if _is_manifest(name)):
            self._read(each)

    def add(self, entry: Entry) -> None:
        """Write down what became of a recording, soon.

        Raises:
            OutputError: it cannot be written.
        """
        self.entries[entry.name] = entry
        self._pending += msgspec.json.encode(entry) + b"\n"
        if time.monotonic() - self._flushed >= self.store.patience:
            self.flush()

    def flush(self) -> None:
        """Write down what has waited.

        Raises:
            OutputError: it cannot be written.
        """
        if self._pending.count(b"\n") > self._is_new:
            self.store.append(self.name, self._pending)
            self._pending, self._is_new = b"", False
        self._flushed = time.monotonic()

    def _read(self, name: str) -> None:
        content = self.store.read(name)
        whole = content[: content.rfind(b"\n") + 1]
        lines = whole.splitlines()
        where = f"{self.store.url}/{name}"
        if lines:
            _check_header(lines[0], where)
        for number, line in enumerate(lines[1:], 2):
            try:
                entry = msgspec.json.decode(line, type=Entry)
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                raise BatchError(f"{where}, line {number}, is damaged ({error}): remove that line") from error
            known = self.entries.get(entry.name)
            if known is None or known.finished <= entry.finished:
                self.entries[entry.name] = entry
        if name != self.name:
            return
        if whole:
            self._pending, self._is_new = b"", False
        if len(whole) < len(content):
            # A crash has left half a line, which must not run into the next one.
            self.store.write(name, whole)


def shard_name(number: int, count: int) -> str:
    """Give the name of the manifest that a shard writes."""
    return "manifest.jsonl" if count == 1 else f"manifest-{number}-of-{count}.jsonl"


def _is_manifest(name: str) -> bool:
    return name.startswith("manifest") and name.endswith(".jsonl") and "/" not in name


def _check_header(line: bytes, where: str) -> None:
    try:
        found = msgspec.json.decode(line, type=_Header).bodychan_manifest
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BatchError(
            f"{where} is no manifest of a batch: choose another folder for the results"
        ) from error
    if found != FORMAT:
        raise BatchError(
            f"{where} is of format {found}, and this version of bodychan knows format {FORMAT}: "
            "go on with the version that wrote it, or choose another folder for the results"
        )
