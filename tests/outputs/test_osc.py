import socket
from collections.abc import Iterator

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
        messages = receiver.wait_for(12)
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
