"""Reads a bag through Orbbec's library, which plays it, without losing any of it.

The library puts what it plays into queues of ten frames for each sensor and drops what finds them full, as on
a busy computer. A bag is therefore played in windows of half a second: a window in which a sensor seems to
have missed something is played again, more slowly, and what comes is put together, until nothing new comes.
"""

import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

from bodychan.cameras.assembly import DISORDER_USEC, Frame
from bodychan.cameras.orbbec import api
from bodychan.cameras.orbbec.profiles import Profile
from bodychan.cameras.orbbec.sdk import Handle, Sdk, SdkError
from bodychan.cameras.orbbec.stream import Stream
from bodychan.errors import CameraError, RecordingError
from bodychan.model.closing import Closing

_WINDOW_USEC = 500_000
# Before a window, for what was recorded out of order, and a little for clocks that differ.
_MARGIN_MS = 150
# A gap is no gap below so many times the usual one.
_GAP = 1.5
# How fast a window is played at each try, as a multiple of real time: the slower, the less is dropped.
_RATES = (30.0, 8.0, 4.0, 2.0, 1.0, 1.0)
_TURN_S = 0.02
_QUIET_S = 0.03
_STALLED_S = 5.0


class Player(Closing):
    """A bag, its device's sensors, and the frames of those in `profiles` from any time on."""

    def __init__(self, sdk: Sdk, path: Path) -> None:
        """Open a bag.

        Raises:
            SdkError: it cannot be read.
        """
        self._path = path
        self.profiles: Sequence[Profile] = ()
        opened = sdk.call("ob_create_playback_device", str(path).encode())
        self.device = Handle(sdk, opened, "ob_delete_device")
        try:
            made = self.device.call("ob_create_pipeline_with_device")
        except SdkError:
            self.device.close()
            raise
        self.pipeline = Handle(sdk, made, "ob_delete_pipeline")
        self._duration_ms: int = self.device.call("ob_playback_device_get_duration")
        # Device time at the bag's beginning.
        self._zero_usec = 0

    def frames(self, after_usec: int | None = None) -> Generator[list[Frame]]:
        """Give the frames of `profiles` after a device time, or all, in windows, each sorted by time.

        Raises:
            RecordingError: the library refuses, or stops before the end, as where the bag is damaged.
        """
        try:
            yield from self._windows(after_usec)
        except SdkError as error:
            raise unreadable(self._path, str(error)) from error
        except CameraError as error:
            raise RecordingError(f"{self._path}: {error}") from error

    def _windows(self, after_usec: int | None) -> Iterator[list[Frame]]:
        last: dict[str, int] = {}
        ended = False
        while not ended:
            window, after_usec, ended = self._window(self.profiles, after_usec, last)
            last |= {frame.kind: frame.usec for frame in window}
            yield window

    @property
    def end_usec(self) -> int:
        """Device time at the end of the bag, about; known once something was played."""
        return self._zero_usec + 1000 * self._duration_ms

    def close(self) -> None:
        """Let go of the bag; a second call does nothing."""
        self.pipeline.close()
        self.device.close()

    def _window(
        self, profiles: Sequence[Profile], after_usec: int | None, last: Mapping[str, int]
    ) -> tuple[list[Frame], int, bool]:
        """Read one window: its frames, the time up to which they go, and whether it is the last."""
        steps = {profile.kind: 1e6 / profile.fps if profile.fps else 0.0 for profile in profiles}
        found: dict[tuple[str, int], Frame] = {}
        begin_usec, ended = -1 if after_usec is None else after_usec, False
        window: list[Frame] = []

        def wanted(kind: str, usec: int) -> bool:
            inside = usec > begin_usec and (begin_usec < 0 or usec <= begin_usec + _WINDOW_USEC)
            return inside and (kind, usec) not in found

        idle = 0
        for rate in _RATES:
            before = len(found)
            at_ms = max(0, (begin_usec - self._zero_usec) // 1000 - _MARGIN_MS) if begin_usec >= 0 else 0
            played, over = self._play(profiles, rate, at_ms, begin_usec, wanted)
            if begin_usec < 0 and played:
                # Messages lie in the bag by their frames' device time.
                self._zero_usec = min(frame.usec for frame in played)
                begin_usec = self._zero_usec - 1
            until_usec = begin_usec + _WINDOW_USEC
            ended = over and all(frame.usec <= until_usec for frame in played)
            for frame in played:
                if wanted(frame.kind, frame.usec):
                    found[frame.kind, frame.usec] = frame
            window = sorted(found.values(), key=lambda frame: frame.usec)
            # Where the bag begins and ends only a second look can tell.
            at_edge = ended or not last
            idle = idle + 1 if len(found) == before else 0
            looked = idle > 0 if at_edge else True
            if idle > 1 or (looked and _complete(window, steps, last, until_usec)):
                break
        return window, begin_usec + _WINDOW_USEC, ended

    def _play(
        self,
        profiles: Sequence[Profile],
        rate: float,
        at_ms: int,
        begin_usec: int,
        wanted: Callable[[str, int], bool],
    ) -> tuple[list[Frame], bool]:
        """Play from a position to the end of the window after a time (or of the first), or of the bag.

        Returns:
            the frames, and whether the bag has ended.
        """
        stream = Stream(self.pipeline, profiles)
        # Sensors start one after the other: what plays meanwhile would lack those that start last.
        self.device.call("ob_playback_device_pause")
        stream.start()
        try:
            self.device.call("ob_playback_device_seek", at_ms)
            self.device.call("ob_playback_device_set_playback_rate", rate)
            self.device.call("ob_playback_device_resume")
            played: list[Frame] = []
            heard = time.monotonic()
            while True:
                frames = stream.take(_TURN_S, wanted)
                played += frames
                if frames:
                    heard = time.monotonic()
                    begin_usec = frames[0].usec if begin_usec < 0 else begin_usec
                    until_usec = begin_usec + _WINDOW_USEC + DISORDER_USEC
                    if any(frame.usec >= until_usec for frame in frames):
                        return played, False
                elif self._ended(time.monotonic() - heard, at_ms):
                    return played, True
        finally:
            stream.stop()

    def _ended(self, silent: float, at_ms: int) -> bool:
        """Whether the bag is at its end, after so many seconds without a frame.

        Raises:
            CameraError: it is not, and nothing comes any more.
        """
        status = self.device.call("ob_playback_device_get_current_playback_status")
        if silent > _STALLED_S:
            raise CameraError(
                f"it cannot be read beyond {at_ms / 1000:.1f} s: copy it again, or record it again"
            )
        return silent > _QUIET_S and bool(status == api.STOPPED)


def unreadable(path: Path, why: str) -> RecordingError:
    """Say that the library cannot read a bag."""
    return RecordingError(f"{path}: Orbbec's library cannot read it ({why}); copy it again")


def _complete(
    frames: Sequence[Frame], steps: Mapping[str, float], last: Mapping[str, int], until_usec: int
) -> bool:
    """Whether no sensor seems to have missed anything in a window, from its last frame before on."""
    for kind, step in steps.items():
        times = [frame.usec for frame in frames if frame.kind == kind]
        if kind in last:
            times.insert(0, last[kind])
        gaps = sorted(after - before for before, after in pairwise([*times, until_usec]))
        step = step or (gaps[len(gaps) // 2] if gaps else 0.0)
        if not gaps or gaps[-1] > _GAP * step:
            return False
    return True
