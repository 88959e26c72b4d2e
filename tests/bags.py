"""Bags as Orbbec's recorder writes them, made without a camera: ROS 1 bags with Orbbec's own messages.

The container is that of the ROS bag format 2.0; topics, layouts and sums of the messages were read off
OrbbecSDK 2 (its reader asks for nothing else).
"""

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from bodychan import Calibration, Capture
from bodychan.optics.lens import Lens

# Any sum does for Orbbec's own types, of which it checks only two.
_ANY_SUM = "0123456789abcdef" * 2
_IMAGE = ("sensor_msgs/Image", "060021388200f6f0f447d0fcd9c64743")
_IMU = ("sensor_msgs/Imu", "6a62c6daae103f4ff57a132d6f95cec2")
_INFO = ("custom_msg/OBDeviceInfo", "afef5328bb4abebd1a309e1ea8b26b3a")
_PROPERTY = ("custom_msg/OBProperty", _ANY_SUM)
_PROFILE = ("custom_msg/OBStreamProfileInfo", _ANY_SUM)
_IMU_PROFILE = ("custom_msg/OBImuStreamProfileInfo", _ANY_SUM)

IR, COLOR, DEPTH, ACCEL, GYRO = 1, 2, 3, 4, 5
MJPG, Y16 = 5, 8
BROWN_CONRADY_K6 = 4


@dataclass(frozen=True)
class Message:
    """One message of a bag: when, under which topic, of which type, and its bytes."""

    usec: int
    topic: str
    kind: tuple[str, str]
    data: bytes


@dataclass(frozen=True)
class Device:
    """What a bag says of its camera."""

    name: str = "Femto Bolt"
    pid: int = 0x066B
    serial: str = "CL8SYNTHETIC"
    model: int = BROWN_CONRADY_K6
    version: float = 2.0
    fps: int = 30
    streams: Sequence[int] = field(default=(IR, COLOR, DEPTH, ACCEL, GYRO))


def write_bag(
    path: Path, captures: Iterable[Capture], calibration: Calibration, device: Device | None = None
) -> Path:
    """Write captures with MJPG colour as a bag."""
    device = device or Device()
    messages = [message for capture in captures for message in _frames(capture, device)]
    first = min(message.usec for message in messages)
    messages += _description(first, calibration, device)
    path.write_bytes(_bag(sorted(messages, key=lambda message: message.usec)))
    return path


def _frames(capture: Capture, device: Device) -> Iterable[Message]:
    number = capture.index
    for stream, pixels, usec in (
        (DEPTH, capture.depth, capture.depth_usec),
        (IR, capture.ir, capture.ir_usec),
    ):
        if pixels is not None and usec is not None and stream in device.streams:
            height, width = pixels.shape
            yield _image(stream, usec, number, width, height, "mono16", pixels.tobytes(), 2 * width)
    color, usec = capture.color_image, capture.color_usec
    if color is not None and usec is not None and COLOR in device.streams:
        yield _image(COLOR, usec, number, color.width, color.height, "mjpg", color.data, 0)
    for sample in capture.imu:
        temperature = 31.5
        for stream, frame, when, values in (
            (ACCEL, 4, sample.accel_usec, sample.accel),
            (GYRO, 7, sample.gyro_usec, sample.gyro),
        ):
            if stream in device.streams:
                data = _imu(stream, when, when, tuple(map(float, values)), temperature)
                yield Message(when, f"/cam/sensor_{stream}/frameType_{frame}", _IMU, data)


def _description(usec: int, calibration: Calibration, device: Device) -> list[Message]:
    depth, color = calibration.lenses["depth"], calibration.lenses["color"]
    to_color = calibration.extrinsics("depth", "color")
    to_imu = calibration.extrinsics("accel", "depth")
    profiles = {
        DEPTH: _profile(usec, DEPTH, Y16, depth, device, to_color),
        IR: _profile(usec, IR, Y16, depth, device, np.eye(4)),
        COLOR: _profile(usec, COLOR, MJPG, color, device, np.eye(4)),
        ACCEL: _imu_profile(usec, ACCEL, 16, to_imu),
        GYRO: _imu_profile(usec, GYRO, 17, to_imu),
    }
    version = struct.pack("<d", device.version)
    prop = _header(usec) + struct.pack("<I", 0) + _blob(version) + struct.pack("<I", len(version))
    return [
        Message(usec, "/cam/deviceInfo", _INFO, _info(usec, device)),
        Message(usec, "/cam/property", _PROPERTY, prop),
        *(
            Message(
                usec,
                f"/cam/streamProfileType_{stream}",
                _IMU_PROFILE if stream in (ACCEL, GYRO) else _PROFILE,
                data,
            )
            for stream, data in profiles.items()
            if stream in device.streams
        ),
    ]


def _text(text: str) -> bytes:
    return struct.pack("<I", len(text)) + text.encode()


def _blob(data: bytes) -> bytes:
    return struct.pack("<I", len(data)) + data


