import errno
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import skeletons
from bodychan import Channels, open_output, testing
from bodychan.channels.layout import JOINT_GROUPS, Layout
from bodychan.errors import OutputError
from bodychan.outputs.osc import OscOutput
from receivers import OscReceiver, free_port


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


@pytest.mark.parametrize("rest", ["/two words", "/a*", "/ä", "/a#x"])
def test_what_is_no_prefix_is_refused(rest: str) -> None:
    with pytest.raises(OutputError, match="is no OSC address: it begins with /"):
        open_output(f"osc://127.0.0.1:7000{rest}")


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("layout=joints", "there is no layout 'joints': did you mean 'joint'"),
        ("layot=joint", "there is no option 'layot': did you mean 'layout'"),
        ("timestamp=long", "there is no timestamp 'long'"),
        ("maxbytes=70000", "'maxbytes' is a whole number from 64 to 65507, not '70000'"),
        ("player=first", "'player' is a whole number from 1 to 64, not 'first'"),
        ("template=skel", "a template begins with its address, such as /skel/{player}/{joint} {x} {y} {z}"),
        ("template=/a {confidenc}", "no field '{confidenc}': did you mean 'confidence'?"),
        ("template=/a {x}&layout=joint", "leave out 'layout'"),
    ],
)
def test_a_wrong_option_is_told_when_it_is_opened(query: str, message: str) -> None:
    with pytest.raises(OutputError, match=re.escape(message)):
        open_output(f"osc://127.0.0.1:7000?{query}")


@pytest.mark.parametrize(
    ("query", "groups"),
    [
        ("layout=touchdesigner", set()),
        ("layout=vmc", {"worldspace", "absbonerotations"}),
        ("template=/{joint} {x} {confidence} {player}&template=/{frame}", {"worldspace", "confidence"}),
    ],
)
def test_it_says_which_channels_it_needs(query: str, groups: set[str]) -> None:
    with open_output(f"osc://127.0.0.1:7000?{query}") as output:
        assert output.groups == groups


def test_an_unknown_host_is_told() -> None:
    with pytest.raises(OutputError, match=r"the host 'nowhere\.invalid' is not known"):
        open_output("osc://nowhere.invalid:7000")


def test_people_who_come_and_go_are_told_to_osceletons_receivers(receiver: OscReceiver) -> None:
    with open_output(f"{receiver.url}?layout=osceleton") as output:
        for user in (4, 4, 0):
            output.write(skeletons.row(1, ("worldspace",), {"p1/id": user}))
    addresses = [address for address, _ in receiver.wait_for(2 + 2 * 23 + 1)]
    assert addresses == ["/new_user", "/new_skel", *["/joint"] * 46, "/lost_user"]


def test_everybody_in_a_multicast_group_receives() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as member:
        member.bind(("", 0))
        group = socket.inet_aton("239.255.7.7") + socket.inet_aton("127.0.0.1")
        try:
            member.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, group)
        except OSError as error:
            pytest.skip(f"this machine has no multicast: {error}")
        member.settimeout(2)
        link = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        output = OscOutput(
            f"osc://239.255.7.7:{member.getsockname()[1]}", lambda *_: OnLoopback(link, member)
        )
        with output:
            output.write(Channels(("a",), np.array([[1.0]]), 60.0))
        assert output.lost == 0
        assert b"/a" in member.recv(100)


class OnLoopback:
    """Sends to the group through the loopback interface: tests do not go out of the machine."""

    def __init__(self, link: socket.socket, member: socket.socket) -> None:
        self._link, self._port = link, member.getsockname()[1]
        link.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1"))

    def send(self, packets: list[bytes]) -> str | None:
        for packet in packets:
            self._link.sendto(packet, ("239.255.7.7", self._port))
        return None

    def close(self) -> None:
        self._link.close()


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


PATCH = """#N canvas 0 0 450 300 12;
#X obj 10 10 netreceive -u -b {port};
#X obj 10 40 oscparse;
#X obj 10 70 print osc;
#X connect 0 0 1 0;
#X connect 1 0 2 0;
"""


def wait_for(path: Path, texts: list[str], write: Callable[[], None]) -> str:
    """Write until a receiver has written these texts."""
    for _ in range(200):
        write()
        time.sleep(0.05)
        found = path.read_text()
        if all(text in found for text in texts):
            return found
    raise AssertionError(f"{texts} not in {found[-2000:]}")


def test_pure_data_understands_it(tmp_path: Path) -> None:
    if shutil.which("pd") is None:
        pytest.skip("needs Pure Data: apt-get install puredata-core")
    port = free_port()
    (tmp_path / "in.pd").write_text(PATCH.format(port=port))
    command = ["pd", "-nogui", "-noaudio", "-nomidi", "-stderr", str(tmp_path / "in.pd")]
    row = skeletons.row(1, ("worldspace",), {"p1/head:ty": 1.5, "timestamp": 2_000_000})
    url = f"osc://127.0.0.1:{port}?timestamp="
    with (tmp_path / "log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as pd:
        try:
            with open_output(url + "float") as seconds, open_output(url + "int&layout=joint") as whole:
                texts = [
                    "osc: list timestamp 2\n",
                    "osc: list timestamp 2000\n",
                    "osc: list p1 head:ty 1.5\n",
                    "osc: list p1 head 0 1.5 0\n",
                ]
                wait_for(tmp_path / "log", texts, lambda: (seconds.write(row), whole.write(row))[0])
        finally:
            pd.kill()


def test_liblo_understands_it(tmp_path: Path) -> None:
    if shutil.which("oscdump") is None:
        pytest.skip("needs liblo's oscdump: apt-get install liblo-tools")
    port = free_port()
    with (
        (tmp_path / "log").open("wb") as log,
        subprocess.Popen(["oscdump", "-L", str(port)], stdout=log) as dump,
    ):
        try:
            url = (
                f"osc://127.0.0.1:{port}?template=/skel/{{player}}/{{joint}} {{x}} {{y}} {{z}} {{confidence}}"
            )
            row = skeletons.row(
                1, values={"p1/head:ty": 1.5, "p1/head:confidence": 2, "timestamp": 9_024_231_234_567}
            )
            with open_output(url) as own, open_output(f"osc://127.0.0.1:{port}/stage") as plain:
                texts = [
                    "/skel/1/head ffff 0.000000 1.500000 0.000000 2.000000",
                    "/stage/timestamp d 9024231234567.000000",
                ]
                wait_for(tmp_path / "log", texts, lambda: (own.write(row), plain.write(row))[0])
        finally:
            dump.kill()
