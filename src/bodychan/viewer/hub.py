"""Where the session's thread and the server's loop meet."""

import asyncio
from collections.abc import Hashable
from concurrent.futures import ThreadPoolExecutor

import bodychan
from bodychan.model.skeleton import PARENTS, Joint
from bodychan.operators.catalog import KINDS
from bodychan.operators.kinect.tables import IMAGES
from bodychan.optics.calibration import Calibration
from bodychan.viewer.commands import Commands, Watch
from bodychan.viewer.director import Director
from bodychan.viewer.encoder import Encoder
from bodychan.viewer.events import Event, Hello, JointRow, Sources
from bodychan.viewer.forms import FORMS, settings_of
from bodychan.viewer.session import Session
from bodychan.viewer.snapshot import Snapshot
from bodychan.viewer.sources import found


class Hub:
    """Passes news of the session on to the connections, and their commands to the session."""

    def __init__(self, session: Session, director: Director) -> None:
        self.session = session
        self.director = director
        self._encoder = Encoder()
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="bodychan-viewer-encoder")
        self._events: dict[int, asyncio.Event] = {}
        self._numbered = 0

    def __len__(self) -> int:
        return len(self._events)

    def bind(self, loop: asyncio.AbstractEventLoop) -> None:
        """Wake the connections, which live on a loop, whenever the session has news."""

        def news() -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(self._wake)

        self.session.on_news = news

    def _wake(self) -> None:
        for event in self._events.values():
            event.set()

    def join(self, event: asyncio.Event) -> int:
        """Take a connection in; `event` is set whenever there is news. Returns its number."""
        self._numbered += 1
        self._events[self._numbered] = event
        return self._numbered

    def leave(self, number: int) -> None:
        """Let a connection go."""
        self._events.pop(number, None)
        self.session.watch(number, None)

    def hello(self) -> Hello:
        """Return what does not change."""
        return Hello(
            version=bodychan.__version__,
            folder=str(self.session.folder.root),
            joints=tuple(JointRow(joint.channel, PARENTS[joint]) for joint in Joint),
            images=IMAGES,
            settings={name: settings_of(kind) for name, kind in KINDS.items()},
            forms=FORMS,
        )

    async def do(self, command: Commands) -> Event | None:
        """Carry out a command on the session's thread.

        Raises:
            BodychanError: it cannot be done.
        """
        return await asyncio.wrap_future(self.session.call(lambda: self.director.do(command)))

    async def sources(self) -> Sources:
        """Look for what there is to open."""
        return await asyncio.to_thread(found, self.session.folder)

    async def info(self) -> dict[str, dict[str, float]]:
        """Return the Info channels by operator."""
        return await asyncio.wrap_future(self.session.call(self.session.info))

    def heavy(self, snapshot: Snapshot, watch: Watch) -> Hashable:
        """See `Encoder.heavy`."""
        return self._encoder.heavy(snapshot, watch)

    async def encode(
        self, snapshot: Snapshot, watch: Watch, *, heavy: bool, rays_of: Calibration | None
    ) -> tuple[bytes, Calibration | None]:
        """See `Encoder.encode`."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(
            self._worker, lambda: self._encoder.encode(snapshot, watch, heavy=heavy, rays_of=rays_of)
        )
