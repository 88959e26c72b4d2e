"""OSC over UDP: one address per channel, in bundles, as TouchDesigner sends them."""

import logging
import socket
import struct
import time
from urllib.parse import urlsplit

import numpy as np

from bodychan.channels.channels import Channels
from bodychan.errors import OutputError
from bodychan.model.arrays import F64, I64, U8
from bodychan.outputs.base import Output, closed

MAX_BYTES = 1400
"""Payload of one datagram: what an Ethernet frame carries without being split."""

_DOUBLES = {"timestamp"}
"""Channels sent as double: a float would lose the microseconds."""

_LOG = logging.getLogger(__name__)
_SILENCE_SECONDS = 30.0
"""So long a cause of lost messages that has been told is not told again."""

_PATIENCE_SECONDS = 0.005
"""How long a message waits for room in the system's buffer before it is lost: nobody else may wait for it."""

_EXAMPLE = "write it as osc://127.0.0.1:7000"
_SPECIAL = set("#*,?[]{} ")
"""What OSC 1.0 does not allow in an address."""

_Address = tuple[socket.AddressFamily, tuple[str, int]]
_IMMEDIATELY = b"\x00\x00\x00\x00\x00\x00\x00\x01"


def _string(text: str) -> bytes:
    """Encode an OSC string: ASCII, ended by NUL, padded to a multiple of four bytes."""
    data = text.encode("ascii") + b"\0"
    return data + b"\0" * (-len(data) % 4)


class OscEncoder:
    """Encodes one value per channel as OSC 1.0 bundles of at most `max_bytes` each.

    The bundles are laid out once; at each frame only the numbers in them are replaced. `prefix`, such as
    `/stage`, comes before every address.
    """

    def __init__(self, names: tuple[str, ...], prefix: str = "", max_bytes: int = MAX_BYTES) -> None:
        buffer = bytearray()
        starts: list[int] = []
        places: list[int] = []
        for name in names:
            argument = struct.pack(">d", 0.0) if name in _DOUBLES else struct.pack(">f", 0.0)
            message = _string(f"{prefix}/{name}") + _string(",d" if name in _DOUBLES else ",f") + argument
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
    """Sends the newest sample of every channel to `osc://HOST:PORT[/PREFIX]`, at every address of the host.

    A broadcast or multicast address reaches all who listen. What the network does not take is lost: it is
    logged once for each cause, and again when messages go out again.

    Raises:
        OutputError: the URL lacks its host or port, or the host is not known.
    """

    newest_only = True

    def __init__(self, url: str) -> None:
        self.target = url
        host, port, self._prefix = _parts(url)
        self._names: tuple[str, ...] | None = None
        self._encoder: OscEncoder | None = None
        self._links = [(_socket(family), address) for family, address in _addresses(url, host, port)]
        self._closed = False
        self._told: dict[str, float] = {}
        self._failing = False

    def write(self, channels: Channels) -> None:
        """Send the newest sample; see `Output.write`."""
        if self._closed:
            raise closed(self.target)
        if self._encoder is None or channels.names is not self._names:
            self._names = channels.names
            self._encoder = OscEncoder(channels.names, self._prefix)
        bundles = self._encoder.encode(channels.samples[:, -1])
        causes = [_send(link, address, bundles) for link, address in self._links]
        # A name with two addresses is reached when one of them is.
        if all(causes):
            self._note_loss(str(causes[0]))
        elif self._failing:
            self._failing = False
            _LOG.info("%s can be sent to again; %d messages were lost so far", self.target, self.lost)

    def close(self) -> None:
        """Close the sockets; see `Output.close`."""
        self._closed = True
        for link, _ in self._links:
            link.close()

    def _note_loss(self, cause: str) -> None:
        self.lost += 1
        now = time.monotonic()
        if now - self._told.get(cause, -_SILENCE_SECONDS) >= _SILENCE_SECONDS:
            self._told[cause] = now
            self._failing = True
            _LOG.warning("cannot send to %s: %s; it is tried on and on", self.target, cause)


def _send(link: socket.socket, address: tuple[str, int], bundles: list[bytes]) -> str | None:
    """Send bundles; give the reason where one of them is not taken."""
    try:
        for bundle in bundles:
            link.sendto(bundle, address)
    except TimeoutError:
        return "the network takes no more, it is too slow"
    except OSError as error:
        return error.strerror or str(error)
    return None


def _socket(family: socket.AddressFamily) -> socket.socket:
    link = socket.socket(family, socket.SOCK_DGRAM)
    link.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    link.settimeout(_PATIENCE_SECONDS)
    return link


def _parts(url: str) -> tuple[str, int, str]:
    """Take host, port and prefix out of a URL."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise OutputError(f"{url}: {error}; {_EXAMPLE}") from error
    if not host or not port:
        raise OutputError(f"{url} lacks its host or port: {_EXAMPLE}")
    prefix = parts.path.rstrip("/")
    if parts.query or parts.fragment or not prefix.isascii() or set(prefix) & _SPECIAL:
        raise OutputError(f"{url}: what comes after the port must be a prefix such as /stage; {_EXAMPLE}")
    return host, port, prefix


def _addresses(url: str, host: str, port: int) -> list[_Address]:
    """Find every address of a host: `localhost` is often two, and the receiver listens at one of them."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)
    except (OSError, UnicodeError) as error:
        raise OutputError(f"{url}: the host '{host}' is not known ({error}); {_EXAMPLE}") from error
    addresses = ((family, (str(address[0]), int(address[1]))) for family, _, _, _, address in found)
    return list(dict.fromkeys(addresses))
