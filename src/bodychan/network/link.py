"""The link to other machines: Zenoh sessions, who is reached how, and how far clocks are apart."""

import logging
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from bodychan.errors import NetworkError, needs_extra
from bodychan.model.closing import Closing

_LOG = logging.getLogger(__name__)
_KEY = re.compile(r"[^/*?#$\s]+(/[^/*?#$\s]+)*")
_PATTERN = re.compile(r"([^/?#$\s]+/)*[^/?#$\s]+")
_EXAMPLE = "write it as zenoh://site/cam1, or zenoh://site/cam1?connect=tcp/192.168.0.7:7447"
_ASKED, _ANSWER_SECONDS = 8, 1.0
"""How often the other side's clock is asked for, and how long for an answer."""


@dataclass(frozen=True)
class Address:
    """What `zenoh://KEY[?connect=ENDPOINT&listen=ENDPOINT]` says; endpoints are `tcp/HOST:PORT`.

    Without endpoints machines of one network find each other by multicast.
    """

    key: str
    connect: tuple[str, ...] = ()
    listen: tuple[str, ...] = ()

    @classmethod
    def of(cls, url: str, *, pattern: bool = False) -> "Address":
        """Read a URL; a `pattern` may hold `*` and `**`.

        Raises:
            NetworkError: it is none.
        """
        key, _, query = url.partition("://")[2].partition("?")
        if not (_PATTERN if pattern else _KEY).fullmatch(key):
            what = "names no sender" if pattern or "*" not in key else "must name one sender, without *"
            raise NetworkError(f"{url} {what}: {_EXAMPLE}")
        options = parse_qsl(query, keep_blank_values=True)
        if any(name not in ("connect", "listen") or not value for name, value in options):
            raise NetworkError(f"{url}: options are connect=ENDPOINT and listen=ENDPOINT; {_EXAMPLE}")
        found = {name: tuple(value for n, value in options if n == name) for name in ("connect", "listen")}
        return cls(key, **found)


@dataclass(frozen=True)
class ClockOffset:
    """The sender's clock shows `seconds` more than ours, give or take half the `round_trip` of a question."""

    seconds: float
    round_trip: float


class Link(Closing):
    """A session. It reconnects by itself; what is sent while nobody listens is lost, and costs nothing.

    Raises:
        NetworkError: an endpoint is none, or cannot be listened at.
        MissingExtraError: Zenoh is not installed.
    """

    def __init__(self, address: Address) -> None:
        with needs_extra("network", "zenoh://"):
            import zenoh
        self.address = address
        config = zenoh.Config()
        if address.connect or address.listen:
            _set(config, "scouting/multicast/enabled", False)
            _set(config, "listen/endpoints", address.listen)
            _set(config, "connect/endpoints", address.connect)
            # The other side may start later, or again: nothing fails for that.
            _set(config, "connect/timeout_ms", -1)
            _set(config, "connect/exit_on_failure", False)
            _set(config, "connect/retry", {"period_init_ms": 100, "period_max_ms": 1000})
        try:
            self._session: Any = zenoh.open(config)
        except zenoh.ZError as error:
            raise NetworkError(
                f"zenoh://{address.key} cannot be opened: {_short(error)}; {_EXAMPLE}"
            ) from error
        self._publishers: dict[str, Any] = {}

    def send(self, part: str, data: bytes) -> None:
        """Send to all who listen to a part of our key; nobody waits for those who are slow."""
        if part not in self._publishers:
            self._publishers[part] = self._session.declare_publisher(f"{self.address.key}/{part}")
        self._publishers[part].put(data)

    def hear(self, part: str, callback: Callable[[str, bytes], None]) -> None:
        """Call back with key and data of whatever is sent to a part of our key, on a thread of the link's.

        A message that the callback raises ValueError for is left out, which is logged once.
        """
        told: set[str] = set()

        def take(sample: Any) -> None:
            key = str(sample.key_expr).removesuffix(f"/{part}")
            try:
                callback(key, bytes(sample.payload))
            except ValueError as error:
                if key not in told:
                    told.add(key)
                    _LOG.warning("zenoh://%s sends what cannot be read: %s", key, error)

        self._session.declare_subscriber(f"{self.address.key}/{part}", take)

    def tell_time(self) -> None:
        """Answer those who ask for our clock."""
        key = f"{self.address.key}/clock"

        def answer(query: Any) -> None:
            query.reply(key, str(time.time_ns()).encode())

        self._session.declare_queryable(key, answer)

    def clock_offset(self) -> ClockOffset | None:
        """Ask for the sender's clock some times; give the quickest answer (Cristian 1989), None without."""
        best: ClockOffset | None = None
        for _ in range(_ASKED):
            asked = time.time_ns()
            for reply in self._session.get(f"{self.address.key}/clock", timeout=_ANSWER_SECONDS):
                answered = time.time_ns()
                if reply.ok is None:
                    continue
                trip = (answered - asked) / 1e9
                seconds = (int(bytes(reply.ok.payload)) - (asked + answered) / 2) / 1e9
                if best is None or trip < best.round_trip:
                    best = ClockOffset(seconds, trip)
            if best is None:
                return None
        return best

    def close(self) -> None:
        """Close the session; a second call does nothing."""
        if not self._session.is_closed():
            self._session.close()


class Mailbox:
    """The newest message of every sender: written by the link's thread, taken by others."""

    def __init__(self) -> None:
        self._news = threading.Condition()
        self._newest: dict[str, Any] = {}

    def put(self, sender: str, message: object) -> None:
        """Replace what is there of a sender."""
        with self._news:
            self._newest[sender] = message
            self._news.notify_all()

    def take(self, seconds: float = 0.0) -> dict[str, Any]:
        """Give what is new of every sender; wait so long for something."""
        with self._news:
            self._news.wait_for(lambda: self._newest, seconds)
            taken, self._newest = self._newest, {}
            return taken


def _set(config: Any, key: str, value: object) -> None:
    config.insert_json5(key, msgspec.json.encode(value).decode())


def _short(error: Exception) -> str:
    return str(error).split(" at ", 1)[0].splitlines()[0]
