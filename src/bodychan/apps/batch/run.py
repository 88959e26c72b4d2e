"""A batch: which recordings there are, what is done already, and the rest handed to workers."""

import os
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bodychan import __version__
from bodychan.apps.batch.cluster import run_on_cluster
from bodychan.apps.batch.local import run_here
from bodychan.apps.batch.manifest import Entry, Manifest, Settings, shard_name
from bodychan.apps.batch.places import Recording, content_hash, find, is_url, open_store, run_name
from bodychan.apps.batch.work import Job
from bodychan.apps.wiring import wire
from bodychan.errors import BatchError, OutputError
from bodychan.operators.parameters import Value
from bodychan.operators.project import Project
from bodychan.outputs.registry import open_output
from bodychan.tracking.builtin.threads import processors


@dataclass(frozen=True)
class Plan:
    """What is asked for.

    `patterns` as `places.find` takes them; results go to the folder or URL `out`, one in each of the
    `formats`; `parameters` as `convert` takes them. `shard` (i, n) means the i-th of n parts of the
    recordings, counted from 1. `retry` also does what failed before; `overwrite` replaces results that were
    made with other parameters or by another version, and files that are not the batch's own.
    """

    patterns: tuple[str, ...]
    out: str
    parameters: Mapping[str, object]
    formats: tuple[str, ...] = ("parquet",)
    shard: tuple[int, int] = (1, 1)
    retry: bool = False
    overwrite: bool = False


@dataclass(frozen=True)
class Engine:
    """Who does the work: `workers` of this machine, as many as processors if None; or a Dask `scheduler`."""

    workers: int | None = None
    scheduler: str | None = None


@dataclass(frozen=True)
class Report:
    """What a batch did: recordings `done` in this run, `skipped` as done before, and all that `failed`.

    `left` were not come to: the batch was stopped by Ctrl-C. `captures` were tracked.
    """

    done: int
    skipped: int
    failed: tuple[Entry, ...]
    left: int
    captures: int


class Batch:
    """The recordings of a plan, and what is known of each.

    Raises:
        BatchError: there are no recordings, the manifest cannot be used, or results of other parameters or
            of another version would be replaced.
        OutputError: there is no such format.
        ParameterError: there is no such parameter, or its value is outside its range.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        number, count = plan.shard
        if not 1 <= number <= count:
            raise BatchError(f"there is no shard {number} of {count}: they count from 1 to {count}")
        self._settings = Settings(*_chosen(plan.parameters), __version__)
        _check_formats(plan.formats)
        store = open_store(plan.out)
        self._manifest = Manifest(store, shard_name(number, count))
        self._recordings = find(plan.patterns)[number - 1 :: count]
        self._files = store.names()
        self._run = run_name()
        if not plan.overwrite:
            self._require_same_settings()
        known = [self._known(recording) for recording in self._recordings]
        self.jobs = [
            self._job(recording)
            for recording, entry in zip(self._recordings, known, strict=True)
            if entry is None
        ]
        self._failed_before = tuple(entry for entry in known if entry and entry.status == "failed")

    def run(
        self, engine: Engine, progress: Callable[[int, int], None] = lambda _jobs, _captures: None
    ) -> Report:
        """Do all jobs, and write down what becomes of each.

        Ctrl-C stops it; the jobs that were being worked on are done again by the next run.

        Args:
            engine: who does the work; the results do not depend on it.
            progress: called with the jobs and captures done so far.

        Raises:
            BatchError: no job can be done, or the cluster cannot be used.
            OutputError: the manifest cannot be written.
        """
        failed: list[Entry] = []
        done = captures = 0

        def count(more: int) -> None:
            nonlocal captures
            captures += more
            progress(done + len(failed), captures)

        entries = self._entries(engine, count)
        try:
            for entry in entries:
                self._manifest.add(entry)
                if entry.status == "failed":
                    failed.append(entry)
                else:
                    done += 1
                count(0)
        except KeyboardInterrupt:
            pass
        finally:
            entries.close()
            self._manifest.flush()
            self._manifest.store.clear(self._run)
        skipped = len(self._recordings) - len(self.jobs) - len(self._failed_before)
        left = len(self.jobs) - done - len(failed)
        return Report(done, skipped, (*self._failed_before, *failed), left, captures)

    def _entries(self, engine: Engine, captures: Callable[[int], None]) -> Generator[Entry]:
        workers = engine.workers or processors()
        if engine.scheduler is not None:
            return run_on_cluster(self.jobs, engine.scheduler, workers, captures)
        return run_here(self.jobs, min(workers, max(len(self.jobs), 1)), captures)

    def _require_same_settings(self) -> None:
        for recording in self._recordings:
            entry = self._manifest.entries.get(recording.name)
            if entry is not None and entry.status == "done" and entry.settings != self._settings:
                raise BatchError(
                    f"{self._plan.out} has results of {recording.name} made with {_told(entry.settings)}, "
                    f"not with {_told(self._settings)}: choose another folder, or pass --overwrite"
                )

    def _is_there(self, entry: Entry) -> bool:
        """Say whether a recording has results in all formats."""
        return set(self._plan.formats) <= set(entry.formats) and entry.files.keys() <= self._files

    def _known(self, recording: Recording) -> Entry | None:
        """Give what became of a recording if nothing is left to do about it."""
        entry = self._manifest.entries.get(recording.name)
        if entry is None or (entry.stamp, entry.settings) != (recording.stamp, self._settings):
            return None
        if entry.status == "failed":
            return None if self._plan.retry else entry
        return entry if self._is_there(entry) else None

    def _job(self, recording: Recording) -> Job:
        before = self._manifest.entries.get(recording.name)
        formats = (*before.formats, *self._plan.formats) if before else self._plan.formats
        return Job(
            recording.name,
            recording.url,
            recording.stamp,
            self._plan.out if is_url(self._plan.out) else os.path.abspath(self._plan.out),
            self._run,
            tuple(dict.fromkeys(formats)),
            self._settings,
            before,
            complete=before is not None and before.status == "done" and self._is_there(before),
            overwrite=self._plan.overwrite,
        )


def _told(settings: Settings) -> str:
    parameters = ", ".join(f"{name}={value}" for name, value in settings.parameters.items())
    return f"bodychan {settings.version} and {parameters or 'no parameters'}"


def _chosen(parameters: Mapping[str, object]) -> tuple[dict[str, Value], dict[str, str]]:
    """Give the parameters that differ from their defaults, and the hashes of the files that they name."""
    chosen: dict[str, Value] = {}
    with Project() as project:
        top, chop = wire(project, "", parameters)
        for prefix, operator in (("top", top), ("chop", chop)):
            defaults = {parameter.name: parameter.default for parameter in operator.parameters}
            for parameter, value in operator.par:
                if value != defaults[parameter.name] and parameter.name not in ("sensor", "top"):
                    chosen[f"{prefix}.{parameter.name}"] = value
    paths = {value: Path(value) for value in chosen.values() if isinstance(value, str)}
    return chosen, {name: content_hash(path) for name, path in paths.items() if path.is_file()}


def _check_formats(formats: Sequence[str]) -> None:
    """Open an output of each format and close it: nothing was written to it.

    Raises:
        OutputError: there is no such format.
    """
    for form in formats:
        with TemporaryDirectory() as folder:
            try:
                output = open_output(Path(folder) / f"NAME.{form}")
            except OutputError as error:
                raise OutputError(f"no format '{form}': {str(error).replace(folder + os.sep, '')}") from error
            with suppress(OutputError):
                output.close()
