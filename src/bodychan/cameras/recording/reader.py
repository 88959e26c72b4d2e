"""One way through a recording's file: packets in, grouped images out, and jumps to a device time."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import av
from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.stream import Stream

from bodychan.cameras.recording.grouping import Block, Group, Grouper, primary
from bodychan.cameras.recording.header import Header, Track, packet_usec
from bodychan.cameras.recording.matroska import IMU_SAMPLE, read_layout
from bodychan.errors import RecordingError

Image: TypeAlias = "Packet[Stream] | bytes"
"""An image's data as they came; both give their bytes without a copy."""

_JPEG_END = b"\xff\xd9"
_HEAD_BYTES = 4096
# Frame periods to go back from a wanted time, and captures to see before it: the first one after a jump may
# lack images, the second too where the cameras differ by a period, and the third starts the samples' share.
_BACK = 5
_MIN_BEFORE = 3


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
    try:
        with path.open("rb") as file:
            data = file.read(_HEAD_BYTES)
            size = file.seek(0, 2)
    except FileNotFoundError as error:
        raise RecordingError(f"{name}: there is no such file; check the path") from error
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
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
        self._first_ns: int | None = None
        self._container = open_container(name)
        self._begin()

    def close(self) -> None:
        """Let go of the file."""
        self._container.close()

    def next(self) -> Group[Image] | None:
        """Give the next capture, None at the end."""
        while (group := self._grouper.take()) is None and not self._ended:
            self._advance()
        if group is not None and self._first_ns is None:
            self._first_ns = primary(group.blocks).sync_ns
        return group

    def find(self, usec: int) -> tuple[Group[Image] | None, Group[Image] | None]:
        """Go to a device time: the capture before it, and the first at or after it, which is then read."""
        if self._first_ns is None:
            self.next()
        back = _BACK * self._header.period_ns // 1000
        target = usec - back
        while True:
            from_start = not self._jump(target)
            before, count = None, 0
            while (group := self.next()) is not None and group.usec < usec:
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
            except FFmpegError:
                pass
            else:
                self._begin(self._first_ns)
                return True
        # A seek to 0 would leave out images before the index's first.
        self._container.close()
        self._container = open_container(self._name)
        self._begin()
        return False

    def _begin(self, first_ns: int | None = None) -> None:
        header = self._header
        self._ended = False
        self._landed_usec: int | None = None
        self._grouper: Grouper[Image] = Grouper(
            header.tracks, header.period_ns, imu=header.imu is not None, first_ns=first_ns
        )
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
            self._grouper.finish(cut_off=self._cut_off)
        elif packet.size:
            self._add(packet)

    def _add(self, packet: "Packet[Stream]") -> None:
        if packet.stream.index == self._header.imu:
            if packet.size == IMU_SAMPLE.size:
                sample = bytes(packet)
                self._grouper.add_imu(IMU_SAMPLE.unpack(sample)[0] // 1000, sample)
            return
        if packet.pts is None:
            return
        kind = self._kinds[packet.stream.index]
        track = self._header.tracks[kind]
        usec = self._header.start_usec + packet_usec(packet)
        if self._landed_usec is None:
            self._landed_usec = usec
        data: Image = bytes(packet) if track.image_bytes is None else packet
        fault = _fault(data, packet.size, track)
        if fault:
            self._note(kind, f"a {kind} image at device time {usec} µs is left out: {fault}")
        else:
            self._grouper.add_image(Block(kind, usec, usec * 1000 + track.delay_ns, data))


def _fault(data: Image, size: int, track: Track) -> str | None:
    if track.image_bytes is None:
        # Devices may pad behind the end marker, and no data before it can contain it.
        return None if isinstance(data, bytes) and data.rfind(_JPEG_END) > 0 else "its JPEG has no end"
    return None if size == track.image_bytes else f"it has {size} bytes instead of {track.image_bytes}"
