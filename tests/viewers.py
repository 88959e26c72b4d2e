"""A viewer that runs inside the test's process, over scripted cameras."""

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np

from bodychan import Calibration, Capture
from bodychan.model.arrays import frozen
from bodychan.operators.kinect.playback import Playback
from bodychan.viewer.guard import Guard
from bodychan.viewer.serve import Server, listener_at
from bodychan.viewer.session import Session
from bodychan.viewer.start import session_for
from scripted import PERIOD_USEC, scripted_captures


def depth_captures(count: int, calibration: Calibration) -> list[Capture]:
    """Captures with a depth image: a floor, and a wall that comes nearer."""
    lens = calibration.lenses["depth"]
    rows = np.linspace(-0.7, 0.7, lens.height)[:, None]
    floor = np.where(rows > 0.1, 1200.0 / np.maximum(rows, 0.1), 9000.0)
    captures = []
    for capture in scripted_captures(count):
        depth = np.minimum(floor, 4000.0 - 5.0 * capture.index) * np.ones((1, lens.width))
        captures.append(
            Capture(capture.index, depth=frozen(depth.astype(np.uint16)), depth_usec=capture.depth_usec)
        )
    assert captures[-1].depth_usec == 1_000_000 + (count - 1) * PERIOD_USEC
    return captures


def session_in(folder: Path, source: str = "", **parameters: object) -> Session:
    """A session, not started, that reads and writes in a folder."""
    return session_for(source, parameters, Playback(), root=folder)


@contextmanager
def serving(session: Session, port: int = 0, token: str = "") -> Iterator[int]:
    """Serve a session; gives the port."""
    ready = threading.Event()
    with closing(listener_at("127.0.0.1", port)) as listener:
        server = Server(session, Guard("127.0.0.1", token), ready.set)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            assert ready.wait(20)
            yield listener.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join(20)
            assert not thread.is_alive()
