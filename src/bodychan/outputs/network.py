"""What network outputs share: their URLs, datagrams, and how losses are counted and told."""

import logging
import socket
import time
from collections.abc import Iterable, Mapping
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

from bodychan.errors import OutputError, did_you_mean

_LOG = logging.getLogger(__name__)

_SILENCE_SECONDS = 30.0
"""So long a cause of lost messages that has been told is not told again."""

_PATIENCE_SECONDS = 0.005
"""How long a message waits for room in the system's buffer before it is lost: nobody else may wait for it."""


class Address(NamedTuple):
    """The parts of `scheme://HOST:PORT/path?option=value`; an option may be given several times."""

    host: str
    port: int
    path: str
    options: Mapping[str, tuple[str, ...]]

    def option(self, name: str) -> str | None:
        """Return the last value of an option, None where it is not given."""
        return self.options[name][-1] if name in self.options else None


def parse(
    url: str, example: str, options: Iterable[str] = (), *, default: tuple[str, int] | None = None
) -> Address:
    """Take a URL apart.

    Args:
        url: what the user wrote.
        example: how it is written; part of the messages.
        options: which there are after `?`.
        default: host and port where the URL has none.

    Raises:
        OutputError: host or port are missing, or there is no such option.
    """
    known = tuple(options)
    try:
        parts = urlsplit(url, allow_fragments=False)
        host, port = parts.hostname, parts.port
        given = parse_qs(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
    except ValueError as error:
        raise OutputError(f"{url}: {error}; write it as {example}") from error
    if default is not None:
        host, port = host or default[0], port or default[1]
    if not host or not port:
        raise OutputError(f"{url} lacks its host or port: write it as {example}")
    for name in given:
        if name not in known:
            told = did_you_mean(name, known) if known else "there are none"
            raise OutputError(f"{url}: there is no option '{name}': {told}")
    return Address(
        host, port, parts.path.rstrip("/"), {name: tuple(values) for name, values in given.items()}
    )


def one_of(url: str, address: Address, name: str, choices: Iterable[str]) -> str:
    """Return the value of an option, the first choice where it is not given.

    Raises:
        OutputError: it is none of the choices.
    """
    known = tuple(choices)
    value = address.option(name)
    if value is None:
        return known[0]
    if value not in known:
        raise OutputError(f"{url}: there is no {name} '{value}': {did_you_mean(value, known)}")
    return value


def whole_number(url: str, address: Address, name: str, least: int, most: int) -> int | None:
    """Return the value of an option that is a whole number, None where it is not given.

    Raises:
        OutputError: it is no whole number, or out of range.
    """
    value = address.option(name)
    if value is None:
        return None
    if not value.isascii() or not value.isdigit() or not least <= int(value) <= most:
        raise OutputError(f"{url}: '{name}' is a whole number from {least} to {most}, not '{value}'")
    return int(value)


class Losses:
    """Counts what is lost on its way; tells a cause once, and when it works again."""

    def __init__(self, target: str) -> None:
        self.count = 0
        self._target = target
        self._told: dict[str, float] = {}
        self._failing = False

    def note(self, cause: str | None) -> None:
        """Note how sending went: None, or the cause of a loss."""
        if cause is None:
            self.worked()
        else:
            self.failed(cause)

    def failed(self, cause: str) -> None:
        """Count one loss."""
        self.count += 1
        now = time.monotonic()
        if now - self._told.get(cause, -_SILENCE_SECONDS) >= _SILENCE_SECONDS:
            self._told[cause] = now
            self._failing = True
            _LOG.warning("cannot send to %s: %s; it is tried on and on", self._target, cause)

    def worked(self) -> None:
        """Note that something was sent."""
        if self._failing:
            self._failing = False
            _LOG.info("%s can be sent to again; %d messages were lost so far", self._target, self.count)


class Datagrams:
    """Sends UDP datagrams to every address of a host; `localhost` is often two, the receiver listens at one.

    A broadcast or multicast address reaches all who listen.

    Raises:
        OutputError: the host is not known.
    """

    def __init__(self, url: str, host: str, port: int) -> None:
        self._links = [(_socket(family), address) for family, address in resolved(url, host, port)]

    def send(self, datagrams: Iterable[bytes]) -> str | None:
        """Send datagrams; give the reason where no address of the host takes them all."""
        data = tuple(datagrams)
        causes = [_send(link, address, data) for link, address in self._links]
        return causes[0] if all(causes) else None

    def close(self) -> None:
        """Close the sockets."""
        for link, _ in self._links:
            link.close()


def resolved(url: str, host: str, port: int) -> list[tuple[socket.AddressFamily, tuple[str, int]]]:
    """Find every address of a host.

    Raises:
        OutputError: the host is not known.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)
    except (OSError, UnicodeError) as error:
        raise OutputError(
            f"{url}: the host '{host}' is not known ({error}): check how it is spelt"
        ) from error
    addresses = ((family, (str(address[0]), int(address[1]))) for family, _, _, _, address in found)
    return list(dict.fromkeys(addresses))


def _send(link: socket.socket, address: tuple[str, int], datagrams: tuple[bytes, ...]) -> str | None:
    try:
        for data in datagrams:
            link.sendto(data, address)
    except TimeoutError:
        return "the network takes no more, it is too slow"
    except OSError as error:
        return error.strerror or str(error)
    return None


def _socket(family: socket.AddressFamily) -> socket.socket:
    link = socket.socket(family, socket.SOCK_DGRAM)
    link.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    link.settimeout(_PATIENCE_SECONDS)
    return link
