"""The thread that reads a live device, keeps its newest captures, and gets it back when it is lost."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any, Generic, Protocol, TypeVar

from bodychan.cameras.faults import Faults
from bodychan.cameras.numbering import SAMPLES_KEPT, Numbering
from bodychan.cameras.silence import Silence
from bodychan.errors import CameraError, DeviceUnavailable, Unavailable
from bodychan.model.capture import Capture, ImuSample

_LOG = logging.getLogger(__name__)
# A driver may hang when its device is unplugged or stopped; do not wait for it for ever.
STOP_SECONDS = 2.5
# How often a device that was lost is looked for.
_RETRY_SECONDS = 0.5
# What keeps a device from coming back is told when it has been the same for so many tries.
_TELL_AT_TRY = 6


class Source(Protocol):
    """An open device whose cameras run."""

    def turn(self) -> tuple[Capture | None, Sequence[ImuSample]]:
        """Wait a moment for the next capture, without its inertial samples; give those that have come.

        The times are the device's own, and the capture has no number yet.

        Raises:
            DeviceUnavailable: UNPLUGGED.
        """

    def stop(self) -> None:
        """Stop the cameras and the inertial sensor."""

    def close(self) -> None:
        """Let go of the device."""


AnySource = TypeVar("AnySource", bound=Source)


class ChangedError(CameraError):
    """What came back is not the device that was lost; the message says what to do."""


class Grabber(threading.Thread, Generic[AnySource]):
    """Owns a running device: reads what it delivers, then stops and closes it.

    A device that fails, or is silent for too long, is closed and looked for until it is back. The thread's
    `name` says which device it is.

    Args:
        name: maker and serial number.
        label: what the device is called in messages.
        device: the running device.
        reopen: opens it again and starts it. Raises ChangedError where what is there now must not be used.
        restore: sets what it was told since it was opened first.
        numbering: gives captures their place in time.
        faults: what was wrong is noted there.
        patience: seconds without a capture after which the device counts as lost; twice that at its start.
    """

    dropped = 0
    """Captures that a newer one replaced before they were taken."""
    outages = 0
    """How often the device was lost."""
    backlog = 1
    """How many captures are kept until they are taken."""

    def __init__(
        self,
        name: str,
        label: str,
        device: AnySource,
        *,
        reopen: Callable[[], AnySource],
        restore: Callable[[AnySource], None],
        numbering: Numbering,
        faults: Faults,
        patience: float,
    ) -> None:
        super().__init__(name=name, daemon=True)
        self._label, self._reopen, self._restore = label, reopen, restore
        self._numbering, self._faults, self._patience = numbering, faults, patience
        self._device: AnySource | None = device
        self._device_lock = threading.Lock()
        self._news = threading.Condition()
        # Captures that wait, each with how many samples had come with it or before it.
        self._waiting: deque[tuple[Capture, int]] = deque()
        self._samples: deque[ImuSample] = deque()
        self._samples_gone = 0
        self._failure: Exception | None = None
        self._away, self._since = "", 0.0
        self._stopping = threading.Event()

    @property
    def away(self) -> str:
        """Why nothing comes for the moment; empty while the device works."""
        return self._away

    @property
    def away_seconds(self) -> float:
        """How long the device has been away; 0 while it works."""
        return time.monotonic() - self._since if self._away else 0.0

    @property
    def stopping(self) -> bool:
        """Whether it was stopped, but its library may not have come back yet."""
        return self._stopping.is_set()

    def run(self) -> None:
        """Read captures until `stop` is called, or what comes back is another device."""
        device = self._device
        try:
            while device is not None:
                try:
                    self._read(device)
                    break
                except Exception as error:
                    self._lose(error)
                device = self._come_back()
        finally:
            with self._device_lock:
                if device is not None:
                    _shut(device)
                self._device = None
            with self._news:
                self._stopping.set()
                self._news.notify_all()

    def _read(self, device: AnySource) -> None:
        silence = Silence(self._patience)
        silence.end(more=self._patience)  # starting takes longer than going on
        while not self._stopping.is_set():
            if self._take_turn(device):
                silence.end()
            elif silence.too_long:
                raise DeviceUnavailable(
                    Unavailable.NO_CAPTURE, f"no capture has come for {self._patience:g} s"
                )

    def _take_turn(self, device: AnySource) -> bool:
        capture, samples = device.turn()
        now = time.monotonic()
        capture, samples = self._numbering.place(capture, samples, now)
        with self._news:
            self._samples.extend(samples)
            while len(self._samples) > SAMPLES_KEPT:
                self._next_sample()
            if capture is None:
                return False
            if self._away:
                self._tell_back(now - self._since)
            while len(self._waiting) >= self.backlog:
                self._waiting.popleft()
                self.dropped += 1
            self._waiting.append((capture, self._samples_gone + len(self._samples)))
            self._news.notify_all()
            return True

    def _next_sample(self) -> ImuSample:
        self._samples_gone += 1
        return self._samples.popleft()

    def _tell_back(self, seconds: float) -> None:
        _LOG.warning("%s: it is back after %.1f s; frames and ids go on", self._label, seconds)
        self._faults.note("outage", f"it was away for {seconds:.1f} s ({self._away})")
        self._away = ""

    def _lose(self, error: Exception) -> None:
        """Note that the device is lost, once until it has delivered again, and let go of it."""
        if not self._away and not self._stopping.is_set():
            known = isinstance(error, CameraError)
            with self._news:
                self.outages += 1
                self._since = time.monotonic()
                self._away = str(error) if known else f"{type(error).__name__}: {error}"
            _LOG.warning("%s: %s; it goes on by itself when it is back", self._label, self._away)
        _LOG.debug("%s was lost", self._label, exc_info=error)
        lost, self._device = self._device, None
        # The device may be lent for a moment, or to a call that does not come back.
        if self._device_lock.acquire(timeout=STOP_SECONDS):
            self._device_lock.release()
        # A thread of its own: some libraries never come back from stopping what was pulled out.
        closing = threading.Thread(target=_shut, args=(lost,), name=f"{self.name} closing", daemon=True)
        closing.start()
        closing.join(STOP_SECONDS)
        if closing.is_alive():
            _LOG.warning("%s: its library does not come back from closing it", self._label)

    def _come_back(self) -> AnySource | None:
        """Open the device again, when it is there; None where it was stopped, or must not be used."""
        reason, tries = "", 0
        while not self._stopping.wait(_RETRY_SECONDS):
            try:
                device = self._reopen()
            except ChangedError as error:
                with self._news:
                    self._failure = error
                    self._news.notify_all()
                return None
            except Exception as error:
                tries = tries + 1 if str(error) == reason else 1
                reason = str(error)
                waits = isinstance(error, DeviceUnavailable) and error.reason is Unavailable.NO_DEVICE
                if tries == _TELL_AT_TRY and not waits:
                    _LOG.warning("%s: it cannot be opened again yet: %s", self._label, reason)
                continue
            self._numbering.reopened()
            with self._device_lock:
                self._device = device
                self._restore(device)
            return device
        return None

    def take(self, wait: float) -> Capture | None:
        """Take the oldest capture that waits, or wait for the next; None if none comes.

        One that no other waits behind holds all inertial samples since the capture that was taken before it.

        Raises:
            CameraError: another device came back than the one that was lost.
        """
        with self._news:
            self._news.wait_for(lambda: self._waiting or self._failure or self._stopping.is_set(), wait)
            if self._waiting:
                capture, came = self._waiting.popleft()
                count = came - self._samples_gone if self._waiting else len(self._samples)
                return replace(capture, imu=tuple(self._next_sample() for _ in range(count)))
            if self._failure is not None:
                raise self._failure.with_traceback(None)
            return None

    @contextmanager
    def device(self) -> Iterator[AnySource | None]:
        """Lend the device, which stays open until the block ends; None while it is away.

        Raises:
            CameraError: another device came back than the one that was lost.
            DeviceUnavailable: NO_CAPTURE, its library does not come back from another call.
        """
        if self._failure is not None:
            raise self._failure.with_traceback(None)
        if not self._device_lock.acquire(timeout=STOP_SECONDS):
            raise DeviceUnavailable(Unavailable.NO_CAPTURE, "its library does not answer: unplug the device")
        try:
            yield self._device
        finally:
            self._device_lock.release()

    def stop(self) -> None:
        """Stop and close the device, and end the thread; it takes `STOP_SECONDS` at most."""
        self._stopping.set()
        if threading.current_thread() is self:
            return
        self.join(STOP_SECONDS)
        if self.is_alive():
            _LOG.warning(
                "%s: its library does not come back from a call; it is left behind, and can be opened again "
                "only when it does, or by another process",
                self._label,
            )


def _shut(device: Source) -> None:
    with suppress(Exception):  # a device that is gone may refuse to be stopped
        device.stop()
    device.close()


def running() -> list[Grabber[Any]]:
    """Return the threads of all devices that this process has open."""
    return [thread for thread in threading.enumerate() if isinstance(thread, Grabber)]
