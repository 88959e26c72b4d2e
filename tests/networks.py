"""Endpoints on loopback for tests of links between machines."""

import socket


def free_endpoint() -> str:
    """An endpoint of this machine that nobody listens at."""
    with socket.socket() as link:
        link.bind(("127.0.0.1", 0))
        return f"tcp/127.0.0.1:{link.getsockname()[1]}"
