import threading

import pytest

from bodychan.errors import NetworkError
from bodychan.network.link import Address, Link, Mailbox
from networks import free_endpoint, on_machine, two_machines


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("zenoh://", "names no sender"),
        ("zenoh:///a", "names no sender"),
        ("zenoh://a//b", "names no sender"),
        ("zenoh://site/**", r"must name one sender, without \*"),
        ("zenoh://a?conect=tcp/b:1", "options are connect=ENDPOINT and listen=ENDPOINT"),
        ("zenoh://a?connect=", "options are"),
    ],
)
def test_a_url_that_is_none_is_one_clear_line(url: str, message: str) -> None:
    with pytest.raises(NetworkError, match=message) as told:
        Address.of(url)
    assert "zenoh://site/cam1" in str(told.value)
    assert "\n" not in str(told.value)


def test_a_url_has_a_key_and_endpoints() -> None:
    assert Address.of("zenoh://site/cam1") == Address("site/cam1")
    both = "zenoh://a?connect=tcp/b:1&connect=tcp/c:2&listen=tcp/127.0.0.1:3"
    assert Address.of(both) == Address("a", ("tcp/b:1", "tcp/c:2"), ("tcp/127.0.0.1:3",))
    assert Address.of("zenoh://site/*/cam**", pattern=True).key == "site/*/cam**"


def test_a_mailbox_keeps_the_newest_of_every_sender() -> None:
    box = Mailbox()
    assert box.take() == {}
    box.put("a", 1)
    box.put("a", 2)
    box.put("b", 3)
    assert box.take() == {"a": 2, "b": 3}
    threading.Timer(0.05, lambda: box.put("a", 4)).start()
    assert box.take(5.0) == {"a": 4}


def test_what_is_sent_is_heard_and_clocks_are_compared() -> None:
    pytest.importorskip("zenoh", reason="Zenoh is not installed: pip install 'bodychan[network]'")
    endpoint = free_endpoint()
    heard: list[tuple[str, bytes]] = []
    arrived = threading.Event()

    def hear(key: str, data: bytes) -> None:
        if data == b"nonsense":
            raise ValueError("nonsense")
        heard.append((key, data))
        arrived.set()

    with (
        Link(Address("site/cam1", listen=(endpoint,))) as sender,
        Link(Address("site/cam1", connect=(endpoint,))) as receiver,
    ):
        sender.tell_time()
        receiver.hear("bodies", hear)
        for _ in range(200):
            sender.send("bodies", b"nonsense")
            sender.send("bodies", b"data")
            if arrived.wait(0.05):
                break
        assert heard[0] == ("site/cam1", b"data")
        offset = receiver.clock_offset()
        assert offset is not None
        # It is the same clock.
        assert abs(offset.seconds) <= offset.round_trip
        sender.close()
        sender.close()


def test_an_endpoint_that_cannot_be_listened_at_is_one_clear_line() -> None:
    pytest.importorskip("zenoh", reason="Zenoh is not installed: pip install 'bodychan[network]'")
    with pytest.raises(NetworkError, match="zenoh://a cannot be opened") as told:
        Link(Address("a", listen=("tcp/nonsense",)))
    assert "\n" not in str(told.value)


SENDER = """
import time
from bodychan.network.link import Address, Link
with Link(Address("site/cam1")) as link:
    link.tell_time()
    until = time.monotonic() + 60
    while time.monotonic() < until:
        link.send("bodies", b"data")
        time.sleep(0.05)
"""
RECEIVER = """
import threading
from bodychan.network.link import Address, Link
heard = threading.Event()
with Link(Address.of("zenoh://site/**", pattern=True)) as link:
    link.hear("bodies", lambda key, data: heard.set())
    print("heard" if heard.wait(40) else "nothing")
"""


@pytest.mark.timeout(180)
def test_machines_of_one_network_find_each_other() -> None:
    """No endpoint is named: they are found by multicast, in namespaces that share nothing but a cable."""
    pytest.importorskip("zenoh", reason="Zenoh is not installed: pip install 'bodychan[network]'")
    with two_machines() as (one, other):
        sender, receiver = on_machine(one, SENDER), on_machine(other, RECEIVER)
        try:
            said, error = receiver.communicate(timeout=150)
        finally:
            for process in (sender, receiver):
                process.kill()
                process.communicate()
    assert said.strip() == "heard", error
