"""One job: a recording is converted, its results are published, and what became of it is told."""

import hashlib
import re
import time
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any

import msgspec

from bodychan import __version__
from bodychan.apps.batch.manifest import Entry, Settings
from bodychan.apps.batch.places import Store, content_hash, fetch, open_store
from bodychan.apps.batch.quality import Watch
from bodychan.apps.convert import convert
from bodychan.errors import BatchError, BodychanError, OutputError

_PROBE_BYTES = 1 << 20
_KEPT = re.compile(r"; (what came before is|the \d+ rows before are) in .*")
"""Where what was written of a result lies, which is of no use to a batch: the working folder goes."""


class Job(msgspec.Struct, frozen=True):
    """All that a worker has to know of one recording.

    Results go to the folder `out`, one in each of the `formats`; `run` names the run of the batch. `before`
    is what the manifest knows of the recording, and `complete` says that all results of that are there.
    `overwrite` lets results replace files that are not known.
    """

    name: str
    source: str
    stamp: str
    out: str
    run: str
    formats: tuple[str, ...]
    settings: Settings
    before: Entry | None = None
    complete: bool = False
    overwrite: bool = False

    def entry(self, **fields: Any) -> Entry:
        """Give an entry of the manifest about this job: failed, unless `status` says otherwise."""
        entry = Entry(self.name, self.source, self.stamp, "failed", self.settings, finished=time.time())
        return msgspec.structs.replace(entry, **fields)


Work = Callable[..., Entry]
"""What does a job: called with it, and perhaps with what is to be told the captures done."""


def perform(job: Job, progress: Callable[[int], None] = lambda _captures: None) -> Entry:
    """Do one job, and tell what became of it; `progress` is called with the captures done.

    What is wrong with the recording is told in the entry. The results depend on the recording's content, the
    parameters and the version alone.

    Raises:
        BatchError: no job can be done: results cannot be written, or this is another version of bodychan.
    """
    if job.settings.version != __version__:
        raise BatchError(
            f"a worker has bodychan {__version__}, the batch was started with {job.settings.version}: "
            "install the same version everywhere"
        )
    began = time.perf_counter()
    found = ""
    store = open_store(job.out)
    try:
        with store.working_folder(job.run) as folder:
            recording = fetch(job.source, folder)
            found = content_hash(recording)
            done = _known(job, found) or _convert(job, store, recording, folder, found, progress)
    except BodychanError as error:
        if isinstance(error, OutputError):
            _stop_if_full(store, job.run, error)
        done = job.entry(error=str(error), hash=found)
    except MemoryError:
        raise
    except Exception as error:
        done = job.entry(error=f"a fault of bodychan's, please report it: {error!r}", hash=found)
    return msgspec.structs.replace(done, seconds=round(time.perf_counter() - began, 3))


def _stop_if_full(store: Store, run: str, error: OutputError) -> None:
    """Stop the batch after an error if nothing can be written any more: the next job would fare no better."""
    try:
        with store.working_folder(run) as folder:
            (folder / "probe").write_bytes(bytes(_PROBE_BYTES))
    except (OSError, OutputError) as again:
        raise BatchError(str(error)) from again


def _known(job: Job, found: str) -> Entry | None:
    """Give what the manifest knows, if the recording has only been touched or moved since."""
    if job.before is None or not job.complete or job.before.key != _key(found, job.settings):
        return None
    return msgspec.structs.replace(job.before, source=job.source, stamp=job.stamp, finished=time.time())


def _key(content: str, settings: Settings) -> str:
    return hashlib.sha256(msgspec.json.encode((content, settings), order="sorted")).hexdigest()


def _convert(
    job: Job, store: Store, recording: Path, folder: Path, found: str, progress: Callable[[int], None]
) -> Entry:
    results = folder / "results"
    results.mkdir()
    stem = PurePosixPath(job.name).name
    watch = Watch()
    try:
        report = convert(
            recording,
            [str(results / f"{stem}.{form}") for form in job.formats],
            job.settings.parameters,
            watch=watch.take,
            progress=lambda done, _expected: progress(done),
        )
    except BodychanError as error:
        raise _told(job, results, recording, type(error), str(error)) from error
    if report.failures:
        failures = "; ".join(_KEPT.sub("", failure) for failure in report.failures)
        raise _told(job, results, recording, OutputError, failures)
    if report.partial is not None:
        raise KeyboardInterrupt
    files = _publish(job, store, results)
    return job.entry(
        status="done",
        hash=found,
        key=_key(found, job.settings),
        frames=report.rows,
        bodies=len(report.bodies),
        recorded_seconds=watch.seconds,
        quality=watch.result(),
        formats=job.formats,
        files=files,
        warnings=report.warnings,
    )


def _told(job: Job, results: Path, recording: Path, kind: type[BodychanError], text: str) -> BodychanError:
    """Give an error that names places that last, not the working folder."""
    text = _KEPT.sub("", text)
    text = text.replace(str(results), job.out).replace(str(recording), job.source)
    return OutputError(text) if issubclass(kind, OutputError) else BodychanError(text)


def _publish(job: Job, store: Store, results: Path) -> dict[str, str]:
    """Move all results to the folder; give their names there, each with its hash."""
    parent = PurePosixPath(job.name).parent
    paths = {(parent / path.relative_to(results).as_posix()).as_posix(): path for path in _files(results)}
    hashes = {name: content_hash(path) for name, path in paths.items()}
    known = job.before.files if job.before is not None else {}
    for name in paths.keys() - known.keys():
        there = store.read(name)
        # The same bytes are what a run left that was killed before it could write its manifest.
        if there and not job.overwrite and hashlib.sha256(there).hexdigest() != hashes[name]:
            raise OutputError(f"{store.url}/{name} exists: choose another folder, or pass --overwrite")
    for name, path in paths.items():
        store.publish(path, name)
    return dict(sorted(hashes.items()))


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())
