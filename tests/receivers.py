"""Real receivers, on loopback, for what bodychan sends."""

import threading
from collections.abc import Callable

from pythonosc.dispatcher import Dispatcher
from pythonosc.osc_server import BlockingOSCUDPServer


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
