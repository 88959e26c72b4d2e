import socket
import threading
from collections.abc import Iterator

import numpy as np
import pytest
from pythonosc.dispatcher import Dispatcher
from pythonosc.osc_tcp_server import BlockingOSCTCPServer

from bodychan import Channels, open_output
from bodychan.errors import OutputError
from bodychan.outputs.osc_tcp import slip
from receivers import free_port

ROW = Channels(("timestamp", "p1/head:ty"), np.array([[9_024_231_234_567.0], [1.5]]), 60.0)


@pytest.fixture
def received() -> Iterator[tuple[int, list[tuple[str, float]]]]:
    found: list[tuple[str, float]] = []
    dispatcher = Dispatcher()
    dispatcher.set_default_handler(lambda address, *args: found.append((address, args[0])))
    server = BlockingOSCTCPServer(("127.0.0.1", 0), dispatcher, mode="1.1")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server.server_address[1], found
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_real_receiver_gets_every_channel(received: tuple[int, list[tuple[str, float]]]) -> None:
    port, found = received
    with open_output(f"osc+tcp://127.0.0.1:{port}/stage") as output:
        for _ in range(3):
            output.write(ROW)
        for _ in range(200):
            if len(found) == 6:
                break
            threading.Event().wait(0.01)
    assert found == [("/stage/timestamp", 9_024_231_234_567.0), ("/stage/p1/head:ty", 1.5)] * 3
    assert output.lost == 0


def test_frames_hide_their_own_marks() -> None:
    assert slip(b"a\xc0b\xdbc\xdb\xdc") == b"\xc0a\xdb\xdcb\xdb\xddc\xdb\xdd\xdc\xc0"


def test_a_receiver_that_comes_late_or_goes_is_found_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "bodychan")
    monkeypatch.setattr("bodychan.outputs.osc_tcp._RETRY_SECONDS", 0.0)
    port = free_port(socket.SOCK_STREAM)
    with open_output(f"osc+tcp://127.0.0.1:{port}") as output:
        for _ in range(5):
            output.write(ROW)
        assert output.lost == 5
        with socket.create_server(("127.0.0.1", port)) as server:
            output.write(ROW)
            link, _ = server.accept()
            assert link.recv(1000).startswith(b"\xc0#bundle")
            assert output.lost == 5
            link.close()
        for _ in range(20):
            output.write(ROW)
        assert output.lost > 15
    assert [message.split(": ", 1)[-1] for message in caplog.messages][:2] == [
        "Connection refused; it is tried on and on",
        f"osc+tcp://127.0.0.1:{port} can be sent to again; 5 messages were lost so far",
    ]


def test_a_receiver_that_reads_nothing_is_given_up_and_does_not_hold_the_sender() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        wide = Channels(tuple(f"c{i}" for i in range(3000)), np.ones((3000, 1)), 60.0)
        with open_output(f"osc+tcp://127.0.0.1:{server.getsockname()[1]}") as output:
            for _ in range(400):
                output.write(wide)
                if output.lost:
                    break
        assert output.lost == 1


def test_an_unknown_host_is_told() -> None:
    with pytest.raises(OutputError, match=r"the host 'nowhere\.invalid' is not known"):
        open_output("osc+tcp://nowhere.invalid:7000")
