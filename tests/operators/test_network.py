import threading

import numpy as np
import pytest

from bodychan import NetworkCHOP, Project
from bodychan.channels.channels import Channels
from bodychan.operators import network
from bodychan.outputs.zenoh import ZenohOutput
from networks import free_endpoint

pytest.importorskip("zenoh", reason="Zenoh is not installed: pip install 'bodychan[network]'")


def channels(value: float) -> Channels:
    return Channels(("frame", "p1/head:tx"), np.array([[value], [value / 2]]), 60)


def test_the_channels_of_all_senders_come_with_their_keys_before_them() -> None:
    first, second = free_endpoint(), free_endpoint()
    with (
        Project() as project,
        ZenohOutput(f"zenoh://site/cam1?listen={first}") as one,
        ZenohOutput(f"zenoh://site/hall/cam2?listen={second}") as other,
    ):
        chop = project.create(
            NetworkCHOP, "channels", address=f"zenoh://site/**?connect={first}&connect={second}"
        )
        for step in range(300):
            one.write(channels(2.0))
            # The second one comes late.
            if step > 20:
                other.write(channels(8.0))
            project.step()
            if chop.numChans == 4:
                break
            threading.Event().wait(0.01)
        assert [channel.name for channel in chop.chans()] == [
            "cam1/frame",
            "cam1/p1/head:tx",
            "hall/cam2/frame",
            "hall/cam2/p1/head:tx",
        ]
        assert (chop["cam1/p1/head:tx"], chop["hall/cam2/frame"]) == (1.0, 8.0)
        # Who has gone keeps the last values.
        other.close()
        one.write(channels(4.0))
        project.step()
        assert chop["hall/cam2/frame"] == 8.0


def test_all_who_send_at_the_start_are_there_at_once() -> None:
    endpoints = [free_endpoint() for _ in range(3)]
    stop = threading.Event()

    def send(number: int) -> None:
        with ZenohOutput(f"zenoh://site/cam{number}?listen={endpoints[number]}") as output:
            while not stop.wait(0.02):
                output.write(channels(float(number)))

    threads = [threading.Thread(target=send, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    try:
        with Project() as project:
            others = "&".join(f"connect={endpoint}" for endpoint in endpoints)
            chop = project.create(NetworkCHOP, "channels", address=f"zenoh://site/**?{others}")
            assert chop.numChans == 6
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def test_nobody_there_and_no_address_are_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "_PATIENCE_SECONDS", 0.05)
    with Project() as project:
        chop = project.create(NetworkCHOP, "channels", address=f"zenoh://a/**?connect={free_endpoint()}")
        project.step()
        assert chop.numChans == 0
        assert "nobody sends zenoh://a/**" in chop.errors()
        chop.par.address = ""
        project.step()
        assert chop.numChans == 0
        assert "names no sender" in chop.errors()
