"""Reads a recording's captures in the order of its file, and seeks to a device time."""

from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from operator import itemgetter
from pathlib import Path
from typing import TypeAlias

import av
from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.stream import Stream

from bodychan.cameras.recording.grouping import Block, Group, Grouper
from bodychan.cameras.recording.header import Header, Track, packet_usec
from bodychan.cameras.recording.matroska import IMU_SAMPLE, read_layout
from bodychan.cameras.recording.scan import Damage, Scan
from bodychan.errors import RecordingError

Image: TypeAlias = "Packet[Stream] | bytes"
"""An image's data; either gives its bytes without a copy."""

_HEAD_BYTES = 4096
# Frame periods to go back from a wanted time, and captures to see before it: the first one after a jump may
# lack images, the second too where the cameras differ by a period, and the third starts the samples' share.
_BACK = 5
_MIN_BEFORE = 3
# FFmpeg spaces the samples of a block evenly over its 32 ms; a clock that is off is off by more.
_IMU_TOLERANCE_USEC = 50_000


@dataclass(frozen=True, slots=True)
class Extent:
    """How far a recording's file reaches, in bytes; `end` is None in one that was never closed.

    `incomplete` says that something is missing, `cut_off` that images may be, `untimed` that the unit of time
    is: so Microsoft's recorder leaves a file when it is killed.
    """

    name: str
    size: int
    end: int | None
    incomplete: bool
    cut_off: bool
    untimed: bool

    def without_time(self) -> str:
        """Say what an untimed file needs."""
        return (
            f"{self.name} {self._loss()}, and does not say its unit of time; "
            f"finish it with 'bodychan record --repair {self.name}'"
        )

    def cut_off_after(self, index: int, usec: int) -> str:
        """Say what is missing after the last whole capture."""
        return (
            f"{self.name} {self._loss()}; its last whole capture is number {index}, at {usec / 1e6:.3f} s; "
            "'bodychan record --repair' finishes it"
        )

    def without_captures(self) -> str:
        """Say why the file gives no capture."""
        if self.incomplete:
            return (
                f"{self.name} {self._loss()}, and no capture before is whole; copy it again from its source"
            )
        return f"{self.name} holds no capture: it is a recording of 0 frames; record again"

    def _loss(self) -> str:
        if self.end is None:
            return f"was never closed and ends after {self.size} bytes"
        return f"is cut off: the last {self.end - self.size} of {self.end} bytes are missing"


def survey(name: str) -> Extent:
    """Look at a file's size and first bytes.

    Raises:
        RecordingError: the file cannot be read, or is not a Matroska file.
    """
    path = Path(name)
    if path.is_dir():
        raise RecordingError(f"{name} is a folder; name a recording (.mkv) in it")
    if path.exists() and not path.is_file():
        raise RecordingError(
            f"{name} is a pipe or device, and a recording is not read from its start to its end only: "
            "save it to a file first"
        )
    try:
        with path.open("rb") as file:
            data = file.read(_HEAD_BYTES)
            size = file.seek(0, 2)
    except FileNotFoundError as error:
        raise RecordingError(f"{name}: there is no such file; check the path") from error
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or error
        raise RecordingError(
            f"{name} cannot be read: {reason}; check the file and its permissions"
        ) from error
    layout = read_layout(data)
    if layout is None:
        what = "is not a Matroska file" if data else "is empty"
        raise RecordingError(f"{name} {what}; Azure Kinect recordings are .mkv files made by k4arecorder")
    incomplete = layout.end is None or size < layout.end
    # All clusters lie before the index, so a file that is cut off inside or after it has all images.
    cut_off = incomplete and (layout.cues is None or size < layout.cues)
    return Extent(name, size, layout.end, incomplete, cut_off, layout.end is None and not layout.has_info)


def open_container(name: str) -> InputContainer:
    """Open a file as Matroska only, and without FFmpeg's own look at the packets: the header says it all."""
    return av.open(f"file:{name}", format="matroska", options={"probesize": "32", "analyzeduration": "0"})


