"""Where recordings lie and results go: folders of this machine as they are, URLs through fsspec."""

import glob
import hashlib
import os
import platform
import shutil
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from bodychan.atomic import replace_file
from bodychan.cameras.registry import RECORDINGS
from bodychan.errors import BatchError, needs_extra
from bodychan.outputs.files import explained, is_running

_RECORDINGS = tuple(RECORDINGS)
_UNFINISHED = tuple(f".partial{suffix}" for suffix in RECORDINGS)


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording that was found.

    `name` tells it from the others: its path from where the search began, with `/`, without suffix. `stamp`
    changes when the file does; it is made of size and time, so that asking for it reads nothing.
    """

    name: str
    url: str
    stamp: str


def is_url(text: str) -> bool:
    """Say whether a text is a URL for fsspec, such as `s3://bucket/takes`, and not a path."""
    return "://" in text


def find(patterns: Sequence[str]) -> list[Recording]:
    """Find recordings, in the order of their names.

    Args:
        patterns: folders, which are searched with what is below them for files with a suffix of `RECORDINGS`,
            unfinished recordings left out; file names; and patterns with `*`, `?` and `**`, which take any
            file that fits.

    Raises:
        BatchError: one of them fits nothing, two recordings would have the same name, or paths and URLs are
            mixed.
    """
    if len({is_url(pattern) for pattern in patterns}) > 1:
        raise BatchError("paths and URLs cannot be mixed in one batch: run it once for each")
    found: dict[str, str] = {}
    roots: list[str] = []
    for pattern in patterns:
        root, files = _find_remote(pattern) if is_url(pattern) else _find_local(pattern)
        if not files:
            raise BatchError(_nothing(pattern))
        roots.append(root)
        found |= files
    start = os.path.commonpath(roots) if all(roots) else ""
    names: dict[str, str] = {}
    for url in found:
        name = _name(url, start)
        if name in names:
            raise BatchError(
                f"{names[name]} and {url} would have the same results: rename one of them, or choose one "
                f"by a pattern, such as '**/*{PurePosixPath(url).suffix}'"
            )
        names[name] = url
    return [Recording(name, names[name], found[names[name]]) for name in sorted(names)]


def _nothing(pattern: str) -> str:
    """Say where there is no recording, and what to do."""
    if not _is_folder(pattern):
        return f"no file fits '{pattern}': name a recording, a folder that holds some, or a pattern"
    return (
        f"{pattern} holds no recording ({', '.join(RECORDINGS)}), nor does a folder in it: name another "
        f"folder, or files of other names by a pattern, '{pattern.rstrip('/')}/*'; `bodychan repair` "
        "finishes NAME.partial.mkv"
    )


def _is_folder(pattern: str) -> bool:
    if not is_url(pattern):
        return os.path.isdir(os.path.expanduser(pattern))
    fs, path = _file_system(pattern)
    return bool(fs.isdir(path))


def _name(url: str, start: str) -> str:
    path = url.partition("://")[2] if is_url(url) else Path(url).as_posix()
    relative = os.path.relpath(path.lstrip("/"), start.lstrip("/")) if start else path
    return PurePosixPath(Path(relative).as_posix()).with_suffix("").as_posix()


def _find_local(pattern: str) -> tuple[str, dict[str, str]]:
    """Give where the search began, as an absolute path, and the stamp of each file."""
    pattern = os.path.abspath(os.path.expanduser(pattern))
    if glob.has_magic(pattern) and not os.path.exists(pattern):
        paths = glob.glob(pattern, recursive=True)
        root = _before_magic(pattern, os.sep)
    elif os.path.isdir(pattern):
        paths = [str(path) for path in Path(pattern).rglob("*") if _is_recording(path.name)]
        root = pattern
    else:
        paths, root = [pattern], os.path.dirname(pattern)
    stats = {path: os.stat(path) for path in paths if os.path.isfile(path)}
    return root, {path: f"{stat.st_size}-{stat.st_mtime_ns}" for path, stat in stats.items()}


def _find_remote(url: str) -> tuple[str, dict[str, str]]:
    fs, path = _file_system(url)
    try:
        if glob.has_magic(path):
            paths, root = fs.glob(path), _before_magic(path, "/")
        elif fs.isdir(path):
            paths, root = [each for each in fs.find(path) if _is_recording(each)], path
        else:
            paths, root = ([path] if fs.exists(path) else []), path.rpartition("/")[0]
        files = [each for each in paths if not fs.isdir(each)]
        return "/" + root.lstrip("/"), {fs.unstrip_protocol(each): fs.ukey(each) for each in files}
    except OSError as error:
        raise BatchError(f"{url} cannot be searched: {error}") from error


def _is_recording(name: str) -> bool:
    return name.lower().endswith(_RECORDINGS) and not name.lower().endswith(_UNFINISHED)


def _before_magic(pattern: str, separator: str) -> str:
    parts = pattern.split(separator)
    first = next(i for i, part in enumerate(parts) if glob.has_magic(part))
    return separator.join(parts[:first]) or separator


def _file_system(url: str) -> tuple[Any, str]:
    """Give the fsspec file system of a URL, and the path in it."""
    with needs_extra("cluster", f"the URL {url}"):
        from fsspec.core import url_to_fs
    try:
        fs, path = url_to_fs(url)
    except (ImportError, ValueError, OSError) as error:
        raise BatchError(f"{url} cannot be opened: {error}") from error
    return fs, path


def fetch(url: str, folder: Path) -> Path:
    """Give a recording as a file of this machine: itself, or a copy in a folder.

    Raises:
        BatchError: it cannot be read.
    """
    if not is_url(url):
        return Path(url)
    fs, path = _file_system(url)
    copy = folder / f"fetched-{PurePosixPath(path).name}"
    try:
        fs.get_file(path, str(copy))
    except OSError as error:
        raise BatchError(f"{url} cannot be read: {error}") from error
    return copy


def content_hash(path: Path) -> str:
    """Give the SHA-256 of a file's content, in hexadecimal.

    Raises:
        BatchError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise BatchError(f"{path} cannot be read: {error.strerror or error}") from error


