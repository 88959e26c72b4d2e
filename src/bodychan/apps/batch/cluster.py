"""Jobs beyond this machine: workers of a Dask cluster, which moves the jobs of one that dies to others."""

import logging
from collections.abc import Callable, Generator, Iterable
from contextlib import ExitStack
from typing import Any

from bodychan.apps.batch.manifest import Entry
from bodychan.apps.batch.queue import Queue
from bodychan.apps.batch.work import Job, Work, perform
from bodychan.errors import BatchError, needs_extra

_KILLED = "its workers died, every one that it was given to: is there enough memory for so many?"


def run_on_cluster(
    jobs: Iterable[Job],
    scheduler: str,
    workers: int,
    captures: Callable[[int], None] = lambda _count: None,
    work: Work = perform,
) -> Generator[Entry]:
    """Do jobs on a Dask cluster, and give what became of each as soon as it is known.

    Args:
        jobs: are taken as the cluster comes to them.
        scheduler: address of one that runs, `tcp://HOST:PORT`; or `local` to start a cluster on this machine.
        workers: how many a local cluster has.
        captures: called with the number of captures of each job that is done.
        work: what does a job; a function of a module.

    Raises:
        BatchError: no scheduler answers, it has no workers, or no job can be done.
        MissingExtraError: Dask is not installed.
    """
    queue = Queue(jobs)
    with ExitStack() as stack:
        client = _connect(stack, scheduler, workers)
        with needs_extra("cluster", "a batch on a cluster"):
            from distributed import as_completed
        handed_over: dict[Any, Job] = {}
        finished = as_completed(loop=client.loop)
        try:
            while True:
                # No more than one for each thread: Dask blames a death on all jobs that the worker had.
                while len(handed_over) < _threads(client) and (job := queue.take()):
                    future = client.submit(work, job, pure=False)
                    handed_over[future] = job
                    finished.add(future)
                if not handed_over:
                    return
                future = next(finished)
                job = handed_over.pop(future)
                entry = _outcome(future) or queue.died(job, _KILLED)
                if entry is not None:
                    captures(entry.frames)
                    yield entry
        finally:
            client.cancel(list(handed_over), force=True)


def _threads(client: Any) -> int:
    threads: dict[str, int] = client.nthreads()
    return max(sum(threads.values()), 1)


def _connect(stack: ExitStack, scheduler: str, workers: int) -> Any:
    with needs_extra("cluster", "a batch on a cluster"):
        import dask
        from distributed import Client, LocalCluster
    # Dask tells of every worker that comes and goes, and of each that was killed several times over.
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    if scheduler == "local":
        stack.enter_context(dask.config.set({"distributed.scheduler.allowed-failures": 0}))
        scheduler = stack.enter_context(
            LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                host="127.0.0.1",
                dashboard_address="127.0.0.1:0",
                silence_logs=logging.CRITICAL,
            )
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


def _outcome(future: Any) -> Entry | None:
    """Give what became of a job; None when its worker has died."""
    with needs_extra("cluster", "a batch on a cluster"):
        from distributed import KilledWorker
    error = future.exception()
    if isinstance(error, KilledWorker):
        return None
    if error is None:
        entry: Entry = future.result()
        return entry
    raise error if isinstance(error, BatchError) else BatchError(f"the cluster failed: {error}")
