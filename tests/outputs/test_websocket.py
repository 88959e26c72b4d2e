import json
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from websockets.sync.client import connect

from bodychan import Channels, open_output, testing
from bodychan.errors import OutputError
from bodychan.outputs.websocket import HEADER, WebSocketOutput, frame, names_message
from receivers import free_port
from skeletons import row


@pytest.fixture
def output() -> Iterator[WebSocketOutput]:
    with WebSocketOutput(f"ws://127.0.0.1:{free_port()}") as one:
        yield one


def decoded(message: bytes | str) -> tuple[int, int, int, np.ndarray]:
    assert isinstance(message, bytes)
    return *HEADER.unpack_from(message), np.frombuffer(message, "<f4", offset=HEADER.size)


def until(arrived: object) -> None:
    for _ in range(500):
        if arrived():  # type: ignore[operator]
            return
        time.sleep(0.01)
    raise AssertionError("nothing came within 5 s")


def test_the_bytes_are_those_of_the_documentation() -> None:
    values = np.array([1.0, -0.5])
    assert frame(3, 7, 2_000_000, values).hex() == "030000000700000080841e00000000000000803f000000bf"
    told = json.loads(names_message(3, row(1, ("worldspace",))))
    assert (told["bodychan"], told["set"], told["rate"]) == (1, 3, 60.0)
    assert told["names"][3], told["units"][3] == ("p1/pelvis:tx", "m")


def test_names_come_once_then_every_frame_and_again_when_the_channels_change(output: WebSocketOutput) -> None:
    with connect(output.target) as client:
        until(lambda: output.clients)
        output.write(Channels(("timestamp", "a"), np.array([[9_024_231_234_567.0], [1.5]]), 60.0))
        output.write(Channels(("timestamp", "a"), np.array([[0.0], [2.5]]), 60.0))
        assert json.loads(client.recv(5))["names"] == ["timestamp", "a"]
        number, count, usec, values = decoded(client.recv(5))
        assert (number, count, usec, values[1]) == (1, 1, 9_024_231_234_567, 1.5)
        assert decoded(client.recv(5))[3][1] == 2.5
        output.write(Channels(("b",), np.array([[3.5]]), 60.0))
        assert json.loads(client.recv(5))["set"] == 2
        assert decoded(client.recv(5))[:3] == (2, 3, 0)


def test_who_comes_late_gets_the_names_and_the_last_frame(output: WebSocketOutput) -> None:
    for value in range(20):
        output.write(Channels(("a",), np.array([[float(value)]]), 60.0))
    with connect(output.target) as client:
        assert json.loads(client.recv(5))["names"] == ["a"]
        assert decoded(client.recv(5))[3] == [19.0]


def test_it_keeps_to_the_contract() -> None:
    port = free_port()
    found: list[Channels] = []
    ready, threads = threading.Event(), []

    def read() -> None:
        names: list[str] = []
        with connect(f"ws://127.0.0.1:{port}") as client:
            for message in client:
                if isinstance(message, str):
                    names = json.loads(message)["names"]
                    ready.set()
                else:
                    *_, usec, values = decoded(message)
                    column = values.astype(float)
                    column[names.index("timestamp")] = usec
                    found.append(Channels(tuple(names), column[:, None].copy(), 30.0))

    def open_one() -> WebSocketOutput:
        one = WebSocketOutput(f"ws://127.0.0.1:{port}")
        threads.append(threading.Thread(target=read))
        threads[-1].start()
        until(lambda: one.clients)
        return one

    def received() -> list[Channels]:
        threads[-1].join(5)
        return found

    testing.check_output(open_one, received)


def test_a_client_that_does_not_read_gets_the_newest_and_holds_up_nobody(output: WebSocketOutput) -> None:
    names = tuple(f"c{i}" for i in range(5000))
    wide = [Channels(names, np.full((5000, 1), float(value)), 60.0) for value in range(400)]
    with connect(output.target, max_queue=1) as slow:
        until(lambda: output.clients)
        began = time.perf_counter()
        for channels in wide:
            output.write(channels)
            time.sleep(0.001)
        assert time.perf_counter() - began < 5
        counts: list[int] = []
        slow.recv(5)
        while not counts or counts[-1] < len(wide):
            counts.append(decoded(slow.recv(5))[1])
    assert counts == sorted(set(counts))
    assert len(counts) < len(wide)


def test_clients_may_go_and_say_what_they_want(output: WebSocketOutput) -> None:
    for _ in range(3):
        with connect(output.target) as client:
            client.send("hello")
            until(lambda: output.clients)
        output.write(Channels(("a",), np.ones((1, 1)), 60.0))
    until(lambda: not output.clients)


def test_a_port_in_use_and_wrong_urls_are_told(output: WebSocketOutput) -> None:
    with pytest.raises(OutputError, match="there: Address already in use; choose another port"):
        open_output(output.target)
    with pytest.raises(OutputError, match="lacks its host or port: write it as ws://"):
        open_output("ws://127.0.0.1")
    with pytest.raises(OutputError, match="nothing but the port"):
        open_output("ws://127.0.0.1:9980/x")


PAGE = Path(__file__).parents[2] / "examples" / "channels.html"
NODE = """
const fs = require("fs");
const script = fs.readFileSync(process.argv[1], "utf8").match(/<script>([^]*)<\\/script>/)[1];
const show = (text) => { if (text.includes("head:ty")) { console.log(text); process.exit(0); } };
const out = { set textContent(text) { show(text); } };
globalThis.document = { getElementById: () => out };
new Function(script.replaceAll("9980", process.argv[2]))();
"""


def test_the_example_page_shows_the_channels(output: WebSocketOutput) -> None:
    """Its script runs in Node, whose WebSocket is that of browsers."""
    node = shutil.which("node") or ""
    flags = ["--no-warnings", "--experimental-websocket"]  # from 22 on it is there without
    probe = [node, *flags, "-e", "process.exit(typeof WebSocket === 'function' ? 0 : 1)"]
    if not node or subprocess.run(probe, capture_output=True).returncode:
        pytest.skip("needs Node 20.10 or later: its WebSocket")
    assert len(PAGE.read_text().splitlines()) <= 30
    output.write(row(1, ("worldspace",), {"p1/head:ty": 1.5, "timestamp": 2_000_000}))
    command = [node, *flags, "-e", NODE, str(PAGE), output.target.rpartition(":")[2]]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
    lines = dict(line.rsplit(maxsplit=1) for line in done.stdout.splitlines()[1:])
    assert done.stdout.startswith("frame 1, 2.000 s\n")
    assert lines["p1/head:ty"] == "1.500"
