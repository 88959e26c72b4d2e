"""Real receivers, on loopback, for what bodychan sends."""

import socket
import threading
from collections.abc import Callable

from pythonosc.dispatcher import Dispatcher
from pythonosc.osc_bundle import OscBundle
from pythonosc.osc_server import BlockingOSCUDPServer

from bodychan import Channels
from bodychan.outputs.osc_encoder import OscEncoder
from bodychan.outputs.osc_layouts import Plan


def decoded(plan: Plan, channels: Channels) -> list[tuple[object, ...]]:
    """What an independent receiver would make of a plan's messages: addresses and arguments."""
    bundles = OscEncoder(plan.messages).encode(plan.values(channels.samples))
    return [(message.address, *message.params) for bundle in bundles for message in OscBundle(bundle)]


def free_port(kind: socket.SocketKind = socket.SOCK_DGRAM) -> int:
    """A port of this machine that nobody listens at."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class OscReceiver:
    """A real OSC receiver on a free port of this machine."""

    def __init__(self) -> None:
        self.messages: list[tuple[str, float]] = []
        dispatcher = Dispatcher()
        dispatcher.set_default_handler(lambda address, *args: self.messages.append((address, args[0])))
        self.server = BlockingOSCUDPServer(("127.0.0.1", 0), dispatcher)
        self.url = f"osc://127.0.0.1:{self.server.server_address[1]}"
        self._thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self._thread.join()
        self.server.server_close()

    def wait_for(self, count: int) -> list[tuple[str, float]]:
        return self.wait_until(lambda: len(self.messages) >= count)

    def wait_until(self, arrived: Callable[[], bool]) -> list[tuple[str, float]]:
        for _ in range(500):
            if arrived():
                break
            threading.Event().wait(0.01)
        return self.messages
