"""PosiStageNet: where people are, for stage lighting; written after its public specification, version 2.

Every player is a tracker of the same number. https://www.posistage.net
"""

import struct
import time
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from bodychan.channels.channels import Channels
from bodychan.errors import OutputError, did_you_mean
from bodychan.model.arrays import F64
from bodychan.model.rotations import (
    euler_xyz_degrees_to_quaternion,
    matrix_to_quaternion,
    quaternion_product,
    quaternion_to_vector,
)
from bodychan.model.skeleton import Joint
from bodychan.outputs.base import Output, closed
from bodychan.outputs.motion import REST
from bodychan.outputs.network import Datagrams, Losses, parse
from bodychan.outputs.people import Person, people, require

GROUP, PORT = "236.10.10.10", 56565
"""The multicast group and port that receivers listen at."""

_EXAMPLE = "psn://236.10.10.10:56565?joint=pelvis"
_MOST_BYTES = 1500
_INFO_SECONDS = 1.0
_VERSION = (2, 0)
_NAME = b"bodychan"
_DATA, _INFO = 0x6755, 0x6756
_HEADER, _LIST = 0, 1
_SYSTEM_NAME, _INFO_LIST, _TRACKER_NAME = 1, 2, 0
_POSITION, _SPEED, _ORIENTATION, _STATUS, _TIMESTAMP = 0, 1, 2, 3, 6


class Tracker(NamedTuple):
    """One person: vectors (3,) in metres, metres a second and radians around the vector; None: not known."""

    number: int
    position: F64 | None = None
    speed: F64 | None = None
    orientation: F64 | None = None


def chunk(number: int, data: bytes, *, nested: bool = False) -> bytes:
    """Write a chunk: its number, 15 bits of length, one that says whether there are chunks in it."""
    return struct.pack("<I", number | len(data) << 16 | nested << 31) + data


def data_packets(trackers: Iterable[Tracker], usec: int, device_usec: int, frame: int) -> list[bytes]:
    """Write one frame; a tracker without a position is there as not valid.

    Args:
        trackers: who there is.
        usec: since the sender began.
        device_usec: when the capture was taken.
        frame: counted up, of which 8 bits are sent.
    """
    return _packets(_DATA, [_tracker(one, device_usec) for one in trackers], _LIST, b"", usec, frame)


def info_packets(numbers: Iterable[int], usec: int, frame: int) -> list[bytes]:
    """Write who sends, and that the trackers are called p1, p2 and so on."""
    entries = [chunk(number, chunk(_TRACKER_NAME, f"p{number}".encode()), nested=True) for number in numbers]
    return _packets(_INFO, entries, _INFO_LIST, chunk(_SYSTEM_NAME, _NAME), usec, frame)


def _packets(
    kind: int, entries: Sequence[bytes], list_kind: int, before: bytes, usec: int, frame: int
) -> list[bytes]:
    """Share entries out over packets that are not too long; each says how many there are."""
    room = _MOST_BYTES - 4 - 16 - len(before) - 4
    groups: list[bytes] = [b""]
    for entry in entries:
        if len(groups[-1]) + len(entry) > room:
            groups.append(b"")
        groups[-1] += entry
    header = chunk(_HEADER, struct.pack("<QBBBB", usec, *_VERSION, frame & 0xFF, len(groups)))
    return [chunk(kind, header + before + chunk(list_kind, g, nested=True), nested=True) for g in groups]


def _tracker(tracker: Tracker, device_usec: int) -> bytes:
    vectors = (
        (_POSITION, tracker.position),
        (_SPEED, tracker.speed),
        (_ORIENTATION, tracker.orientation),
    )
    data = b"".join(
        chunk(kind, vector.astype("<f4").tobytes()) for kind, vector in vectors if vector is not None
    )
    data += chunk(_STATUS, struct.pack("<f", tracker.position is not None))
    data += chunk(_TIMESTAMP, struct.pack("<Q", max(0, device_usec)))
    return chunk(tracker.number, data, nested=True)


class _Seen(NamedTuple):
    """Where somebody was last."""

    body: float
    usec: int
    position: F64
    speed: F64


class PsnOutput(Output):
    """Sends every player as a tracker to `psn://[HOST[:PORT]][?joint=pelvis]`.

    Orientations are the turn of the joint against somebody who stands upright and faces the camera; without
    the channels of `absbonerotations` there are none.

    Raises:
        OutputError: the URL is not right, or the host is not known.
    """

    newest_only = True
    groups = frozenset({"worldspace", "absbonerotations"})

    def __init__(self, url: str) -> None:
        self.target = url
        address = parse(url, _EXAMPLE, ("joint",), default=(GROUP, PORT))
        if address.path:
            raise OutputError(f"{url}: what comes after the port has no meaning: write it as {_EXAMPLE}")
        self._joint = _joint(url, address.option("joint") or "pelvis")
        self._link = Datagrams(url, address.host, address.port)
        self._losses = Losses(url)
        self._began = time.monotonic()
        self._next_info = 0.0
        self._frame = 0
        self._seen: dict[int, _Seen] = {}
        self._closed = False

    def write(self, channels: Channels) -> None:
        """Send the newest sample; see `Output.write`."""
        if self._closed:
            raise closed(self.target)
        found = people(channels.kinds)
        if not found:
            raise OutputError(f"{self.target}: there are no people among these channels; see 'scope'")
        values = channels.samples[:, -1]
        usec = round(values[channels.names.index("timestamp")]) if "timestamp" in channels.names else 0
        elapsed = time.monotonic() - self._began
        trackers = [self._look(person, values, usec) for person in found]
        packets = data_packets(trackers, int(elapsed * 1e6), usec, self._frame)
        if elapsed >= self._next_info:
            self._next_info = elapsed + _INFO_SECONDS
            packets += info_packets([one.number for one in trackers], int(elapsed * 1e6), self._frame)
        self._frame += 1
        self._losses.note(self._link.send(packets))
        self.lost = self._losses.count

    def close(self) -> None:
        """Close the socket; see `Output.close`."""
        self._closed = True
        self._link.close()

    def _look(self, person: Person, values: F64, usec: int) -> Tracker:
        rows = require(self.target, person, self._joint, "worldspace")
        body = float(values[person.id]) if person.id is not None else 1.0
        if not body:
            self._seen.pop(person.number, None)
            return Tracker(person.number)
        position = values[list(rows)]
        before = self._seen.get(person.number)
        speed = np.zeros(3)
        if before is not None and before.body == body:
            speed = before.speed  # of the same capture again
            if usec > before.usec:
                speed = (position - before.position) / (usec - before.usec) * 1e6
        if before is None or before.body != body or usec != before.usec:
            self._seen[person.number] = _Seen(body, usec, position, speed)
        return Tracker(person.number, position, speed, self._orientation(person, values))

    def _orientation(self, person: Person, values: F64) -> F64 | None:
        rows = person.rows(self._joint, "absbonerotations")
        if rows is None:
            return None
        rest = matrix_to_quaternion(REST[self._joint]) * (1.0, -1.0, -1.0, -1.0)
        return quaternion_to_vector(
            quaternion_product(euler_xyz_degrees_to_quaternion(values[list(rows)]), rest)
        )


def _joint(url: str, name: str) -> Joint:
    joints = {joint.channel: joint for joint in Joint}
    if name not in joints:
        raise OutputError(f"{url}: there is no joint '{name}': {did_you_mean(name, joints)}")
    return joints[name]
