import socket
from contextlib import closing

import pytest

from bodychan.errors import ViewerError
from bodychan.viewer.guard import Guard
from bodychan.viewer.serve import DEFAULT_PORT, address_of, listener_at


def test_the_address_is_that_of_the_listener_with_its_token() -> None:
    with closing(listener_at("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        assert address_of(listener, "127.0.0.1", Guard("127.0.0.1")) == f"http://127.0.0.1:{port}/"
        shown = address_of(listener, "0.0.0.0", Guard("0.0.0.0", "s3cret"))
        assert shown == f"http://{socket.gethostname()}:{port}/?token=s3cret"
        assert address_of(listener, "::1", Guard("::1")) == f"http://[::1]:{port}/"


def test_a_port_that_is_in_use_is_told_when_it_was_asked_for() -> None:
    with closing(listener_at("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(ViewerError, match=f"port {port}: it is in use; choose another with --port"):
            listener_at("127.0.0.1", port)


def test_when_the_usual_port_is_in_use_another_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(listener_at("127.0.0.1", 0)) as taken:
        monkeypatch.setattr("bodychan.viewer.serve.DEFAULT_PORT", taken.getsockname()[1])
        with closing(listener_at("127.0.0.1", None)) as listener:
            assert listener.getsockname()[1] not in (taken.getsockname()[1], DEFAULT_PORT)


def test_an_address_of_another_machine_cannot_be_listened_at() -> None:
    with pytest.raises(ViewerError, match=r"cannot listen at 192\.0\.2\.1"):
        listener_at("192.0.2.1", 0)
    with pytest.raises(ViewerError, match=r"cannot listen at no\.such\.host\.invalid"):
        listener_at("no.such.host.invalid", 0)
