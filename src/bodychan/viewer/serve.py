"""Running the viewer until Ctrl-C."""

import contextlib
import errno
import socket
import threading
import webbrowser
from collections.abc import Callable

import uvicorn

from bodychan.errors import ViewerError
from bodychan.viewer.guard import Guard, guard_for
from bodychan.viewer.server import application
from bodychan.viewer.session import Session

DEFAULT_PORT = 8377
MOST_MESSAGE_BYTES = 64 * 1024
"""Longest message that a page may send."""


def serve(
    session: Session,
    *,
    host: str = "127.0.0.1",
    port: int | None = None,
    show: bool = False,
    announce: Callable[[str], None] = lambda _address: None,
) -> None:
    """Serve a session until Ctrl-C, and close it.

    Args:
        session: not yet started.
        host: address to listen at; other than loopback, the page's address gets a token.
        port: None takes the usual one, or any where that is in use; 0 takes any.
        show: open the page in the user's browser.
        announce: called with the page's address as soon as it can be opened.

    Raises:
        ViewerError: the address cannot be listened at.
    """
    listener = listener_at(host, port)
    guard = guard_for(host)
    address = address_of(listener, host, guard)

    def ready() -> None:
        announce(address)
        if show:
            # Some browsers are waited for until they are closed.
            threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()

    with contextlib.closing(listener):
        Server(session, guard, ready).run(sockets=[listener])


class Server(uvicorn.Server):
    """The web server of a session; `ready` is called as soon as pages can be opened."""

    def __init__(self, session: Session, guard: Guard, ready: Callable[[], None]) -> None:
        super().__init__(
            uvicorn.Config(
                application(session, guard),
                ws="websockets-sansio",
                ws_max_size=MOST_MESSAGE_BYTES,
                ws_per_message_deflate=False,
                lifespan="on",
                log_level="warning",
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=2,
            )
        )
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen, then say so."""
        await super().startup(sockets)
        self._ready()


def address_of(listener: socket.socket, host: str, guard: Guard) -> str:
    """Return the page's address, with its token where it takes one."""
    name = socket.gethostname() if host in ("0.0.0.0", "::") else host
    shown = f"[{name}]" if ":" in name else name
    token = f"?token={guard.token}" if guard.token else ""
    return f"http://{shown}:{listener.getsockname()[1]}/{token}"


def listener_at(host: str, port: int | None) -> socket.socket:
    """Take an address to listen at; see `serve`.

    Raises:
        ViewerError: it cannot be listened at.
    """
    try:
        return _bound(host, DEFAULT_PORT if port is None else port)
    except OSError as error:
        if port is None and error.errno == errno.EADDRINUSE:
            return _bound(host, 0)
        reason = "it is in use" if error.errno == errno.EADDRINUSE else error.strerror or str(error)
        raise ViewerError(
            f"cannot listen at {host}, port {port if port is not None else DEFAULT_PORT}: {reason}; "
            "choose another with --port, or --port 0 for any"
        ) from error


def _bound(host: str, port: int) -> socket.socket:
    family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    return socket.create_server(address[:2], family=family)
