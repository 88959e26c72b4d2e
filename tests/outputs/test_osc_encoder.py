import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pythonosc.osc_bundle import OscBundle
from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
from pythonosc.osc_message_builder import OscMessageBuilder

from bodychan.errors import OutputError
from bodychan.outputs.osc_encoder import MAX_BYTES, Message, OscEncoder, Value

arguments = st.lists(
    st.one_of(
        st.text("abz_/09", max_size=9),
        st.integers(-(2**31), 2**31 - 1),
        st.floats(width=32, allow_nan=False),
        st.sampled_from("fdi").map(lambda kind: Value(0, kind)),
    ),
    max_size=6,
)


def reference(messages: list[Message], value: float) -> bytes:
    bundle = OscBundleBuilder(IMMEDIATELY)
    for message in messages:
        builder = OscMessageBuilder(message.address)
        for argument in message.arguments:
            if isinstance(argument, Value):
                builder.add_arg(round(value) if argument.type == "i" else value, argument.type)
            else:
                builder.add_arg(argument, {str: "s", int: "i", float: "f"}[type(argument)])
        bundle.add_content(builder.build())
    return bundle.build().dgram


@given(st.lists(arguments, min_size=1, max_size=5), st.floats(-1e9, 1e9, width=32))
def test_bytes_equal_those_of_an_independent_encoder(lists: list[list[object]], value: float) -> None:
    messages = [Message(f"/m{i}", tuple(found)) for i, found in enumerate(lists)]  # type: ignore[arg-type]
    assert OscEncoder(messages, 65_000).encode(np.array([value])) == [reference(messages, value)]


def test_bundles_fit_into_one_network_packet_and_hold_every_message_once() -> None:
    messages = [Message(f"/channel/{i}", (Value(i),)) for i in range(2000)]
    bundles = OscEncoder(messages).encode(np.arange(2000.0))
    assert all(len(bundle) <= MAX_BYTES for bundle in bundles)
    found = [(message.address, message.params) for bundle in bundles for message in OscBundle(bundle)]
    assert found == [(f"/channel/{i}", [float(i)]) for i in range(2000)]


def test_values_are_scaled_and_whole_numbers_stay_within_their_range() -> None:
    (bundle,) = OscEncoder([Message("/a", (Value(0, "f", 0.5), Value(0, "i"), Value(1, "i")))]).encode(
        np.array([2.6, 1e12])
    )
    assert next(iter(OscBundle(bundle))).params == [pytest.approx(1.3), 3, 2**31 - 1]


def test_a_message_is_left_out_while_what_it_depends_on_is_0() -> None:
    encoder = OscEncoder([Message("/a", (Value(0),), 0), Message("/b", (Value(1),), 1), Message("/c", ())])
    for values, want in (((1, 1), "/a/b/c"), ((0, 1), "/b/c"), ((1, 0), "/a/c"), ((0, 0), "/c")):
        bundles = encoder.encode(np.array(values, float))
        assert "".join(message.address for bundle in bundles for message in OscBundle(bundle)) == want


def test_a_message_that_no_datagram_carries_is_refused() -> None:
    assert len(OscEncoder([Message("/all", (Value(0),) * 10_000)]).encode(np.ones(1))[0]) > 50_000
    with pytest.raises(OutputError, match=r"20000 values are more than the one message /all can carry"):
        OscEncoder([Message("/all", (Value(0),) * 20_000)])
