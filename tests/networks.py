"""Endpoints on loopback, and namespaces, for tests of links between machines."""

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

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


@contextmanager
def two_machines() -> Iterator[tuple[str, str]]:
    """Two network namespaces with a cable between them; the test is skipped where they cannot be made."""
    if sys.platform != "linux" or os.geteuid() != 0 or shutil.which("ip") is None:
        pytest.skip("network namespaces need Linux, root and `ip`")
    names = f"bodychan{os.getpid()}a", f"bodychan{os.getpid()}b"
    ends = f"v{os.getpid()}a", f"v{os.getpid()}b"
    try:
        for name in names:
            _ip("netns", "add", name)
        _ip("link", "add", ends[0], "type", "veth", "peer", "name", ends[1])
        for number, (name, end) in enumerate(zip(names, ends, strict=True), 1):
            _ip("link", "set", end, "netns", name)
            _ip("-n", name, "address", "add", f"10.77.0.{number}/24", "dev", end)
            for device in ("lo", end):
                _ip("-n", name, "link", "set", device, "up")
            _ip("-n", name, "route", "add", "default", "dev", end)  # multicast goes there, too
        yield names
    finally:
        for name in names:
            subprocess.run(["ip", "netns", "delete", name], check=False, capture_output=True)


def _ip(*arguments: str) -> None:
    done = subprocess.run(["ip", *arguments], check=False, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"no network namespaces here: ip {' '.join(arguments)}: {done.stderr.strip()}")


def on_machine(name: str, script: str) -> subprocess.Popen[str]:
    """Run a Python script in a namespace."""
    command = ["ip", "netns", "exec", name, sys.executable, "-c", script]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
