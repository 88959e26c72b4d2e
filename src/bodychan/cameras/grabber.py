"""The thread that reads a live device and keeps the newest capture."""

import threading
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Generic, Protocol, TypeVar

from bodychan.model.capture import Capture, ImuSample

# A driver may hang when its device is unplugged; do not wait for it for ever.
_STOP_S = 5.0
# Ten seconds at the 1.6 kHz of an Azure Kinect; a reader that is slower loses captures anyway.
_SAMPLES_KEPT = 16_384


class Source(Protocol):
    """An open device whose cameras run."""

    def turn(self) -> tuple[Capture | None, Sequence[ImuSample]]:
        """Wait a moment for the next capture, without its inertial samples; give those that have come.

        Raises:
            DeviceUnavailable: UNPLUGGED.
            CameraError: the device delivers something else than it was asked for.
        """

    def stop(self) -> None:
        """Stop the cameras and the inertial sensor."""

    def close(self) -> None:
        """Let go of the device."""


AnySource = TypeVar("AnySource", bound=Source)


class Grabber(threading.Thread, Generic[AnySource]):
    """Owns a running device: reads what it delivers, then stops and closes it.

    The thread's `name` says which device it is.
    """

    dropped = 0
    """Captures that a newer one replaced before they were taken."""

    def __init__(self, name: str, device: AnySource) -> None:
        super().__init__(name=name, daemon=True)
        self._device = device
        self._device_lock = threading.Lock()
        self._news = threading.Condition()
        self._newest: Capture | None = None
        self._samples: deque[ImuSample] = deque(maxlen=_SAMPLES_KEPT)
        self._failure: Exception | None = None
        self._stopping = False

    def run(self) -> None:
        """Read captures until `stop` is called or the device is gone."""
        try:
            while not self._stopping:
                self._take_turn()
        except Exception as error:
            # Whatever the error is, `take` must raise it; set it first, because a driver may hang in stop.
            with self._news:
                self._failure = error
                self._news.notify_all()
        finally:
            with self._device_lock:
                self._device.stop()
                self._device.close()
            with self._news:
                self._stopping = True
                self._news.notify_all()

    def _take_turn(self) -> None:
        capture, samples = self._device.turn()
        with self._news:
            self._samples.extend(samples)
            if capture is not None:
                self.dropped += self._newest is not None
                self._newest = capture
                self._news.notify_all()

    def take(self, wait: float) -> Capture | None:
        """Take the newest capture, unless it was taken before: then wait for the next, None if none comes.

        It holds all inertial samples since the capture that was taken before it.

        Raises:
            DeviceUnavailable: UNPLUGGED, once the last capture has been taken.
        """
        with self._news:
            self._news.wait_for(lambda: self._newest or self._failure or self._stopping, wait)
            if self._newest is not None:
                capture, self._newest = self._newest, None
                capture = replace(capture, imu=tuple(self._samples))
                self._samples.clear()
                return capture
            if self._failure is not None:
                raise self._failure.with_traceback(None)
            return None

    @contextmanager
    def device(self) -> Iterator[AnySource]:
        """Lend the device, which stays open until the block ends.

        Raises:
            DeviceUnavailable: UNPLUGGED.
        """
        with self._device_lock:
            if self._failure is not None:
                raise self._failure.with_traceback(None)
            yield self._device

    def stop(self) -> None:
        """Stop and close the device, and end the thread."""
        self._stopping = True
        if threading.current_thread() is not self:
            self.join(_STOP_S)


def running() -> list[Grabber[Any]]:
    """Return the threads of all devices that this process has open."""
    return [thread for thread in threading.enumerate() if isinstance(thread, Grabber)]
