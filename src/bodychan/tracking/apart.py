"""Tracking in a process of its own, so that several cameras use several processors: an edge."""

import multiprocessing
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from multiprocessing.connection import Connection

from bodychan.errors import TrackerError
from bodychan.model.bodies import Bodies
from bodychan.model.capture import Capture
from bodychan.optics.calibration import Calibration
from bodychan.tracking.base import Tracker, TrackerSettings

_AHEAD = 2
"""Captures that are handed over before the bodies of the first are there: the process never waits for us."""

_CONTEXT = multiprocessing.get_context("spawn")

Maker = Callable[[Calibration, TrackerSettings], Tracker]


class ApartTracker(Tracker):
    """Runs a tracker in a process of its own; the bodies are those that it would give here.

    Captures go over without their colour, bodies come back without an index map. The process takes a second
    or two to start: that is waited for here if the settings say that later nobody waits, as in real time,
    and else with the first capture, so that several start side by side. Ctrl-C does not reach the process: it
    ends when this one is closed, or with the process that it belongs to.

    Args:
        make: opens the tracker, over there; a function of a module.
        calibration: the camera's.
        settings: of the tracker.

    Raises:
        TrackerError: the tracker cannot be opened, or the process dies; here or with the first capture.
    """

    def __init__(self, make: Maker, calibration: Calibration, settings: TrackerSettings) -> None:
        self._pipe, theirs = _CONTEXT.Pipe()
        self._under_way: deque[Capture] = deque()
        self._process = _CONTEXT.Process(
            target=_serve,
            args=(theirs, make, _sendable_calibration(calibration), settings),
            daemon=True,
            name="bodychan-tracking",
        )
        self._process.start()
        # Theirs is now open over there alone, so that their death is the end of our pipe.
        theirs.close()
        self._opened = False
        if not settings.wait:
            try:
                self._open()
            except BaseException:
                self.close()
                raise

    def track(self, capture: Capture) -> Bodies:
        """Return the bodies of the next capture; see `Tracker.track`.

        Raises:
            TrackerError: the process has died, or its tracker has stopped.
        """
        while self._under_way:
            # Of a run that was left early: what came of it is of no use to anybody.
            with suppress(Exception):
                self._receive()
        self._send(capture)
        return self._receive()

    def track_each(self, captures: Iterable[Capture]) -> Iterator[tuple[Capture, Bodies]]:
        """Track a run of captures; see `Tracker.track_each`. Some are handed over ahead of the bodies.

        After an error of one capture it may be called again, with those that it has not returned first.
        """
        failure: Exception | None = None
        waiting: deque[Capture] = deque()
        source = iter(captures)
        while True:
            try:
                capture = next(source)
            except StopIteration:
                break
            except Exception as error:  # comes after the bodies of what was read before
                failure = error
                break
            if not any(capture is sent for sent in self._under_way):
                self._send(capture)
            waiting.append(capture)
            if len(waiting) > _AHEAD:
                yield waiting.popleft(), self._receive()
        while waiting:
            yield waiting.popleft(), self._receive()
        if failure is not None:
            raise failure

    def close(self) -> None:
        """End the process; a second call does nothing."""
        self._process.terminate()
        self._process.join()
        self._pipe.close()

    def _send(self, capture: Capture) -> None:
        try:
            self._pipe.send(replace(capture, color_image=None, imu=()))
        except OSError:
            raise self._obituary() from None
        self._under_way.append(capture)

    def _receive(self) -> Bodies:
        self._open()
        answer = self._hear()
        self._under_way.popleft()
        if isinstance(answer, Exception):
            raise answer
        assert isinstance(answer, Bodies)
        return answer

    def _open(self) -> None:
        """Wait until the tracker over there is open."""
        if not self._opened:
            error = self._hear()
            if isinstance(error, Exception):
                raise error
            self._opened = True

    def _hear(self) -> Bodies | Exception | None:
        try:
            answer: Bodies | Exception | None = self._pipe.recv()
        except (EOFError, OSError):
            self._under_way.clear()
            raise self._obituary() from None
        return answer

    def _obituary(self) -> TrackerError:
        self._process.join(5.0)
        code = self._process.exitcode
        how = f"ended with status {code}"
        if code is not None and code < 0:
            how = f"was ended by {signal.Signals(-code).name}"
        return TrackerError(
            f"the process that tracked this camera {how}: is there enough memory for one for each camera?"
        )


def _serve(pipe: Connection, make: Maker, calibration: Calibration, settings: TrackerSettings) -> None:
    """Track captures until the other side ends."""
    # Ctrl-C goes to all processes of a terminal: who began this one decides when it ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with suppress(EOFError, OSError):
        try:
            tracker = make(calibration, settings)
        except Exception as error:
            pipe.send(TrackerError(f"the tracker cannot be opened: {error}"))
            return
        pipe.send(None)
        while True:
            capture = pipe.recv()
            try:
                pipe.send(replace(tracker.track(capture), index_map=None))
            except Exception as error:
                pipe.send(_sendable(error))


def _sendable_calibration(calibration: Calibration) -> Calibration:
    """Give the same without what was computed from it, which may hold compiled code."""
    lenses = {name: replace(lens) for name, lens in calibration.lenses.items()}
    return replace(calibration, lenses=lenses)


def _sendable(error: Exception) -> Exception:
    """Give an error as it can be sent: one of another package's may hold anything."""
    kind = TrackerError if isinstance(error, TrackerError) else RuntimeError
    return kind(str(error) if isinstance(error, TrackerError) else f"{type(error).__name__}: {error}")
