"""Jobs beyond this machine: workers of a Dask cluster, which moves the jobs of one that dies to others."""

from collections.abc import Callable, Generator, Iterable
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from bodychan.apps.batch.manifest import Entry
from bodychan.apps.batch.work import Job, perform
from bodychan.errors import BatchError

if TYPE_CHECKING:
    from distributed import Client

_AHEAD = 2
"""Jobs for each thread of the cluster that are handed over at a time: one to work on, one to follow."""


def run_on_cluster(
    jobs: Iterable[Job], scheduler: str, workers: int, captures: Callable[[int], None] = lambda _count: None
) -> Generator[Entry]:
    """Do jobs on a Dask cluster, and give what became of each as soon as it is known.

    Args:
        jobs: are taken as the cluster comes to them.
        scheduler: address of one that runs, `tcp://HOST:PORT`; or `local` to start a cluster on this machine.
        workers: how many a local cluster has.
        captures: called with the number of captures of each job that is done.

    Raises:
        BatchError: Dask is not installed, no scheduler answers, it has no workers, or no job can be done.
    """
    coming = iter(jobs)
    waiting: dict[Any, Job] = {}
    with ExitStack() as stack:
        client = _connect(stack, scheduler, workers)
        try:
            while True:
                room = _AHEAD * sum(client.nthreads().values()) - len(waiting)
                for _ in range(room):
                    if (job := next(coming, None)) is not None:
                        waiting[client.submit(perform, job, pure=False)] = job
                if not waiting:
                    return
                for future in _finished(waiting):
                    entry = _outcome(future, waiting.pop(future))
                    captures(entry.frames)
                    yield entry
        finally:
            client.cancel(list(waiting), force=True)


def _connect(stack: ExitStack, scheduler: str, workers: int) -> "Client":
    try:
        import dask
        from distributed import Client, LocalCluster
    except ImportError as error:
        raise BatchError("a cluster needs Dask: pip install 'bodychan[cluster]'") from error
    if scheduler == "local":
        # Those of a worker that dies are tried once more, as in the worker processes without Dask.
        stack.enter_context(dask.config.set({"distributed.scheduler.allowed-failures": 1}))
        scheduler = stack.enter_context(
            LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None, host="127.0.0.1")
        )
    try:
        client = stack.enter_context(Client(scheduler, timeout=10, set_as_default=False))
    except (OSError, ValueError) as error:
        raise BatchError(
            f"no Dask scheduler answers at {scheduler}: start one with 'dask scheduler', "
            "or write --scheduler local"
        ) from error
    try:
        client.wait_for_workers(1, timeout=30)
    except TimeoutError as error:
        raise BatchError(
            f"the scheduler at {scheduler} has no workers: start some with 'dask worker'"
        ) from error
    return client


def _finished(futures: Iterable[Any]) -> set[Any]:
    """Wait until some are finished."""
    from distributed import wait

    done: set[Any] = wait(list(futures), return_when="FIRST_COMPLETED").done
    return done


def _outcome(future: Any, job: Job) -> Entry:
    from distributed import KilledWorker

    error = future.exception()
    if isinstance(error, KilledWorker):
        return job.entry(error="its workers died, every one that it was given to: is there enough memory?")
    if error is None:
        entry: Entry = future.result()
        return entry
    raise error if isinstance(error, BatchError) else BatchError(f"the cluster failed: {error}")
