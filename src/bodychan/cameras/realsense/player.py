"""Reads a recording through RealSense's library, which plays it as fast as its frames are taken."""

import queue
import weakref
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from bodychan.cameras.assembly import Frame
from bodychan.cameras.faults import Faults
from bodychan.cameras.realsense.frames import Reader
from bodychan.cameras.realsense.profiles import stream_name
from bodychan.errors import RecordingError
from bodychan.model.closing import Closing

# Frames that wait on either side; images of the library's are few and large.
_WAITING, _AT_ONCE = 8, 24
_TURN_S, _STALLED_S = 0.05, 5.0
# How much farther back to begin where the first image comes later than asked for.
_BACK_USEC = 1_000_000
# How far is gone on at first where the library has stopped, and how near to the end that is no damage: how
# far it has read is known a little late.
_SKIP_USEC, _END_USEC = 10_000, 100_000


class _Feed(Closing):
    """What is played from a position on, frame by frame; `position_usec` is how far the library has read."""

    def __init__(self, rs: Any, path: Path, streams: Mapping[str, Any], position_usec: int) -> None:
        self._rs, self._path = rs, path
        self._frames: queue.Queue[Any] = queue.Queue(_WAITING)
        self._context, self._device = load(rs, path)
        self.position_usec = position_usec
        names = [stream_name(profile) for profile in streams.values()]
        chosen = [
            (sensor, [p for p in sensor.get_stream_profiles() if stream_name(p) in names])
            for sensor in self._device.query_sensors()
        ]
        sensors = [sensor for sensor, profiles in chosen if profiles]
        for sensor, profiles in chosen:
            if profiles:
                sensor.open(profiles)
        # The library's threads must not call into a Python that ends.
        self._stop = weakref.finalize(self, _stop, gate := _Gate(), sensors)
        # What plays while sensors start one after the other lacks those that start last. At a position in the
        # middle that does no harm, and it cannot be kept from playing: a pause would lose the position.
        if position_usec > 0:
            self._device.seek(timedelta(microseconds=position_usec))
        else:
            self._device.pause()
        for sensor in sensors:
            sensor.start(partial(_put, gate, self._frames))
        if position_usec <= 0:
            self._device.resume()

    def __iter__(self) -> Iterator[Any]:
        silent = 0.0
        while True:
            try:
                frame = self._frames.get(timeout=_TURN_S)
                self.position_usec = max(self.position_usec, self._device.get_position() // 1000)
                silent = 0.0
                yield frame
            except queue.Empty:
                # Before it stops, the library has handed over all of it.
                if self._device.current_status() == self._rs.playback_status.stopped and silent:
                    return
                silent += _TURN_S
                if silent > _STALLED_S:
                    raise RecordingError(
                        f"{self._path}: RealSense's library does not read on; copy it again, or record again"
                    ) from None

    def close(self) -> None:
        """Stop playing; a second call does nothing."""
        self._stop()


@dataclass
class _Gate:
    """Whether frames are still wanted."""

    open: bool = True


def _put(gate: _Gate, frames: "queue.Queue[Any]", frame: Any) -> None:
    """Keep the library waiting until a frame is taken: it then plays no faster, and loses nothing."""
    while gate.open:
        try:
            frames.put(frame, timeout=_TURN_S)
        except queue.Full:
            continue
        return


def _stop(gate: _Gate, sensors: Sequence[Any]) -> None:
    gate.open = False
    for sensor in sensors:
        with suppress(RuntimeError):
            sensor.stop()
            sensor.close()


class Player:
    """A recording; see `cameras.played.Player`. `streams` are the profiles that are played, by our names."""

    def __init__(self, rs: Any, path: Path, faults: Faults) -> None:
        """Open a recording.

        Raises:
            RecordingError: it cannot be read.
        """
        self._rs, self._path, self._faults = rs, path, faults
        self.streams: dict[str, Any] = {}
        self._context, self.device = load(rs, path)
        self._duration_usec: int = round(self.device.get_duration().total_seconds() * 1e6)
        self._zero_usec = 0
        self._damages: set[int] = set()

    @property
    def end_usec(self) -> int:
        """Device time at the end, about; known once something was played."""
        return self._zero_usec + self._duration_usec

    def frames(self, after_usec: int | None = None) -> Generator[list[Frame]]:
        """Give the frames after a device time, or all, in parts.

        Raises:
            RecordingError: the library cannot read on.
        """
        try:
            yield from self._parts(after_usec)
        except RuntimeError as error:
            raise unreadable(self._path, str(error)) from error

    def _parts(self, after_usec: int | None) -> Iterator[list[Frame]]:
        # Positions are times of the recorder's clock, which goes almost as fast as the device's. From behind
        # the last frame the library would begin anew.
        position_usec = 0
        if after_usec is not None:
            latest_usec = self._duration_usec - _END_USEC
            position_usec = max(0, min(after_usec - self._zero_usec, latest_usec))
        back_usec = _BACK_USEC
        while True:
            near_usec = self._zero_usec + position_usec if after_usec is not None else None
            reader = Reader(self._rs, self._faults, near_usec)
            with closing(self._from(position_usec, reader)) as frames:
                first = next(frames, None)
                late = first is None or (after_usec is not None and first.usec > after_usec)
                if not (position_usec and late):
                    if after_usec is None and first is not None:
                        self._zero_usec = first.usec
                    yield from _parts_of(first, frames, after_usec)
                    return
            position_usec = max(0, position_usec - back_usec)
            back_usec *= 2

    def _from(self, position_usec: int, reader: Reader) -> Generator[Frame]:
        """Give the frames from a position on, without what is damaged: the library stops at it."""
        skip_usec = _SKIP_USEC
        while True:
            with _Feed(self._rs, self._path, self.streams, position_usec) as feed:
                for given in feed:
                    skip_usec = _SKIP_USEC
                    frame = reader.read(given)
                    if frame is not None:
                        yield frame
                reached_usec = feed.position_usec
            end_usec = self._duration_usec - _END_USEC
            if reached_usec >= end_usec:
                return
            # Where it is played again it is the same damage, and so it is where too little was skipped.
            if skip_usec == _SKIP_USEC and reached_usec not in self._damages:
                self._damages.add(reached_usec)
                where = f"{reached_usec / 1e6:.2f} s from its start"
                self._faults.note("damage", f"it is damaged {where}; what is there is left out")
            position_usec = min(reached_usec + skip_usec, end_usec)
            # In small steps, so that what comes next is not skipped as well; where there is much, in larger.
            skip_usec += skip_usec // 8

    def close(self) -> None:
        """Let go of the recording."""
        del self.device, self._context


def _parts_of(first: Frame | None, rest: Iterator[Frame], after_usec: int | None) -> Iterator[list[Frame]]:
    part = [] if first is None or (after_usec is not None and first.usec <= after_usec) else [first]
    for frame in rest:
        if after_usec is None or frame.usec > after_usec:
            part.append(frame)
        if len(part) >= _AT_ONCE:
            yield part
            part = []
    if part:
        yield part


def load(rs: Any, path: Path) -> tuple[Any, Any]:
    """Open a recording; give the context, which must be kept, and the device that plays it.

    Raises:
        RecordingError: it cannot be read.
    """
    # A context takes a file once only.
    context = rs.context()
    try:
        device = rs.playback(context.load_device(str(path)))
        device.set_real_time(False)
    except RuntimeError as error:
        raise unreadable(path, str(error)) from error
    return context, device


def unreadable(path: Path, why: str) -> RecordingError:
    """Say that the library cannot read a recording."""
    return RecordingError(
        f"{path} is damaged, cut off or another recorder's: RealSense's library cannot read it "
        f"({why.strip()}); copy it again from its source"
    )
