"""The web server: the page's files, and one WebSocket that all else goes through."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

from starlette.applications import Starlette
from starlette.datastructures import Headers, MutableHeaders, QueryParams
from starlette.responses import FileResponse, PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocket

from bodychan.viewer.connection import Connection
from bodychan.viewer.director import Director
from bodychan.viewer.guard import SECURITY_HEADERS, Guard
from bodychan.viewer.hub import Hub
from bodychan.viewer.session import Session

PAGE = Path(__file__).parent / "page"
MOST_PAGES = 16

_FILES: Mapping[str, tuple[str, str]] = {
    "/": ("index.html", "text/html"),
    "/app.js": ("app.js", "text/javascript"),
    "/app.css": ("app.css", "text/css"),
    "/icon.svg": ("icon.svg", "image/svg+xml"),
}


def application(session: Session, guard: Guard) -> ASGIApp:
    """Make the server of a session; its life spans the session's: it starts it and closes it."""
    hub = Hub(session, Director(session))

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        hub.bind(asyncio.get_running_loop())
        session.start()
        yield
        await asyncio.to_thread(session.close)

    async def talk(socket: WebSocket) -> None:
        if len(hub) >= MOST_PAGES:
            await socket.close(1013)
            return
        await socket.accept()
        await Connection(socket, hub).run()

    app = Starlette(
        routes=[
            *(Route(path, _file(*what), methods=["GET"]) for path, what in _FILES.items()),
            WebSocketRoute("/ws", talk),
        ],
        lifespan=lifespan,
    )
    return GuardedApp(app, guard)


def _file(name: str, kind: str) -> ASGIApp:
    return FileResponse(PAGE / name, media_type=kind)


class GuardedApp:
    """Lets through what the guard knows, and adds the headers that keep a page to itself."""

    def __init__(self, app: ASGIApp, guard: Guard) -> None:
        self._app, self._guard = app, guard

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        refusal = self._refusal(scope)
        if refusal and scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008, "reason": refusal})
        elif refusal:
            await PlainTextResponse(f"{refusal}\n", 403, SECURITY_HEADERS)(scope, receive, send)
        else:
            await self._app(scope, receive, _with_headers(send))

    def _refusal(self, scope: Scope) -> str:
        """Say why a request is refused; nothing if it is not."""
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if not self._guard.knows_host(host):
            return "bodychan view is not known under this name: open the address that it printed"
        socket = scope["type"] == "websocket"
        if socket and not self._guard.knows_origin(headers.get("origin", ""), host):
            return "only the viewer's own page may connect"
        token = QueryParams(scope["query_string"]).get("token", "")
        if (socket or scope["path"] == "/") and not self._guard.knows_token(token):
            return "the address lacks its token: open the whole address that bodychan view printed"
        return ""


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).update(SECURITY_HEADERS)
        await send(message)

    return sending
