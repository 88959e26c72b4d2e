"""How fast channels are sent, whether WebSocket clients lose any, whether outputs hold each other up.

    python benchmarks/streams.py [--clients 20] [--seconds 5]

The clients run in a process of their own, on loopback, and count the frames that reach them.
"""

import argparse
import asyncio
import json
import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Callable
from multiprocessing.connection import Connection

import numpy as np

from bodychan import Channels
from bodychan.apps.outlets import Outlet, Outlets
from bodychan.channels.layout import JOINT_GROUPS, Layout
from bodychan.outputs import avatars, osc_layouts
from bodychan.outputs.base import Output
from bodychan.outputs.osc_encoder import OscEncoder
from bodychan.outputs.osc_layouts import Options
from bodychan.outputs.websocket import HEADER, WebSocketOutput

_FPS = 60


def people(count: int) -> Channels:
    """Give channels of so many players with every group, (C, 1)."""
    layout = Layout(count, frozenset(JOINT_GROUPS))
    values = np.random.default_rng(1).standard_normal((len(layout.names), 1))
    return Channels(layout.names, values, float(_FPS), kinds=layout.kinds)


def median_ms(call: Callable[[], object], rounds: int = 500) -> float:
    """Give the median time of a call."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return 1000 * statistics.median(times)


def osc() -> None:
    """Print how long a frame takes in each layout."""
    plain = Channels(tuple(f"p1/channel{i}:tx" for i in range(500)), np.ones((500, 1)), 60.0)
    one = people(1)
    cases = [("touchdesigner, 500 channels", osc_layouts.touchdesigner, plain)]
    cases += [
        (f"{make.__name__}, one player, every group", make, one)
        for make in (
            osc_layouts.transpose,
            osc_layouts.joint,
            osc_layouts.osceleton,
            avatars.vrchat,
            avatars.vmc,
        )
    ]
    for name, make, channels in cases:
        plan = make(channels, Options("benchmark"))
        encoder, values, samples = OscEncoder(plan.messages), plan.values, channels.samples
        took = median_ms(lambda e=encoder, v=values, s=samples: e.encode(v(s)))  # type: ignore[misc]
        print(f"OSC {name}: {took:.4f} ms")


async def _listen(url: str, frames: int, lags: list[float]) -> int:
    from websockets.asyncio.client import connect

    found = 0
    async with connect(url, compression=None) as client:
        async for message in client:
            if isinstance(message, bytes):
                lags.append(time.time() - HEADER.unpack_from(message)[2] / 1e6)
                found += 1
                if found == frames:
                    break
    return found


def listeners(url: str, clients: int, frames: int, result: Connection) -> None:
    """Connect so many clients and send back how many frames each got, and how late."""

    async def all_of_them() -> tuple[list[int], list[float]]:
        lags: list[float] = []
        work = (asyncio.wait_for(_listen(url, frames, lags), frames / _FPS + 20) for _ in range(clients))
        return [
            one if isinstance(one, int) else 0 for one in await asyncio.gather(*work, return_exceptions=True)
        ], lags

    result.send(asyncio.run(all_of_them()))


def websocket(clients: int, seconds: float) -> None:
    """Send 500 channels at 60 Hz and print what arrived."""
    frames = round(seconds * _FPS)
    here, there = multiprocessing.Pipe()
    names = ("timestamp", *(f"c{i}" for i in range(499)))
    with WebSocketOutput("ws://127.0.0.1:9981") as output:
        process = multiprocessing.get_context("spawn").Process(
            target=listeners, args=(output.target, clients, frames, there)
        )
        process.start()
        while output.clients < clients:
            time.sleep(0.01)
        began, spent = time.perf_counter(), time.process_time()
        for number in range(frames):
            time.sleep(max(0.0, began + number / _FPS - time.perf_counter()))
            values = np.full((500, 1), time.time() * 1e6)
            output.write(Channels(names, values, float(_FPS)))
        spent = (time.process_time() - spent) / (time.perf_counter() - began)
        counts, lags = here.recv()
        process.join()
    lag = [1000 * float(x) for x in np.percentile(lags, (50, 99))]
    print(
        json.dumps(
            {"clients": clients, "frames each": frames, "sent": clients * frames, "arrived": sum(counts)}
        )
    )
    print(f"WebSocket: {lag[0]:.2f} ms median, {lag[1]:.2f} ms p99, {spent:.1%} of a core")


class _Watched(Output):
    """Notes how late every frame comes, and may not come back for some seconds once."""

    newest_only = True

    def __init__(self, name: str, block_seconds: float = 0.0) -> None:
        self.target, self._block = name, block_seconds
        self.late: list[float] = []

    def write(self, channels: Channels) -> None:
        self.late.append(time.perf_counter() - float(channels["time"]))
        if self._block and len(self.late) == 10:
            time.sleep(self._block)

    def close(self) -> None:
        pass


def isolation(seconds: float) -> None:
    """Print how late a frame comes to one output while another does not come back for 5 s."""
    quick, blocked = _Watched("quick"), _Watched("blocked", 5.0)
    outlets = [Outlet(one, background=True) for one in (blocked, quick)]
    began = time.perf_counter()
    for number in range(round(seconds * _FPS)):
        time.sleep(max(0.0, began + number / _FPS - time.perf_counter()))
        for outlet in outlets:
            outlet.write(Channels(("time",), np.array([[time.perf_counter()]]), float(_FPS)))
    for outlet in outlets:
        outlet.finish()
    late = 1000 * max(quick.late)
    print(
        f"isolation: one output blocked for 5 s and lost {outlets[0].lost}; the other lost {outlets[1].lost}"
    )
    print(f"and was at most {late:.1f} ms late; a frame is {1000 / _FPS:.1f} ms")


def everything(seconds: float) -> None:
    """Print what six players with every group cost at 60 Hz, sent to OSC, WebSocket and Parquet."""
    six = people(6)
    with tempfile.TemporaryDirectory() as folder, Outlets([], background=True) as outlets:
        for target in ("osc://127.0.0.1:9982", "ws://127.0.0.1:9983", f"{folder}/six.parquet"):
            outlets.open(target)
        began, spent = time.perf_counter(), time.process_time()
        for number in range(round(seconds * _FPS)):
            time.sleep(max(0.0, began + number / _FPS - time.perf_counter()))
            for outlet in outlets:
                outlet.write(six)
        share = (time.process_time() - spent) / (time.perf_counter() - began)
        losses = [outlet.lost for outlet in outlets]
    print(f"six players, {six.numChans} channels, to OSC, WebSocket and Parquet:")
    print(f"{share:.1%} of a core, lost {losses}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="How fast channels are sent.")
    parser.add_argument("--clients", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=5.0)
    given = parser.parse_args()
    osc()
    websocket(given.clients, given.seconds)
    isolation(given.seconds + 2)
    everything(given.seconds)
