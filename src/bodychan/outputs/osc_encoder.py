"""OSC 1.0 messages as bytes: laid out once for a set of channels, after that only numbers are replaced."""

import struct
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from bodychan.errors import OutputError
from bodychan.model.arrays import F64, I64

MAX_BYTES = 1400
"""Payload of one datagram: what an Ethernet frame carries without being split."""

LARGEST_BYTES = 65_507
"""Payload of the largest UDP datagram over IPv4: 65,535 bytes less the headers."""

_IMMEDIATELY = b"\x00\x00\x00\x00\x00\x00\x00\x01"
_INT32 = np.iinfo(np.int32)


class Value(NamedTuple):
    """An argument that changes: `scale` times the value in a row, as float32, double or int32."""

    row: int
    type: str = "f"
    """`f`, `d` or `i`."""
    scale: float = 1.0


class Message(NamedTuple):
    """One message; it is left out of frames in which the value in row `when` is 0."""

    address: str
    arguments: tuple[str | int | float | Value, ...]
    when: int | None = None


class _Bundle(NamedTuple):
    first: int
    last: int
    when: int | None


class _Patch(NamedTuple):
    """Where values of one type go: rows (N,), scales (N,) and byte positions (N * width,)."""

    type: str
    rows: I64
    scales: F64
    positions: I64


class OscEncoder:
    """Encodes values as OSC 1.0 bundles of at most `max_bytes`; only a longer message has a larger one.

    Raises:
        OutputError: a message does not fit into a datagram.
    """

    def __init__(self, messages: Sequence[Message], max_bytes: int = MAX_BYTES) -> None:
        buffer = bytearray()
        starts: list[tuple[int, int | None]] = []
        places: dict[str, list[tuple[Value, int]]] = {"f": [], "d": [], "i": []}
        for message in messages:
            data, values = _encoded(message)
            if len(data) + 20 > LARGEST_BYTES:
                raise OutputError(
                    f"OSC: {len(message.arguments)} values are more than the one message {message.address} "
                    "can carry: choose fewer channels by the parameter 'scope', or another layout"
                )
            full = bool(starts) and len(buffer) - starts[-1][0] + 4 + len(data) > max_bytes
            if not starts or full or starts[-1][1] != message.when:
                starts.append((len(buffer), message.when))
                buffer += osc_string("#bundle") + _IMMEDIATELY
            buffer += struct.pack(">i", len(data))
            for value, place in values:
                places[value.type].append((value, len(buffer) + place))
            buffer += data
        self._buffer = np.frombuffer(buffer, dtype=np.uint8).copy()
        ends = [*(first for first, _ in starts[1:]), len(buffer)][: len(starts)]
        self._bundles = [_Bundle(first, last, when) for (first, when), last in zip(starts, ends, strict=True)]
        self._patches = [_patch(kind, found) for kind, found in places.items() if found]

    def encode(self, values: F64) -> list[bytes]:
        """Give the bundles for values (C,)."""
        for kind, rows, scales, positions in self._patches:
            numbers = values[rows] * scales
            if kind == "i":
                numbers = np.clip(np.rint(numbers), _INT32.min, _INT32.max)
            data = numbers.astype({"f": ">f4", "d": ">f8", "i": ">i4"}[kind]).tobytes()
            self._buffer[positions] = np.frombuffer(data, dtype=np.uint8)
        return [
            self._buffer[first:last].tobytes()
            for first, last, when in self._bundles
            if when is None or values[when]
        ]


def osc_string(text: str) -> bytes:
    """Encode an OSC string: ASCII, ended by NUL, padded to a multiple of four bytes."""
    data = text.encode("ascii") + b"\0"
    return data + b"\0" * (-len(data) % 4)


def _encoded(message: Message) -> tuple[bytes, list[tuple[Value, int]]]:
    """Lay out a message; give its bytes, and where in them its values go."""
    tags, data = ",", b""
    values = []
    for argument in message.arguments:
        match argument:
            case Value(type=kind):
                values.append((argument, len(data)))
                tags, data = tags + kind, data + bytes(8 if kind == "d" else 4)
            case str():
                tags, data = tags + "s", data + osc_string(argument)
            case int():
                tags, data = tags + "i", data + struct.pack(">i", argument)
            case float():
                tags, data = tags + "f", data + struct.pack(">f", argument)
    head = osc_string(message.address) + osc_string(tags)
    return head + data, [(value, len(head) + place) for value, place in values]


def _patch(kind: str, places: list[tuple[Value, int]]) -> _Patch:
    starts = np.array([place for _, place in places], np.int64)
    return _Patch(
        kind,
        np.array([value.row for value, _ in places], np.int64),
        np.array([value.scale for value, _ in places]),
        (starts[:, None] + np.arange(8 if kind == "d" else 4)).ravel(),
    )
