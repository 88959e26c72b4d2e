"""WebSocket: a server that tells every client the channels' names once, and then sends numbers only.

docs/protocols.md describes the bytes.
"""

import asyncio
import contextlib
import json
import os
import socket
import struct
import threading
from collections import deque
from collections.abc import Coroutine
from typing import Any

import numpy as np
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from bodychan.channels.channels import Channels
from bodychan.errors import OutputError
from bodychan.model.arrays import F64
from bodychan.outputs.base import Output, closed
from bodychan.outputs.network import parse

VERSION = 1
HEADER = struct.Struct("<IIq")
"""Before the values of a frame: number of its set of names, number of the frame, device time in µs."""

_EXAMPLE = "ws://127.0.0.1:9980"
_WAITING = 8
"""Frames that may wait for a client; when there are more, the oldest go."""
_SEND_BUFFER = 65_536
"""Bytes that the system may keep for a client: what is in there cannot be replaced by newer frames."""
_CLOSE_SECONDS = 1.0


def names_message(number: int, channels: Channels) -> str:
    """Write the text that comes before the first frame, and again when the channels change."""
    return json.dumps(
        {
            "bodychan": VERSION,
            "set": number,
            "rate": channels.rate,
            "names": channels.names,
            "units": [kind.unit for kind in channels.kinds],
        },
        separators=(",", ":"),
    )


def frame(number: int, count: int, device_usec: int, values: F64) -> bytes:
    """Write one frame: `HEADER`, then float32 values (C,), all little-endian."""
    return HEADER.pack(number, count & 0xFFFFFFFF, device_usec) + values.astype("<f4").tobytes()


class WebSocketOutput(Output):
    """Serves the newest sample at `ws://HOST:PORT` to all who connect.

    0.0.0.0 as HOST lets other machines in.

    A client that connects late gets the names first. One that is slow gets the newest frames; what it misses
    is its own loss and is not counted in `lost`: the frames' numbers tell it.

    Raises:
        OutputError: the URL is not right, or the port is in use.
    """

    newest_only = True

    def __init__(self, url: str) -> None:
        address = parse(url, _EXAMPLE)
        if address.path:
            raise OutputError(f"{url}: there is nothing but the port to connect to: write it as {_EXAMPLE}")
        self.target = url
        self._number = self._count = 0
        self._names: tuple[str, ...] | None = None
        self._closed = False
        self._clients = _Clients()
        listener = _listener(url, address.host, address.port)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

        async def start() -> Server:
            return await serve(self._clients.connected, sock=listener, compression=None, max_queue=1)

        self._server = self._wait(start())

    @property
    def clients(self) -> int:
        """How many are connected."""
        return len(self._clients.all)

    def write(self, channels: Channels) -> None:
        """Send the newest sample to everybody; see `Output.write`."""
        if self._closed:
            raise closed(self.target)
        names = None
        if channels.names != self._names:
            self._names = channels.names
            self._number += 1
            names = names_message(self._number, channels)
        self._count += 1
        values = channels.samples[:, -1]
        usec = round(values[channels.names.index("timestamp")]) if "timestamp" in channels.names else 0
        data = frame(self._number, self._count, usec, np.asarray(values))
        self._loop.call_soon_threadsafe(self._clients.publish, names, data)

    def close(self) -> None:
        """Send what waits, and end the connections and the server; see `Output.close`."""
        if self._closed:
            return
        self._closed = True

        async def stop() -> None:
            await self._clients.drained(_CLOSE_SECONDS)
            self._server.close()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._server.wait_closed(), _CLOSE_SECONDS)
            others = asyncio.all_tasks() - {asyncio.current_task()}
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)

        self._wait(stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _wait(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()


class _Client:
    """What waits for one client: names first, then the newest frames."""

    def __init__(self, names: str | None, last: bytes | None) -> None:
        self.names = names
        self.frames = deque([] if last is None else [last], maxlen=_WAITING)
        self.news = asyncio.Event()
        self.news.set()

    def put(self, names: str | None, data: bytes) -> None:
        """Add a frame, and the names if they are new; frames of the names before are of no use then."""
        if names is not None:
            self.names = names
            self.frames.clear()
        self.frames.append(data)
        self.news.set()

    def take(self) -> str | bytes | None:
        """Take what is to be sent next, None where nothing waits."""
        if self.names is not None:
            names, self.names = self.names, None
            return names
        return self.frames.popleft() if self.frames else None


class _Clients:
    """Who is connected. Everything here runs in the server's own thread."""

    def __init__(self) -> None:
        self.all: set[_Client] = set()
        self._names: str | None = None
        self._last: bytes | None = None

    async def connected(self, connection: ServerConnection) -> None:
        """Send one client all that is published, until it goes."""
        client = _Client(self._names, self._last)
        self.all.add(client)
        listening = asyncio.ensure_future(_ignored(connection))
        listening.add_done_callback(lambda _: client.news.set())
        try:
            while not listening.done():
                await client.news.wait()
                client.news.clear()
                while (message := client.take()) is not None:
                    await connection.send(message)
        except ConnectionClosed:
            pass
        finally:
            self.all.discard(client)
            listening.cancel()

    def publish(self, names: str | None, data: bytes) -> None:
        """Put a frame, and the names if they are new, before every client."""
        self._names, self._last = names or self._names, data
        for client in self.all:
            client.put(names, data)

    async def drained(self, seconds: float) -> None:
        """Wait until nothing waits for anybody."""
        for _ in range(int(seconds / 0.005)):
            if not any(client.frames for client in self.all):
                break
            await asyncio.sleep(0.005)


async def _ignored(connection: ServerConnection) -> None:
    """Read what a client sends, for answers to its pings and its farewell; none of it means anything."""
    async for _ in connection:
        pass


def _listener(url: str, host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno and error.errno > 0 else str(error)
        raise OutputError(
            f"{url}: cannot listen there: {reason}; choose another port, or an address of this machine"
        ) from error
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
    return listener
