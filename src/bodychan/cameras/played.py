"""Recordings that a maker's library plays: captures in order, any time, and a count, out of single frames."""

from abc import abstractmethod
from collections.abc import Collection, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Protocol, Self

from bodychan.cameras.assembly import Assembler, Frame
from bodychan.cameras.base import Camera
from bodychan.cameras.faults import Faults
from bodychan.errors import RecordingError
from bodychan.model.capture import Capture

# A device's real rate is within a percent of its nominal one.
_RATE_TOLERANCE = 0.01
# Far enough back to meet the last capture, or the one before a time: captures are no more than 200 ms apart.
_LOOK_BACK_USEC = 500_000


class Player(Protocol):
    """A recording that is open in its maker's library."""

    @property
    def end_usec(self) -> int:
        """Device time at the end, about; known once something was played."""

    def frames(self, after_usec: int | None = None) -> Generator[list[Frame]]:
        """Give the frames after a device time, or all, in parts; it plays until it is closed.

        Raises:
            RecordingError: the library cannot read on.
        """

    def close(self) -> None:
        """Let go of the recording."""


class PlayedCamera(Camera):
    """A recording in the order of its times; see `Camera`.

    Inertial samples join the first capture whose time is not before theirs; those after the last capture join
    that one. A subclass opens the recording, calls `_begin`, and says in `_again` how to open it once more.
    """

    def _begin(
        self, player: Player, kinds: Collection[str], faults: Faults, *, needed: str | None = None
    ) -> None:
        """Look at the first and the last capture, and go to the start.

        Args:
            player: it is closed with the camera, or where this fails.
            kinds: of the frames that are played.
            faults: what is found wrong goes there.
            needed: the kind of image without which there is no capture.

        Raises:
            RecordingError: it holds no capture, or cannot be read.
        """
        self._player = player
        self._new_assembler = partial(
            Assembler, kinds, self.fps, self._number, faults, ordered=True, needed=needed
        )
        self._length: int | None = None
        self._start: Frame | None = None
        # The next part is played while the one before is used.
        self._ahead = ThreadPoolExecutor(1, "recording")
        self._coming: Future[list[Frame] | None] | None = None
        try:
            self._find_ends()
            self._play(None)
        except BaseException:
            self._close()
            raise

    @abstractmethod
    def _again(self) -> Self:
        """Open the same recording once more."""

    def _find_ends(self) -> None:
        self._period_usec = 1e6 / self.fps
        self._play(None)
        first = self._read()
        if first is None or self._start is None:
            raise RecordingError(f"{self.name}: it holds no images: record for longer")
        self.start_usec = first.device_usec
        last = self._last()
        self.duration_usec = last.device_usec - self.start_usec + round(self._period_usec)
        counted = self._newest.number - self._start.number
        real = (self._newest.usec - self._start.usec) / counted if counted > 0 else 0.0
        if abs(real - self._period_usec) < _RATE_TOLERANCE * self._period_usec:
            self._period_usec = real

    def _last(self) -> Capture:
        """Give the last capture: images may end before the player thinks that the recording does."""
        last: Capture | None = None
        back_usec = _LOOK_BACK_USEC
        while last is None:
            after_usec = self._player.end_usec - back_usec
            self._play(after_usec if after_usec > self.start_usec else None)
            while (capture := self._read()) is not None:
                last = capture
            back_usec *= 4
        return last

    def _play(self, after_usec: int | None) -> None:
        self._stop()
        self._parts = self._player.frames(after_usec)
        self._coming = self._ahead.submit(next, self._parts, None)
        self._assembler = self._new_assembler()
        self._index, self._ended = 0, False
        self._pending: Capture | None = None

    def _stop(self) -> None:
        """Wait for the part that is being played, and play no more."""
        if self._coming is not None:
            with suppress(RecordingError):
                self._coming.result()
            self._parts.close()

    def _number(self, frame: Frame) -> int:
        """Count frame periods of the device's real rate from the first image, wherever playing began."""
        self._newest = frame
        if self._start is None:
            self._start = frame
        index = 1 + round((frame.usec - self._start.usec) / self._period_usec)
        self._index = max(self._index + 1, index)
        return self._index

    def _read(self) -> Capture | None:
        pending, self._pending = self._pending, None
        if pending is not None:
            return pending
        while (capture := self._assembler.take()) is None and not self._ended:
            assert self._coming is not None
            frames = self._coming.result()
            if frames is None:
                self._assembler.finish()
                self._ended = True
                continue
            self._coming = self._ahead.submit(next, self._parts, None)
            for frame in frames:
                self._assembler.add(frame)
        if capture is None:
            return None
        last = self._ended and not self._assembler.images
        samples = self._assembler.samples(None if last else capture.device_usec)
        return replace(capture, imu=samples)

    def _seek(self, device_usec: int) -> None:
        after_usec = device_usec - _LOOK_BACK_USEC
        self._play(after_usec if after_usec > self.start_usec else None)
        while (capture := self._read()) is not None and capture.device_usec < device_usec:
            pass
        self._pending = capture

    def _count(self) -> int:
        """Count the captures by playing the recording once."""
        if self._length is None:
            with self._again() as other:
                self._length = sum(1 for _ in other)
        return self._length

    def _close(self) -> None:
        self._stop()
        self._ahead.shutdown()
        self._player.close()