class Reader:
    """Reads a recording's captures from its start, or from where `find` goes.

    `note` is told each fault in the file, as a kind and a sentence.
    """

    def __init__(self, name: str, header: Header, cut_off: bool, note: Callable[[str, str], None]) -> None:
        self._name = name
        self._header = header
        self._cut_off = cut_off
        self._note = note
        self._kinds = {track.index: kind for kind, track in header.tracks.items()}
        self._scan = Scan(name)
        self._container = open_container(name)
        self._begin()

    def close(self) -> None:
        """Close the file."""
        self._container.close()
        self._scan.close()

    def next(self) -> Group[Image] | None:
        """Give the next capture, None at the end."""
        group = self._next()
        return group if group is None or self._from_start else self._numbered(group)

    def last(self) -> Group[Image] | None:
        """Go to the end and give the last capture, None if there is none.

        Its number is right only if the file was gone through for it.
        """
        duration = self._container.duration or 0
        return self._find(None, self._header.start_usec + duration)[0]

    def find(self, usec: int) -> Group[Image] | None:
        """Go to a device time: give the first capture at or after it, None if there is none."""
        group = self._find(usec, usec)[1]
        return group if group is None or self._from_start else self._numbered(group)

    @cached_property
    def captures(self) -> list[tuple[int, int]]:
        """Device time and number of every capture.

        A camera's real rate is a little off its nominal one, so a number follows from those before it. The
        same rule is applied to the times in the file, in one pass that leaves the images unread.
        """
        header, scale_ns = self._header, self._scan.scale_ns()
        numbers = dict(enumerate(self._scan.track_numbers()))
        kinds = {numbers[index]: kind for index, kind in self._kinds.items() if index in numbers}
        grouper: Grouper[None] = Grouper(header.tracks, header.period_ns, imu=False)
        found = []
        for block in self._scan.blocks():
            if isinstance(block, Damage):
                # FFmpeg resumes after damage in its own way: only reading tells which captures it gives.
                return self._captures_by_reading()
            kind = kinds.get(block.track)
            if kind is None or header.tracks[kind].image_bytes not in (None, block.size):
                continue
            usec = header.start_usec + block.ticks * scale_ns // 1000
            grouper.add_image(Block(kind, usec, usec * 1000 + header.tracks[kind].delay_ns, None))
            found += [(group.usec, group.index) for group in iter(grouper.take, None)]
        grouper.finish(cut_off=self._cut_off)
        return found + [(group.usec, group.index) for group in iter(grouper.take, None)]

    def _captures_by_reading(self) -> list[tuple[int, int]]:
        reader = Reader(self._name, self._header, self._cut_off, lambda _kind, _fault: None)
        try:
            return [(group.usec, group.index) for group in iter(reader.next, None)]
        finally:
            reader.close()

    def _next(self) -> Group[Image] | None:
        while (group := self._grouper.take()) is None and not self._ended:
            self._advance()
        return group

    def _numbered(self, group: Group[Image]) -> Group[Image]:
        """Give a capture the number that it has when the file is read from its start."""
        place = max(bisect_right(self.captures, group.usec, key=itemgetter(0)) - 1, 0)
        usec, index = self.captures[place]
        # Off the times that were found, as after damage, the nearest one before must do.
        return replace(
            group, index=max(1, index + round((group.usec - usec) * 1000 / self._header.period_ns))
        )

    def _find(self, usec: int | None, near_usec: int) -> tuple[Group[Image] | None, Group[Image] | None]:
        """Give the captures before a device time and at or after it, the last one and None for the end.

        FFmpeg jumps to about `near_usec`; from a good deal before that all captures are gone through.
        """
        back = _BACK * self._header.period_ns // 1000
        target = near_usec - back
        while True:
            from_start = not self._jump(target)
            before, count = None, 0
            while (group := self._next()) is not None and (usec is None or group.usec < usec):
                before, count = group, count + 1
            if from_start or count >= _MIN_BEFORE:
                return before, group
            back *= 4
            target = min(target, self._landed_usec or 0) - back

    def _jump(self, usec: int) -> bool:
        """Go to about a device time; to the start, and say False, where that is before or not possible."""
        if usec > self._header.start_usec:
            # Of the first track there is an index; others would be searched for from the start.
            stream = self._container.streams[min(self._kinds)]
            try:
                base = stream.time_base
                assert base is not None
                ticks = (usec - self._header.start_usec) * base.denominator // (base.numerator * 10**6)
                self._container.seek(ticks, stream=stream)
            except (FFmpegError, OverflowError):
                pass
            else:
                self._begin(from_start=False)
                return True
        # A seek to 0 would leave out images before the index's first.
        self._container.close()
        self._container = open_container(self._name)
        self._begin()
        return False

    def _begin(self, *, from_start: bool = True) -> None:
        header = self._header
        self._ended = False
        self._from_start = from_start
        self._landed_usec: int | None = None
        self._sound: Iterator[Damage | int] | None = None
        self._sound_until = 0
        self._imu_ahead_usec = 0
        self._grouper: Grouper[Image] = Grouper(header.tracks, header.period_ns, imu=header.imu is not None)
        self._packets = self._demux()

    def _demux(self) -> "Iterator[Packet[Stream]]":
        indices = [*self._kinds, *([] if self._header.imu is None else [self._header.imu])]
        return self._container.demux([self._container.streams[index] for index in indices])

    def _advance(self) -> None:
        """Add the next packet of the file, or note its end."""
        try:
            packet = next(self._packets, None)
        except FFmpegError as error:
            self._note("damage", f"the file is damaged, reading stops before its end ({error.strerror})")
            packet, self._cut_off = None, True
        if packet is None:
            self._ended = True
            if not self._cut_off:
                self._check_until(self._scan.size)
            self._grouper.finish(cut_off=self._cut_off)
        elif packet.size:
            self._check_until(packet.pos)
            self._add(packet)

    def _check_until(self, at: int | None) -> None:
        """Note damaged bytes before a block, over which FFmpeg passes silently."""
        if at is None:
            return
        if self._sound is None:
            self._sound = self._scan.damage(0 if self._from_start else self._scan.find_cluster(at))
        while self._sound_until < at:
            step = next(self._sound, at)
            if isinstance(step, Damage):
                self._note(
                    "garbage",
                    f"{step.end - step.at} bytes from offset {step.at} on are damaged, the captures in them "
                    "are missing; 'bodychan record --repair' takes them out",
                )
            else:
                self._sound_until = step

    def _add(self, packet: "Packet[Stream]") -> None:
        if packet.stream.index == self._header.imu:
            if packet.size == IMU_SAMPLE.size:
                self._add_imu(packet)
            return
        if packet.pts is None:
            return
        kind = self._kinds[packet.stream.index]
        track = self._header.tracks[kind]
        usec = self._header.start_usec + packet_usec(packet)
        if self._landed_usec is None:
            self._landed_usec = usec
        data: Image = bytes(packet) if track.image_bytes is None else packet
        fault = _fault(packet.size, track)
        if fault:
            self._note(kind, f"a {kind} image at device time {usec} µs is left out: {fault}")
        else:
            self._grouper.add_image(Block(kind, usec, usec * 1000 + track.delay_ns, data))

    def _add_imu(self, packet: "Packet[Stream]") -> None:
        """Add a sample at its own time; where its clock is off the images', at its place in the file.

        Files that were split have images that start again at 0 and samples that do not; the clock of a
        Femto's inertial sensor can be off by seconds.
        """
        sample = bytes(packet)
        usec = IMU_SAMPLE.unpack(sample)[0] // 1000
        if packet.pts is not None:
            ahead = usec - self._header.start_usec - packet_usec(packet)
            if abs(ahead - self._imu_ahead_usec) > _IMU_TOLERANCE_USEC:
                self._imu_ahead_usec = ahead
                self._note(
                    "imu clock",
                    f"the inertial sensor's clock is {ahead / 1e6:+.3f} s off that of the images; "
                    "its samples are taken in the order of the file",
                )
        self._grouper.add_imu(usec - self._imu_ahead_usec, sample)


def _fault(size: int, track: Track) -> str | None:
    # A JPEG that is damaged shows it when it is decoded.
    if track.image_bytes in (None, size):
        return None
    return f"it has {size} bytes instead of {track.image_bytes}"
