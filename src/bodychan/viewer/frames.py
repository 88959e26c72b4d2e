"""Binary messages: pictures, points and channels.

A little-endian uint32 with the length of a JSON `Frame`, the frame padded with spaces, then its parts, each
at a multiple of 8 bytes.
"""

import msgspec
from msgspec import Struct


class Part(Struct, frozen=True):
    """Where a part of a binary message lies, in bytes from the end of the header."""

    offset: int
    length: int


class Frame(Struct, frozen=True):
    """The header of a binary message.

    `seconds` is the place in the recording, -1 where there is none; `players` the body id in each place, 0
    for nobody; `placement` the (3, 4) matrix from the camera's channel axes to those of the channels, row by
    row; `up` a direction and `floor` a height along it, of what the depth image shows lowest.

    Parts: `channels` float64 (C); `joints` float32 (P, 32, 8) tx ty tz confidence u v depthu depthv; `depth`
    deflated, see `cloud`; `rays` int16 (N, 2); `colors` and `image` JPEG; `explanation` PNG.
    """

    serial: int
    seconds: float = -1.0
    capture: int = 0
    captured_ms: float = 0.0
    players: tuple[int, ...] = ()
    revision: int = 0
    grid: tuple[int, int] = (0, 0)
    placement: tuple[float, ...] = ()
    up: tuple[float, float, float] = (0.0, 1.0, 0.0)
    floor: float | None = None
    image: str = ""
    aspect: float = 0.0
    parts: dict[str, Part] = {}


def pack(frame: Frame, parts: dict[str, bytes]) -> bytes:
    """Write a binary message."""
    places: dict[str, Part] = {}
    body = bytearray()
    for name, data in parts.items():
        places[name] = Part(len(body), len(data))
        body += data + b"\0" * (-len(data) % 8)
    header = msgspec.json.encode(msgspec.structs.replace(frame, parts=places))
    header += b" " * (-(len(header) + 4) % 8)
    return len(header).to_bytes(4, "little") + header + bytes(body)
