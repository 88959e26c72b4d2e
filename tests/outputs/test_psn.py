"""The decoder here is our own, written from the specification; pypsn, where it is installed, is not."""

import socket
import struct
from collections.abc import Iterator

import numpy as np
import pytest

from bodychan import Channels, open_output
from bodychan.errors import OutputError
from bodychan.outputs.psn import Tracker, data_packets, info_packets
from skeletons import row, t_pose

Tree = dict[int, "bytes | Tree"]


def chunks(data: bytes) -> Tree:
    found: Tree = {}
    while data:
        (word,) = struct.unpack_from("<I", data)
        number, length, nested = word & 0xFFFF, word >> 16 & 0x7FFF, word >> 31
        inside = data[4 : 4 + length]
        assert len(inside) == length
        found[number] = chunks(inside) if nested else inside
        data = data[4 + length :]
    return found


def trackers(packet: bytes) -> tuple[tuple[int, ...], dict[int, dict[int, tuple[float, ...]]]]:
    """Give a data packet's header, and every tracker's fields."""
    body = chunks(packet)[0x6755]
    assert isinstance(body, dict)
    header, entries = body[0], body.get(1, {})
    assert isinstance(header, bytes)
    assert isinstance(entries, dict)
    found = {}
    for number, fields in entries.items():
        assert isinstance(fields, dict)
        found[number] = {
            key: struct.unpack({4: "<f", 8: "<Q", 12: "<3f"}[len(value)], value)
            for key, value in fields.items()
            if isinstance(value, bytes)
        }
    return struct.unpack("<QBBBB", header), found


@pytest.fixture
def receiver() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.bind(("127.0.0.1", 0))
        one.settimeout(5)
        yield one


def test_a_frame_has_a_header_and_every_tracker_with_its_fields() -> None:
    vectors = [np.array(v, float) for v in ((1, 2, 3), (0.5, 0, 0), (0, 1.5, 0))]
    (packet,) = data_packets([Tracker(1, *vectors), Tracker(2)], 5_000_000, 77, 258)
    header, found = trackers(packet)
    assert header == (5_000_000, 2, 0, 2, 1)
    assert found[1] == {0: (1, 2, 3), 1: (0.5, 0, 0), 2: (0, 1.5, 0), 3: (1.0,), 6: (77,)}
    assert found[2] == {3: (0.0,), 6: (77,)}


def test_frames_that_are_too_long_are_shared_out_over_packets() -> None:
    many = [Tracker(number, *[np.ones(3)] * 3) for number in range(1, 61)]
    packets = data_packets(many, 0, 0, 9)
    assert all(len(packet) <= 1500 for packet in packets)
    assert {trackers(packet)[0][3:] for packet in packets} == {(9, len(packets))}
    assert [number for packet in packets for number in trackers(packet)[1]] == list(range(1, 61))


def test_people_are_trackers_with_place_speed_and_turn(receiver: socket.socket) -> None:
    with open_output(f"psn://127.0.0.1:{receiver.getsockname()[1]}") as output:
        pose = t_pose((0.0, 0.0, 2.0))
        output.write(pose)
        _, found = trackers(receiver.recv(2000))
        info = chunks(receiver.recv(2000))[0x6756]
        assert isinstance(info, dict)
        assert info[1] == b"bodychan"
        assert info[2] == {1: {0: b"p1"}}
        assert list(found[1][0]) == [0, 0, 2]
        assert list(found[1][1]) == [0, 0, 0]
        np.testing.assert_allclose(found[1][2], 0, atol=1e-3)
        moved = t_pose((0.1, 0.0, 2.0)).samples.copy()
        moved[1] += 100_000
        for _ in range(2):  # the same capture again has the same speed
            output.write(Channels(pose.names, moved, 60.0, kinds=pose.kinds))
            np.testing.assert_allclose(trackers(receiver.recv(2000))[1][1][1], (1, 0, 0), rtol=1e-5)


def test_who_is_not_there_is_not_valid_and_who_comes_has_no_speed(receiver: socket.socket) -> None:
    with open_output(f"psn://127.0.0.1:{receiver.getsockname()[1]}?joint=head") as output:
        for number, (user, place) in enumerate(((4, 1.0), (0, 0.0), (5, 9.0))):
            values = {"p1/id": user, "p1/head:tx": place, "timestamp": 1000.0 * number}
            output.write(row(1, ("worldspace",), values))
            _, found = trackers(receiver.recv(2000))
            if number == 0:
                receiver.recv(2000)
            assert found[1][3] == (float(user != 0),)
            if user:
                assert list(found[1][0]) == [place, 0, 0]
                assert list(found[1][1]) == [0, 0, 0]


def test_an_independent_decoder_reads_the_same() -> None:
    pypsn = pytest.importorskip("pypsn")
    vectors = [np.array(v, float) for v in ((1, 2, 3), (0.5, 0, 0), (0, 1.5, 0))]
    (packet,) = data_packets([Tracker(7, *vectors)], 1, 2, 3)
    (tracker,) = pypsn.parse_psn_packet(packet).trackers
    assert (tracker.id, tracker.pos.x, tracker.pos.z, tracker.speed.x, tracker.ori.y) == (7, 1, 3, 0.5, 1.5)
    info = pypsn.parse_psn_packet(info_packets([7], 1, 3)[0])
    assert (info.trackers[0].tracker_id, info.trackers[0].tracker_name) == (7, b"p7")


def test_what_is_wrong_is_told() -> None:
    with pytest.raises(OutputError, match="there is no joint 'hed': did you mean 'head'"):
        open_output("psn://127.0.0.1?joint=hed")
    with pytest.raises(OutputError, match="what comes after the port has no meaning"):
        open_output("psn://127.0.0.1/x")
    with open_output("psn://127.0.0.1") as output:
        with pytest.raises(OutputError, match="there are no people among these channels"):
            output.write(Channels(("a",), np.ones((1, 1)), 60.0))
        with pytest.raises(OutputError, match="player 1's pelvis lacks the channels of 'worldspace'"):
            output.write(row(1, ("confidence",)))
