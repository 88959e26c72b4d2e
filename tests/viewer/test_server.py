import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from bodychan import Calibration
from scripted import ScriptedCamera, ScriptedTracker, install
from viewers import depth_captures, serving, session_in

Event = dict[str, Any]
"""What the server said, from JSON."""


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch, calibration: Calibration, tmp_path: Path) -> Iterator[int]:
    captures = depth_captures(90, calibration)
    install(
        monkeypatch, lambda: ScriptedCamera(calibration, captures), lambda: ScriptedTracker(lambda _: [1])
    )
    with serving(session_in(tmp_path)) as port:
        yield port


def get(port: int, path: str = "/", **headers: str) -> tuple[int, dict[str, str], str]:
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, dict(answer.headers), answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, dict(error.headers), error.read().decode()


def page(port: int, query: str = "", **headers: str) -> ClientConnection:
    origin = headers.pop("Origin", f"http://127.0.0.1:{port}")
    return connect(
        f"ws://127.0.0.1:{port}/ws{query}", additional_headers={"Origin": origin, **headers}, max_size=None
    )


def send(socket: ClientConnection, **command: object) -> None:
    socket.send(json.dumps(command))


def told(socket: ClientConnection, kind: str, **facts: object) -> Event:
    """Wait until the server says something of a kind in which some facts are so."""
    for _ in range(2000):
        text = socket.recv(20)
        if isinstance(text, str):
            event: Event = json.loads(text)
            if event["tell"] == kind and all(event[name] == value for name, value in facts.items()):
                return event
    raise AssertionError(f"never told {kind} {facts}")


def moment(socket: ClientConnection) -> tuple[Event, bytes]:
    """Wait for a binary message: its header and its parts."""
    while isinstance(data := socket.recv(20), str):
        continue
    length = int.from_bytes(data[:4], "little")
    return json.loads(data[4 : 4 + length]), data[4 + length :]


# What is served


def test_the_page_is_served_with_headers_that_keep_it_to_itself(port: int) -> None:
    for path in ("/", "/app.js", "/app.css", "/icon.svg"):
        status, headers, _ = get(port, path)
        assert status == 200
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "*" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert "access-control-allow-origin" not in headers
    assert '<script type="module" src="app.js">' in get(port)[2]


@pytest.mark.parametrize("path", ["/index.html", "/build.json", "/../server.py", "/%2e%2e/server.py", "/ws"])
def test_nothing_else_is_served(port: int, path: str) -> None:
    assert get(port, path)[0] == 404


# Who may talk to it


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "192.168.1.2"])
def test_another_name_for_this_machine_gets_nothing(port: int, host: str) -> None:
    status, _, text = get(port, Host=host)
    assert status == 403
    assert "script" not in text
    with pytest.raises(InvalidStatus) as refused:
        page(port, Host=host)
    assert refused.value.response.status_code in (400, 403)


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:1", "https://localhost"])
def test_a_page_of_another_origin_cannot_connect(port: int, origin: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        page(port, Origin=origin)
    assert refused.value.response.status_code == 403


def test_without_the_token_there_is_neither_page_nor_connection(tmp_path: Path) -> None:
    with serving(session_in(tmp_path), token="s3cret") as port:
        for query in ("", "?token=", "?token=guess"):
            assert get(port, f"/{query}")[0] == 403
            with pytest.raises(InvalidStatus):
                page(port, query)
        assert get(port, "/?token=s3cret")[0] == 200
        with page(port, "?token=s3cret") as socket:
            told(socket, "hello")


# What is said


def test_what_is_no_command_ends_the_connection(port: int) -> None:
    for text in ('{"do": "format-disk"}', "not json", '{"do": "set"}'):
        with page(port) as socket:
            socket.send(text)
            with pytest.raises(ConnectionClosed) as closed:
                told(socket, "never")
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1007


def test_a_message_that_is_too_long_ends_the_connection(port: int) -> None:
    with page(port) as socket:
        socket.send(json.dumps({"do": "match", "pattern": "x" * 100_000}))
        with pytest.raises(ConnectionClosed) as closed:
            told(socket, "never")
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1009


def test_every_page_sees_the_same_state(port: int) -> None:
    with page(port) as one, page(port) as other:
        send(one, do="set", operator="bodies", name="maxplayers", value=4)
        for socket in (one, other):
            while told(socket, "state")["operators"][1]["values"]["maxplayers"] != 4:
                continue
        send(other, do="set", operator="bodies", name="maxplayers", value=99)
        failed = told(other, "failed")
        assert (failed["command"], failed["subject"]) == ("set", "bodies.maxplayers")


def test_what_there_is_to_open_is_listed(port: int, tmp_path: Path) -> None:
    for name in ("take.mkv", "femto.bag", "realsense.db3", "show.toml", "take.csv"):
        (tmp_path / name).touch()
    with page(port) as socket:
        send(socket, do="list")
        sources = told(socket, "sources")
        recordings = [found["source"] for found in sources["recordings"]]
        assert recordings == ["femto.bag", "realsense.db3", "take.mkv"]
        assert [found["source"] for found in sources["projects"]] == ["show.toml"]
        assert "synthetic:two" in [found["source"] for found in sources["scenes"]]


def test_a_page_gets_what_it_shows_and_the_newest_only(port: int) -> None:
    with page(port) as socket:
        send(socket, do="open", source="synthetic:two")
        send(socket, do="watch", skeletons=True, channels=True, cloud="depth", image="depth")
        first, _ = moment(socket)
        moment(socket)
        # Two are on their way that were never said to be seen: no third comes.
        with pytest.raises(TimeoutError):
            while True:
                assert isinstance(socket.recv(0.4), str)
        send(socket, do="seen", serial=first["serial"] + 1)
        third, _ = moment(socket)
        assert third["serial"] > first["serial"] + 2


def test_the_parts_of_a_moment(port: int, calibration: Calibration) -> None:
    with page(port) as socket:
        send(socket, do="open", source="synthetic:two")
        send(socket, do="watch", skeletons=True, channels=True, cloud="depth", image="depth")
        header, body = moment(socket)
        while "channels" not in header["parts"] or header["players"] != [1]:
            send(socket, do="seen", serial=header["serial"])
            header, body = moment(socket)
        parts = header["parts"]
        assert parts["joints"]["length"] == 32 * 8 * 4
        assert parts["channels"]["length"] == 8 * (3 + 32 * 3)
        lens = calibration.lenses["depth"]
        assert header["aspect"] == pytest.approx(lens.height / lens.width)
        image = body[parts["image"]["offset"] :][: parts["image"]["length"]] if "image" in parts else b""
        assert image[:2] in (b"\xff\xd8", b"")


def test_a_page_that_is_hidden_gets_nothing(port: int) -> None:
    with page(port) as socket:
        send(socket, do="open", source="synthetic:two")
        send(socket, do="watch", skeletons=True)
        header, _ = moment(socket)
        send(socket, do="watch")
        send(socket, do="seen", serial=header["serial"] + 1)
        told(socket, "state")
        quiet = 0
        while quiet < 3:
            try:
                quiet = 0 if isinstance(socket.recv(0.2), bytes) else quiet
            except TimeoutError:
                quiet += 1
