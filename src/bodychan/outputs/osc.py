"""OSC over UDP: one address per channel, in bundles, as TouchDesigner sends them."""

import socket
import struct
from urllib.parse import urlsplit

import numpy as np

from bodychan.channels.channels import Channels
from bodychan.errors import OutputError
from bodychan.model.arrays import F64, I64, U8
from bodychan.outputs.base import Output

MAX_BYTES = 1400
"""Payload of one datagram: what an Ethernet frame carries without being split."""

_DOUBLES = {"timestamp"}
"""Channels sent as double: a float would lose the microseconds."""

_IMMEDIATELY = b"\x00\x00\x00\x00\x00\x00\x00\x01"


def _string(text: str) -> bytes:
    """Encode an OSC string: ASCII, ended by NUL, padded to a multiple of four bytes."""
    data = text.encode("ascii") + b"\0"
    return data + b"\0" * (-len(data) % 4)


class OscEncoder:
    """Encodes one value per channel as OSC 1.0 bundles of at most `max_bytes` each.

    The bundles are laid out once; at each frame only the numbers in them are replaced.
    """

    def __init__(self, names: tuple[str, ...], max_bytes: int = MAX_BYTES) -> None:
        buffer = bytearray()
        starts: list[int] = []
        places: list[int] = []
        for name in names:
            argument = struct.pack(">d", 0.0) if name in _DOUBLES else struct.pack(">f", 0.0)
            message = _string("/" + name) + _string(",d" if name in _DOUBLES else ",f") + argument
            element = struct.pack(">i", len(message)) + message
            if not starts or len(buffer) - starts[-1] + len(element) > max_bytes:
                starts.append(len(buffer))
                buffer += _string("#bundle") + _IMMEDIATELY
            buffer += element
            places.append(len(buffer) - len(argument))
        wide = np.array([name in _DOUBLES for name in names], dtype=bool)
        self._buffer = np.frombuffer(buffer, dtype=np.uint8).copy()
        self._bounds = list(zip(starts, [*starts[1:], len(buffer)], strict=True))
        self._floats, self._doubles = np.flatnonzero(~wide), np.flatnonzero(wide)
        where = np.array(places, dtype=np.int64)
        self._float_bytes = _byte_positions(where[self._floats], 4)
        self._double_bytes = _byte_positions(where[self._doubles], 8)

    def encode(self, values: F64) -> list[bytes]:
        """Give the bundles for one value per channel, (C,)."""
        self._buffer[self._float_bytes] = _big_endian(values[self._floats], ">f4")
        self._buffer[self._double_bytes] = _big_endian(values[self._doubles], ">f8")
        return [self._buffer[first:last].tobytes() for first, last in self._bounds]


def _byte_positions(starts: I64, width: int) -> I64:
    return (starts[:, None] + np.arange(width)).ravel()


def _big_endian(values: F64, kind: str) -> U8:
    return np.frombuffer(values.astype(kind).tobytes(), dtype=np.uint8)


class OscOutput(Output):
    """Sends the newest sample of every channel to `osc://HOST:PORT`.

    Raises:
        OutputError: the URL lacks its host or port, or the host is not known.
    """

    def __init__(self, url: str) -> None:
        self.target = url
        self._address = _resolve(url)
        self._names: tuple[str, ...] | None = None
        self._encoder: OscEncoder | None = None
        self._socket = socket.socket(self._address[0], socket.SOCK_DGRAM)

    def write(self, channels: Channels) -> None:
        """Send the newest sample; see `Output.write`."""
        if self._encoder is None or channels.names is not self._names:
            self._names = channels.names
            self._encoder = OscEncoder(channels.names)
        try:
            for bundle in self._encoder.encode(channels.samples[:, -1]):
                self._socket.sendto(bundle, self._address[1])
        except OSError as error:
            raise OutputError(f"cannot send to {self.target}: {error.strerror or error}") from error

    def close(self) -> None:
        """Close the socket; see `Output.close`."""
        self._socket.close()


def _resolve(url: str) -> tuple[socket.AddressFamily, tuple[str, int]]:
    example = "write it as osc://127.0.0.1:7000"
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise OutputError(f"{url}: {error}; {example}") from error
    if not host or not port:
        raise OutputError(f"{url} lacks its host or port: {example}")
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
    except OSError as error:
        raise OutputError(f"{url}: the host '{host}' is not known ({error.strerror}); {example}") from error
    return family, (str(address[0]), int(address[1]))