def _header(usec: int) -> bytes:
    return struct.pack("<III", 0, usec // 10**6, usec % 10**6 * 1000) + _text("")


def _image(
    stream: int, usec: int, number: int, width: int, height: int, encoding: str, data: bytes, step: int
) -> Message:
    bits = 16 if encoding == "mono16" else 8
    content = (
        _header(usec)
        + struct.pack("<II", height, width)
        + _text(encoding)
        + struct.pack("<BI", 0, step)
        + _blob(data)
        + struct.pack("<fQQQQ", 0.0, number, usec, usec, usec)
        + _blob(b"")
        + struct.pack("<IB", 0, bits)
    )
    return Message(usec, f"/cam/sensor_{stream}/frameType_{stream}", _IMAGE, content)


def _imu(stream: int, usec: int, number: int, values: tuple[float, ...], temperature: float) -> bytes:
    none = (0.0, 0.0, 0.0)
    gyro, accel = (values, none) if stream == GYRO else (none, values)
    data = struct.pack("<4f", *values, temperature)
    return (
        _header(usec)
        + struct.pack("<4d9d3d9d3d9d", *([0.0] * 13), *gyro, *([0.0] * 9), *accel, *([0.0] * 9))
        + _blob(data)
        + struct.pack("<IQfQQQ", len(data), number, temperature, usec, usec, usec)
    )


def _profile(usec: int, stream: int, form: int, lens: Lens, device: Device, pose: np.ndarray) -> bytes:
    (k1, k2, k3, k4, k5, k6), (p1, p2) = lens.radial, lens.tangential
    return (
        _header(usec)
        + struct.pack("<BB9f3f", stream, form, *pose[:3, :3].ravel(), *pose[:3, 3])
        + struct.pack("<3H4f", lens.width, lens.height, device.fps, lens.fx, lens.fy, lens.cx, lens.cy)
        + struct.pack("<8fB", k1, k2, k3, k4, k5, k6, p1, p2, device.model)
    )


def _imu_profile(usec: int, stream: int, form: int, pose: np.ndarray) -> bytes:
    return (
        _header(usec)
        + struct.pack("<BB4B9f3f", stream, form, 2, 7, 7, 7, *pose[:3, :3].ravel(), *pose[:3, 3])
        + struct.pack("<3d3d3d", 0, 0, 25, 0, 0, 0, 0, 0, -9.8)
        + struct.pack("<9d9d", *np.eye(3).ravel(), *([0.0] * 9))
    )


def _info(usec: int, device: Device) -> bytes:
    return (
        _header(usec)
        + _text(device.name)
        + _text(f"Orbbec {device.name}")
        + _text("")
        + struct.pack("<HH", 0x2BC5, device.pid)
        + b"".join(map(_text, ("1-1-1", device.serial, "1.1.3", "1.0", "2.0.0", "USB3.0")))
        + struct.pack("<HB", 0, 0)
        + _text("")
        + _text("")
    )


def _time(usec: int) -> bytes:
    return struct.pack("<II", usec // 10**6, usec % 10**6 * 1000)


def _connection(number: int, topic: str, kind: tuple[str, str]) -> bytes:
    name, md5 = kind
    fields = {"topic": topic, "type": name, "md5sum": md5, "message_definition": "x"}
    data = b"".join(_blob(f"{key}={value}".encode()) for key, value in fields.items())
    return _record({"op": b"\7", "conn": struct.pack("<I", number), "topic": topic.encode()}, data)


def _record(fields: dict[str, bytes], data: bytes) -> bytes:
    header = b"".join(_blob(name.encode() + b"=" + value) for name, value in fields.items())
    return _blob(header) + _blob(data)


def _bag(messages: Sequence[Message]) -> bytes:
    """Put messages into a bag of one chunk, uncompressed."""
    numbers: dict[str, int] = {}
    chunk, index = bytearray(), dict[int, list[tuple[bytes, int]]]()
    connections = []
    for message in messages:
        if message.topic not in numbers:
            numbers[message.topic] = len(numbers)
            connection = _connection(numbers[message.topic], message.topic, message.kind)
            connections.append(connection)
            chunk += connection
        number = numbers[message.topic]
        time = _time(message.usec)
        index.setdefault(number, []).append((time, len(chunk)))
        chunk += _record({"op": b"\2", "conn": struct.pack("<I", number), "time": time}, message.data)
    magic = b"#ROSBAG V2.0\n"
    at = len(magic) + 4096
    body = _record({"op": b"\5", "compression": b"none", "size": struct.pack("<I", len(chunk))}, bytes(chunk))
    for number, entries in index.items():
        fields = {
            "op": b"\4",
            "ver": struct.pack("<I", 1),
            "conn": struct.pack("<I", number),
            "count": struct.pack("<I", len(entries)),
        }
        body += _record(fields, b"".join(time + struct.pack("<I", offset) for time, offset in entries))
    index_at = at + len(body)
    first, last = (_time(messages[end].usec) for end in (0, -1))
    tail = b"".join(connections) + _record(
        {
            "op": b"\6",
            "ver": struct.pack("<I", 1),
            "chunk_pos": struct.pack("<Q", at),
            "start_time": first,
            "end_time": last,
            "count": struct.pack("<I", len(index)),
        },
        b"".join(struct.pack("<II", number, len(entries)) for number, entries in index.items()),
    )
    front = {
        "op": b"\3",
        "index_pos": struct.pack("<Q", index_at),
        "conn_count": struct.pack("<I", len(connections)),
        "chunk_count": struct.pack("<I", 1),
    }
    header = b"".join(_blob(name.encode() + b"=" + value) for name, value in front.items())
    padding = b" " * (4096 - 8 - len(header))
    return magic + _blob(header) + _blob(padding) + body + tail
