"""What machines tell each other, as MessagePack: who sends, bodies, channels. Pure: bytes in, values out."""

from typing import TypeVar

import msgspec
import numpy as np

from bodychan.model.arrays import F64
from bodychan.model.bodies import Bodies
from bodychan.model.skeleton import JOINT_COUNT

FORMAT = 1
"""Number of the messages' format; others are not read."""

_Message = TypeVar("_Message", bound=msgspec.Struct)


class CameraMessage(msgspec.Struct, frozen=True):
    """Who sends bodies: the camera's name, frame rate, tags and calibration in its modes."""

    name: str
    fps: int
    tags: dict[str, str]
    calibration: bytes
    depth_mode: str
    color_resolution: str
    format: int = FORMAT


class BodiesMessage(msgspec.Struct, frozen=True):
    """The bodies of one capture, see `Bodies`; arrays as little-endian bytes, `errors_mm` empty for None."""

    frame: int
    device_usec: int
    ids: list[int]
    positions: bytes
    orientations: bytes
    confidence: bytes
    errors_mm: bytes = b""
    format: int = FORMAT


class ChannelsMessage(msgspec.Struct, frozen=True):
    """The samples of one cook, (C, S) float64 little-endian; `layout` stands for `names`, sent at times."""

    layout: int
    start: float
    rate: float
    samples: bytes
    names: tuple[str, ...] | None = None
    format: int = FORMAT


def encode(message: msgspec.Struct) -> bytes:
    """Turn a message into bytes."""
    return msgspec.msgpack.encode(message)


def decode(data: bytes, kind: type[_Message]) -> _Message:
    """Turn bytes into a message.

    Raises:
        ValueError: they are none of this kind, or of another format.
    """
    try:
        message = msgspec.msgpack.decode(data, type=kind)
    except msgspec.DecodeError as error:
        raise ValueError(f"no {kind.__name__}: {error}") from error
    if getattr(message, "format", None) != FORMAT:
        raise ValueError(
            f"format {getattr(message, 'format', None)}, and this version of bodychan reads {FORMAT}"
        )
    return message


def bodies_message(bodies: Bodies) -> BodiesMessage:
    """Give the message of a capture's bodies; the body index map stays behind."""
    return BodiesMessage(
        bodies.frame,
        bodies.device_usec,
        bodies.ids.tolist(),
        bodies.positions.astype("<f8").tobytes(),
        bodies.orientations.astype("<f8").tobytes(),
        bodies.confidence.tobytes(),
        b"" if bodies.errors_mm is None else bodies.errors_mm.astype("<f8").tobytes(),
    )


def bodies_of(message: BodiesMessage) -> Bodies:
    """Give the bodies of a message.

    Raises:
        ValueError: they are none.
    """
    shape = (len(message.ids), JOINT_COUNT)
    return Bodies(
        message.frame,
        message.device_usec,
        np.array(message.ids, np.int64),
        _numbers(message.positions, "<f8").reshape(*shape, 3),
        _numbers(message.orientations, "<f8").reshape(*shape, 4),
        np.frombuffer(message.confidence, np.uint8).reshape(shape),
        errors_mm=_numbers(message.errors_mm, "<f8").reshape(shape) if message.errors_mm else None,
    )


def samples_of(message: ChannelsMessage, channels: int) -> F64:
    """Give the samples (C, S) of a message.

    Raises:
        ValueError: they are not those of so many channels.
    """
    return _numbers(message.samples, "<f8").reshape(channels, -1)


def _numbers(data: bytes, kind: str) -> F64:
    return np.frombuffer(data, kind).astype(np.float64)
