"""OSC over TCP: packets framed by SLIP, as OSC 1.1 has it."""

import socket
import time

from bodychan.outputs.network import resolved
from bodychan.outputs.osc import OscOutput

_END, _ESCAPE = b"\xc0", b"\xdb"
_RETRY_SECONDS = 1.0
"""Between two attempts to connect."""
_CONNECT_SECONDS = 0.5
_SEND_SECONDS = 0.25
"""How long the receiver may take to make room; then the connection is given up, for the rest of a packet that
was cut off would make nonsense of the next."""


def slip(packet: bytes) -> bytes:
    """Frame one packet: END on both sides, END and ESC inside escaped (RFC 1055, double-ended)."""
    inside = packet.replace(_ESCAPE, b"\xdb\xdd").replace(_END, b"\xdb\xdc")
    return _END + inside + _END


class OscTcpOutput(OscOutput):
    """Sends OSC to `osc+tcp://HOST:PORT…`; see `OscOutput`."""

    def __init__(self, url: str) -> None:
        super().__init__(url, TcpLink)


class TcpLink:
    """A connection to a receiver that is made again when it breaks.

    Raises:
        OutputError: the host is not known.
    """

    def __init__(self, url: str, host: str, port: int) -> None:
        resolved(url, host, port)
        self._address = (host, port)
        self._link: socket.socket | None = None
        self._next_attempt = 0.0
        self._cause = ""

    def send(self, packets: list[bytes]) -> str | None:
        """Send packets; give the reason where they are lost."""
        try:
            if self._link is None:
                if time.monotonic() < self._next_attempt:
                    return self._cause
                self._link = socket.create_connection(self._address, _CONNECT_SECONDS)
                self._link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._link.settimeout(_SEND_SECONDS)
            self._link.sendall(b"".join(slip(packet) for packet in packets))
        except OSError as error:
            self.close()
            self._next_attempt = time.monotonic() + _RETRY_SECONDS
            slow = isinstance(error, TimeoutError)
            self._cause = "the receiver does not answer" if slow else error.strerror or str(error)
            return self._cause
        return None

    def close(self) -> None:
        """Close the connection."""
        if self._link is not None:
            self._link.close()
            self._link = None
