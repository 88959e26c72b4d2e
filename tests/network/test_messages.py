from dataclasses import replace

import msgspec
import numpy as np
import pytest

from bodychan.network.messages import (
    BodiesMessage,
    CameraMessage,
    ChannelsMessage,
    bodies_message,
    bodies_of,
    decode,
    encode,
    samples_of,
)
from scripted import standing


@pytest.mark.parametrize("ids", [[], [3], [7, 2]])
def test_bodies_arrive_as_they_were(ids: list[int]) -> None:
    bodies = standing(ids, 5, 123_456_789)
    again = bodies_of(decode(encode(bodies_message(bodies)), BodiesMessage))
    assert (again.frame, again.device_usec) == (5, 123_456_789)
    for name in ("ids", "positions", "orientations", "confidence"):
        np.testing.assert_array_equal(getattr(again, name), getattr(bodies, name))
    assert again.errors_mm is None


def test_errors_to_expect_travel_too_and_a_sender_that_knows_none_is_understood() -> None:
    errors = np.linspace(5.0, 80.0, 64).reshape(2, 32)
    message = bodies_message(replace(standing([7, 2]), errors_mm=errors))
    np.testing.assert_array_equal(bodies_of(decode(encode(message), BodiesMessage)).errors_mm, errors)
    fields = msgspec.msgpack.decode(encode(message))
    del fields["errors_mm"]
    assert bodies_of(decode(msgspec.msgpack.encode(fields), BodiesMessage)).errors_mm is None


def test_samples_arrive_as_they_were() -> None:
    samples = np.arange(6.0).reshape(3, 2)
    message = decode(
        encode(ChannelsMessage(1, 0.0, 60.0, samples.tobytes(), ("a", "b", "c"))), ChannelsMessage
    )
    np.testing.assert_array_equal(samples_of(message, 3), samples)
    assert message.names == ("a", "b", "c")
    with pytest.raises(ValueError, match="reshape"):
        samples_of(message, 4)


@pytest.mark.parametrize("data", [b"", b"\xff", b"nonsense", encode(bodies_message(standing([1])))[:-9]])
def test_what_is_no_message_is_refused(data: bytes) -> None:
    for kind in (BodiesMessage, CameraMessage, ChannelsMessage):
        with pytest.raises(ValueError, match=f"no {kind.__name__}"):
            decode(data, kind)


def test_other_formats_and_impossible_bodies_are_refused() -> None:
    message = bodies_message(standing([1]))
    with pytest.raises(ValueError, match="format 2, and this version of bodychan reads 1"):
        decode(encode(msgspec.structs.replace(message, format=2)), BodiesMessage)
    with pytest.raises(ValueError, match="ids"):
        bodies_of(msgspec.structs.replace(message, ids=[0]))
    with pytest.raises(ValueError, match="reshape"):
        bodies_of(msgspec.structs.replace(message, ids=[1, 2]))
