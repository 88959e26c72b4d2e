"""One page's connection: its commands in, and out what it shows, the newest only."""

import asyncio
import statistics
import time
from collections import deque
from collections.abc import Hashable

import msgspec
from starlette.websockets import WebSocket, WebSocketDisconnect

from bodychan.errors import BodychanError
from bodychan.optics.calibration import Calibration
from bodychan.viewer import commands as c
from bodychan.viewer import events as e
from bodychan.viewer import frames as f
from bodychan.viewer.budget import Budget
from bodychan.viewer.director import subject_of
from bodychan.viewer.hub import Hub
from bodychan.viewer.snapshot import Snapshot

BYTES_PER_SECOND = 1.5e6
"""What points and images may take of a page's network."""

_IN_FLIGHT = 2
"""Frames that the page may not have drawn yet: one on its way while another is drawn."""

_INFO_SECONDS = 0.5


class Connection:
    """Talks to one page until it goes."""

    def __init__(self, socket: WebSocket, hub: Hub) -> None:
        self._socket, self._hub = socket, hub
        self._news = asyncio.Event()
        self._number = hub.join(self._news)
        self._watch = c.Watch()
        self._budget = Budget(BYTES_PER_SECOND)
        self._answers: deque[e.Event | bytes] = deque()
        self._state: e.State | None = None
        self._revision = 0
        self._sent: deque[tuple[int, float]] = deque()
        self._serial = 0
        self._heavy: Hashable = None
        self._rays_of: Calibration | None = None
        self._next_info = 0.0
        self._explained = b""
        self._captured = 0.0
        self._delays: deque[float] = deque(maxlen=60)

    async def run(self) -> None:
        """Talk until the page has gone, or sent what is no command."""
        sending = asyncio.create_task(self._send_all())
        try:
            await self._receive_all()
        except (WebSocketDisconnect, RuntimeError):
            pass
        finally:
            self._hub.leave(self._number)
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)

    async def _receive_all(self) -> None:
        while True:
            text = await self._socket.receive_text()
            try:
                command = c.decode(text)
            except msgspec.DecodeError as error:
                await self._socket.close(1007, f"not a command: {error}"[:120])
                return
            await self._take(command)
            self._news.set()

    async def _take(self, command: c.Commands) -> None:
        match command:
            case c.Watch():
                self._watch = command
                self._heavy = None
                self._serial = 0
                self._hub.session.watch(self._number, command)
            case c.Seen(serial):
                self._seen(serial)
            case c.ListSources():
                self._answers.append(await self._hub.sources())
            case _:
                try:
                    answer = await self._hub.do(command)
                except BodychanError as error:
                    name = command.__struct_config__.tag
                    answer = e.Failed(
                        command=str(name), subject=subject_of(command), message=_for_page(error)
                    )
                if answer is not None:
                    self._answers.append(answer)

    def _seen(self, serial: int) -> None:
        while self._sent and self._sent[0][0] <= serial:
            _, captured = self._sent.popleft()
            if captured:
                self._delays.append(1000.0 * (time.time() - captured))

    async def _send_all(self) -> None:
        """Send whatever is new: answers, the state, names, then the newest snapshot."""
        await self._tell(self._hub.hello())
        while True:
            self._news.clear()
            while self._answers:
                answer = self._answers.popleft()
                await (self._socket.send_bytes(answer) if isinstance(answer, bytes) else self._tell(answer))
            if self._hub.session.state is not self._state:
                self._state = self._hub.session.state
                await self._tell(self._state)
            await self._send_explanation()
            await self._send_info()
            waiting = await self._send_snapshot()
            await self._pause(0.02 if waiting else _INFO_SECONDS if self._watch.info else 5.0)

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._news.wait(), seconds)
        except TimeoutError:
            return

    async def _send_snapshot(self) -> bool:
        """Send the newest snapshot if the page is ready for it; say whether something has to wait."""
        snapshot = self._hub.session.snapshot
        watch = self._watch
        if snapshot is None or watch == c.Watch(info=watch.info) or len(self._sent) >= _IN_FLIGHT:
            return False
        key = self._hub.heavy(snapshot, watch)
        heavy = key is not None and key != self._heavy
        late = heavy and not self._budget.free
        if snapshot.serial == self._serial and (late or not heavy):
            return late
        # A capture's delay is that of the first frame that shows it.
        first = snapshot.captured != self._captured
        self._sent.append((snapshot.serial, snapshot.captured if first else 0.0))
        self._captured = snapshot.captured
        self._serial = snapshot.serial
        await self._send_names(snapshot)
        heavy = heavy and not late
        message, self._rays_of = await self._hub.encode(snapshot, watch, heavy=heavy, rays_of=self._rays_of)
        if heavy:
            self._heavy = key
            self._budget.spend(len(message))
        await self._socket.send_bytes(message)
        return late

    async def _send_names(self, snapshot: Snapshot) -> None:
        if snapshot.channels is not None and snapshot.revision != self._revision:
            self._revision = snapshot.revision
            await self._tell(e.Names(revision=snapshot.revision, names=snapshot.channels.names))

    async def _send_info(self) -> None:
        if not self._watch.info or time.monotonic() < self._next_info:
            return
        self._next_info = time.monotonic() + _INFO_SECONDS
        values = await self._hub.info()
        page = {"bytes_per_second": self._budget.rate}
        if self._delays:
            page["capture_to_page"] = statistics.median(self._delays)
        await self._tell(e.Info(values=values | {"page": page}))

    async def _send_explanation(self) -> None:
        picture = self._hub.director.explained
        if picture is not self._explained:
            self._explained = picture
            await self._socket.send_bytes(f.pack(f.Frame(serial=0), {"explanation": picture}))

    async def _tell(self, event: e.Event) -> None:
        await self._socket.send_text(e.encode(event))


def _for_page(error: BodychanError) -> str:
    """Return the message of an error, with what is to be done on a page where that differs."""
    return str(error).replace("pass --overwrite", "tick 'Replace the file if it exists'")
