"""The thread that takes captures off a live device and keeps the newest."""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from bodychan.cameras.k4a.device import Device
from bodychan.cameras.k4a.handles import NativeCapture
from bodychan.model.capture import Capture, ImuSample

# Orbbec's wrapper queues no more than 5 to 10 inertial samples at 500 Hz, so no wait may be longer.
_WAIT_S = 0.008
# A driver may hang where a device is pulled out; nobody should then wait for ever.
_STOP_S = 5.0
# About ten seconds of Microsoft's 1.6 kHz: a reader that comes later has missed more than samples.
_SAMPLES_KEPT = 16_384


class Grabber(threading.Thread):
    """Owns a device whose cameras run: takes what it delivers, and stops and closes it at the end.

    The thread's `name` says which device it is. `convert` and `convert_sample` copy what the device gives
    into values, on this thread.
    """

    dropped = 0
    """How many captures were replaced by a newer one before anybody took them."""

    def __init__(
        self,
        name: str,
        device: Device,
        convert: Callable[[NativeCapture], Capture | None],
        convert_sample: Callable[[Device], ImuSample | None],
    ) -> None:
        super().__init__(name=name, daemon=True)
        self._device = device
        self._device_lock = threading.Lock()
        self._convert = convert
        self._convert_sample = convert_sample
        self._news = threading.Condition()
        self._newest: Capture | None = None
        self._samples: deque[ImuSample] = deque(maxlen=_SAMPLES_KEPT)
        self._failure: Exception | None = None
        self._stopping = False

    def run(self) -> None:
        """Take captures until told to stop, or until the device is gone."""
        try:
            while not self._stopping:
                self._take_turn()
        except Exception as error:
            # Whatever it is, who reads the camera must learn of it, and before a driver hangs in stop.
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
        capture = None
        native = self._device.capture(_WAIT_S)
        if native is not None:
            with native:
                capture = self._convert(native)
        samples = list(iter(lambda: self._convert_sample(self._device), None))
        with self._news:
            self._samples.extend(samples)
            if capture is not None:
                self.dropped += self._newest is not None
                self._newest = capture
                self._news.notify_all()

    def take(self, wait: float) -> Capture | None:
        """Take the newest capture, which nobody has taken yet; wait for it if need be, None without one.

        The capture holds every inertial sample that has come since the one taken before, up to now.

        Raises:
            DeviceUnavailable: UNPLUGGED, once all that had come before has been taken.
            CameraError: the device delivers something else than it was asked for.
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
    def device(self) -> Iterator[Device]:
        """Lend the device; it is not closed meanwhile.

        Raises:
            DeviceUnavailable: UNPLUGGED.
        """
        with self._device_lock:
            if self._failure is not None:
                raise self._failure.with_traceback(None)
            yield self._device

    def stop(self) -> None:
        """Let go of the device and end."""
        self._stopping = True
        if threading.current_thread() is not self:
            self.join(_STOP_S)


def running() -> list[Grabber]:
    """Give the threads of all devices that this process has open."""
    return [thread for thread in threading.enumerate() if isinstance(thread, Grabber)]
