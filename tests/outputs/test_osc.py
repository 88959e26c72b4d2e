import errno
import socket
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pythonosc.osc_bundle import OscBundle
from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
from pythonosc.osc_message_builder import OscMessageBuilder

from bodychan import Channels, open_output, testing
from bodychan.channels.layout import JOINT_GROUPS, Layout
from bodychan.errors import OutputError
from bodychan.outputs.osc import MAX_BYTES, OscEncoder
from receivers import OscReceiver


@pytest.fixture
def receiver() -> Iterator[OscReceiver]:
    one = OscReceiver()
    yield one
    one.close()


def test_a_real_receiver_gets_every_channel_under_its_name(receiver: OscReceiver) -> None:
    names = Layout(2, frozenset(JOINT_GROUPS), imu=True).names
    values = np.random.default_rng(1).standard_normal(len(names))
    values[1] = 9_024_231_234_567
    with open_output(receiver.url) as output:
        output.write(Channels(names, values[:, None], 60.0))
        messages = dict(receiver.wait_for(len(names)))
    assert list(messages) == ["/" + name for name in names]
    assert messages["/timestamp"] == 9_024_231_234_567
    np.testing.assert_allclose(list(messages.values()), values, rtol=1e-7)


def test_it_keeps_to_the_contract(receiver: OscReceiver) -> None:
    def received() -> list[Channels]:
        messages = receiver.wait_for(16)
        frames = [messages[i : i + 4] for i in range(0, len(messages), 4)]
        return [
            Channels(tuple(a.removeprefix("/") for a, _ in f), np.array([[v] for _, v in f]), 30.0)
            for f in frames
        ]

    testing.check_output(lambda: open_output(receiver.url), received)


def reference(names: tuple[str, ...], values: list[float]) -> bytes:
    bundle = OscBundleBuilder(IMMEDIATELY)
    for name, value in zip(names, values, strict=True):
        message = OscMessageBuilder("/" + name)
        kind = OscMessageBuilder.ARG_TYPE_DOUBLE if name == "timestamp" else OscMessageBuilder.ARG_TYPE_FLOAT
        message.add_arg(value, kind)
        bundle.add_content(message.build())
    return bundle.build().dgram


@given(
    st.lists(st.text("abz_:/09", min_size=1, max_size=9), min_size=1, max_size=8, unique=True),
    st.data(),
)
def test_bytes_equal_those_of_an_independent_encoder(names: list[str], data: st.DataObject) -> None:
    names = [*names, "timestamp"]
    values = data.draw(st.lists(st.floats(width=32), min_size=len(names), max_size=len(names)))
    assert OscEncoder(tuple(names)).encode(np.array(values)) == [reference(tuple(names), values)]


def test_bundles_fit_into_one_network_packet_and_hold_every_channel_once() -> None:
    names = Layout(6, frozenset(JOINT_GROUPS)).names
    bundles = OscEncoder(names).encode(np.arange(len(names), dtype=float))
    assert all(len(bundle) <= MAX_BYTES for bundle in bundles)
    addresses = [message.address for bundle in bundles for message in OscBundle(bundle)]
    assert addresses == ["/" + name for name in names]


def test_layouts_may_change_while_sending(receiver: OscReceiver) -> None:
    with open_output(receiver.url) as output:
        output.write(Channels(("a",), np.array([[1.0]]), 60.0))
        output.write(Channels(("b", "c"), np.array([[2.0], [3.0]]), 60.0))
        assert receiver.wait_for(3) == [("/a", 1.0), ("/b", 2.0), ("/c", 3.0)]


def test_nobody_listening_is_no_error() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with open_output(f"osc://127.0.0.1:{port}") as output:
        for _ in range(3):
            output.write(Channels(("a",), np.array([[1.0]]), 60.0))


@pytest.mark.parametrize(
    "url", ["osc://", "osc://127.0.0.1", "osc://:7000", "osc:7000", "osc://localhost:99999"]
)
def test_a_wrong_url_is_refused_with_an_example(url: str) -> None:
    with pytest.raises(OutputError, match=r"write it as osc://127\.0\.0\.1:7000"):
        open_output(url)


def test_a_prefix_comes_before_every_address(receiver: OscReceiver) -> None:
    for suffix in ("/stage", "/stage/"):
        with open_output(receiver.url.replace("osc:", "OSC:") + suffix) as output:
            output.write(Channels(("p1/head:tx",), np.array([[1.0]]), 60.0))
    assert receiver.wait_for(2) == [("/stage/p1/head:tx", 1.0)] * 2


@pytest.mark.parametrize("rest", ["/two words", "/a*", "/ä", "?layout=none", "#x"])
def test_what_is_no_prefix_is_refused(rest: str) -> None:
    with pytest.raises(OutputError, match="what comes after the port must be a prefix such as /stage"):
        open_output(f"osc://127.0.0.1:7000{rest}")


@pytest.mark.parametrize(("family", "address"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")])
def test_localhost_is_reached_at_each_of_its_addresses(
    family: socket.AddressFamily, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket(family, socket.SOCK_DGRAM) as receiver:
        try:
            receiver.bind((address, 0))
        except OSError:
            pytest.skip(f"this machine has no {address}")
        receiver.settimeout(5)
        port = receiver.getsockname()[1]
        found = [
            (socket.AF_INET6, socket.SOCK_DGRAM, 17, "", ("::1", port, 0, 0)),
            (socket.AF_INET, socket.SOCK_DGRAM, 17, "", ("127.0.0.1", port)),
        ]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_options: found)
        with open_output(f"osc://localhost:{port}") as output:
            output.write(Channels(("a",), np.array([[1.0]]), 60.0))
        assert output.lost == 0
        assert b"/a" in receiver.recv(100)


def test_broadcast_is_allowed() -> None:
    with open_output("osc://127.255.255.255:7009") as output:
        output.write(Channels(("a",), np.array([[1.0]]), 60.0))
    assert output.lost == 0


def test_a_network_that_goes_away_is_told_once_and_comes_back(
    receiver: OscReceiver, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "bodychan")
    send = socket.socket.sendto

    class Link(socket.socket):
        away = True

        def sendto(self, *arguments: Any) -> int:
            if Link.away:
                raise OSError(errno.ENETUNREACH, "Network is unreachable")
            return send(self, *arguments)

    monkeypatch.setattr(socket, "socket", Link)
    row = Channels(("a",), np.array([[1.0]]), 60.0)
    with open_output(receiver.url) as output:
        for _ in range(100):
            output.write(row)
        assert output.lost == 100
        Link.away = False
        for _ in range(3):
            output.write(row)
        assert receiver.wait_for(3) == [("/a", 1.0)] * 3
    assert caplog.messages == [
        f"cannot send to {receiver.url}: Network is unreachable; it is tried on and on",
        f"{receiver.url} can be sent to again; 100 messages were lost so far",
    ]


def test_a_receiver_that_reads_nothing_does_not_slow_the_sender() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as full:
        full.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        full.bind(("127.0.0.1", 0))
        row = Channels(tuple(f"c{i}" for i in range(500)), np.ones((500, 1)), 60.0)
        began = time.perf_counter()
        with open_output(f"osc://127.0.0.1:{full.getsockname()[1]}") as output:
            for _ in range(50):
                output.write(row)
        assert time.perf_counter() - began < 1
