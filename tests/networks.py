"""Endpoints on loopback for tests of links between machines."""

import socket

from bodychan.cameras.base import Camera
from bodychan.network.messages import CameraMessage


def free_endpoint() -> str:
    """An endpoint of this machine that nobody listens at."""
    with socket.socket() as link:
        link.bind(("127.0.0.1", 0))
        return f"tcp/127.0.0.1:{link.getsockname()[1]}"


def sender_of(camera: Camera) -> CameraMessage:
    """What a camera says of itself."""
    own = camera.calibration
    return CameraMessage(camera.name, camera.fps, camera.tags, own.raw, own.depth_mode, own.color_resolution)