def open_store(url: str) -> "Store":
    """Open a folder for results; it is made if it is not there.

    Raises:
        BatchError: it is a URL that fsspec cannot open.
        OutputError: it cannot be made.
    """
    return _RemoteStore(url) if is_url(url) else _LocalStore(Path(url))


class Store(ABC):
    """A folder of results. Names in it are relative, with `/`."""

    url: str
    patience: float
    """Seconds for which small additions to a file may wait for others."""
    _work: Path
    """Where results are written on this machine before they are published."""

    @abstractmethod
    def names(self) -> set[str]:
        """Give the names of all files, those in folders below included."""

    @abstractmethod
    def read(self, name: str) -> bytes:
        """Give the content of a file; nothing if there is none."""

    @abstractmethod
    def write(self, name: str, data: bytes) -> None:
        """Write a whole file, which is replaced if it exists.

        Raises:
            OutputError: it cannot be written.
        """

    @abstractmethod
    def append(self, name: str, data: bytes) -> None:
        """Add data to the end of a file, which is made if it is not there.

        Raises:
            OutputError: it cannot be written; nothing of it is there then.
        """

    @abstractmethod
    def publish(self, path: Path, name: str) -> None:
        """Move a file of a working folder to its name, which it gets when all of it is there.

        Raises:
            OutputError: it cannot be written.
        """

    @contextmanager
    def working_folder(self, run: str) -> Iterator[Path]:
        """Make a folder for one job of a run, and remove it at the end."""
        try:
            (self._work / run).mkdir(parents=True, exist_ok=True)
            folder = Path(tempfile.mkdtemp(prefix="job-", dir=self._work / run))
        except OSError as error:
            raise explained(self._work, error) from error
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def clear(self, run: str) -> None:
        """Remove what a run's jobs have left whose workers were killed, and what runs have left that were."""
        shutil.rmtree(self._work / run, ignore_errors=True)
        for other in self._work.glob(f"{platform.node()}-*"):
            if not is_running(int(other.name.rpartition("-")[2])):
                shutil.rmtree(other, ignore_errors=True)
        with suppress(OSError):
            self._work.rmdir()


def run_name() -> str:
    """Give a name for this process's run that no other run has at the same time."""
    return f"{platform.node()}-{os.getpid()}"


class _LocalStore(Store):
    patience = 0.0

    def __init__(self, path: Path) -> None:
        self.path = path
        self.url = str(path)
        # On the same disk as the results, so that a rename is all that publishing takes.
        self._work = path / ".work"

    def names(self) -> set[str]:
        found = set()
        # Unlike a glob a walk does not mind what vanishes meanwhile: other shards may be at work.
        for folder, folders, files in os.walk(self.path):
            folders[:] = [name for name in folders if name != self._work.name]
            found |= {(Path(folder) / name).relative_to(self.path).as_posix() for name in files}
        return found

    def read(self, name: str) -> bytes:
        path = self.path / name
        return path.read_bytes() if path.exists() else b""

    def write(self, name: str, data: bytes) -> None:
        path = self._file(name)
        try:
            replace_file(path, data)
        except OSError as error:
            raise explained(path, error) from error

    def append(self, name: str, data: bytes) -> None:
        path = self._file(name)
        try:
            with path.open("ab", buffering=0) as file:
                end, rest = file.seek(0, os.SEEK_END), memoryview(data)
                try:
                    while rest:
                        rest = rest[file.write(rest) :]
                except OSError:
                    # Half a line would run into what is added next.
                    file.truncate(end)
                    raise
        except OSError as error:
            raise explained(path, error) from error

    def publish(self, path: Path, name: str) -> None:
        target = self._file(name)
        try:
            path.replace(target)
        except OSError as error:
            raise explained(target, error) from error

    def _file(self, name: str) -> Path:
        path = self.path / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise explained(path.parent, error) from error
        return path


class _RemoteStore(Store):
    # Object stores cannot append, they replace the whole.
    patience = 10.0

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self._fs, self._root = _file_system(self.url)
        self._work = Path(tempfile.gettempdir()) / "bodychan-batch"

    def names(self) -> set[str]:
        self._fs.invalidate_cache()
        if not self._fs.exists(self._root):
            return set()
        return {os.path.relpath(path, self._root).replace(os.sep, "/") for path in self._fs.find(self._root)}

    def read(self, name: str) -> bytes:
        path = self._path(name)
        return bytes(self._fs.cat_file(path)) if self._fs.exists(path) else b""

    def write(self, name: str, data: bytes) -> None:
        with self._explained(name) as target:
            self._fs.pipe_file(target, data)

    def append(self, name: str, data: bytes) -> None:
        self.write(name, self.read(name) + data)

    def publish(self, path: Path, name: str) -> None:
        with self._explained(name) as target:
            folder, _, last = target.rpartition("/")
            partial = f"{folder}/.{path.parent.name}.{last}"
            self._fs.put_file(str(path), partial)
            self._fs.mv(partial, target)

    def _path(self, name: str) -> str:
        return f"{self._root.rstrip('/')}/{name}"

    @contextmanager
    def _explained(self, name: str) -> Iterator[str]:
        """Give the path of a file whose folder is there; turn what the system says into an error of ours."""
        target = self._path(name)
        try:
            self._fs.makedirs(target.rpartition("/")[0], exist_ok=True)
            yield target
        except OSError as error:
            raise explained(f"{self.url}/{name}", error) from error
