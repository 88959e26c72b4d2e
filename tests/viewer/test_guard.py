import pytest

from bodychan.viewer.guard import Guard, guard_for


@pytest.mark.parametrize("host", ["127.0.0.1:8377", "localhost:8377", "localhost", "[::1]:8377", "127.0.0.5"])
def test_loopback_is_known_by_its_names(host: str) -> None:
    guard = guard_for("127.0.0.1")
    assert guard.token == ""
    assert guard.knows_host(host)
    assert guard.knows_origin(f"http://{host}", host)


@pytest.mark.parametrize(
    "host", ["", "evil.example:8377", "localhost.evil.example", "10.0.0.1", "[", "127.0.0.1.nip.io"]
)
def test_other_names_are_not_known_on_loopback(host: str) -> None:
    assert not guard_for("localhost").knows_host(host)


@pytest.mark.parametrize(
    "origin",
    [
        "",
        "null",
        "http://evil.example",
        "http://127.0.0.1:1",
        "file://",
        "http://127.0.0.1:8377.evil.example",
    ],
)
def test_pages_of_other_origins_are_not_known(origin: str) -> None:
    assert not guard_for("127.0.0.1").knows_origin(origin, "127.0.0.1:8377")


def test_beyond_loopback_there_is_a_token_that_cannot_be_guessed() -> None:
    first, second = guard_for("0.0.0.0"), guard_for("0.0.0.0")
    assert len(first.token) >= 20
    assert first.token != second.token
    assert first.knows_token(first.token)
    assert not first.knows_token("")
    assert not first.knows_token(second.token)
    assert first.token not in repr(first)


def test_a_name_that_anybody_could_point_here_is_not_known_beyond_loopback() -> None:
    guard = Guard("studio.local", "secret")
    assert guard.knows_host("studio.local:8377")
    assert guard.knows_host("192.168.1.7:8377")
    assert not guard.knows_host("evil.example:8377")
