"""The Network CHOP: channels that other machines send."""

import time

import numpy as np

from bodychan.errors import NetworkError, OperatorError
from bodychan.model.arrays import F64
from bodychan.network.link import Address, Link, Mailbox
from bodychan.network.messages import ChannelsMessage, decode, samples_of
from bodychan.operators.chop import CHOP
from bodychan.operators.operator import Network
from bodychan.operators.tables import NetworkTable

_PATIENCE_SECONDS = 10.0
"""How long the first sender is waited for."""
_SETTLING_SECONDS = 2.0
"""For how long after it others are listened to before there are channels: a file takes no more later."""


class NetworkCHOP(CHOP):
    """The newest values of the channels that `bodychan run … --to zenoh://KEY` sends on other machines.

    `address` is a URL whose key may hold `*` and `**`, such as `zenoh://site/**`: every sender's channels
    have what comes after the fixed part of it before their names, `cam1/p1/head:tx`. A sender that has gone
    keeps its last values; one that comes later adds its channels. Those who send at the start are all there
    from the first cook on, which takes two seconds for it.
    """

    table = NetworkTable
    par: NetworkTable

    def __init__(self, project: Network, name: str) -> None:
        super().__init__(project, name)
        self._session: Link | None = None
        self._opened = ""
        self._news = Mailbox()
        self._layouts: dict[tuple[str, int], tuple[str, ...]] = {}
        self._values_of: dict[str, tuple[tuple[str, ...], F64]] = {}

    def _names(self) -> tuple[str, ...]:
        self._listen()
        fixed = self._fixed()
        return tuple(
            f"{sender.removeprefix(fixed)}/{name}"
            for sender in sorted(self._values_of)
            for name in self._values_of[sender][0]
        )

    def _values(self, names: tuple[str, ...], times: F64) -> F64:
        if not names:
            raise OperatorError(f"{self.path}: nobody sends {self.par.address}")
        newest = np.concatenate([self._values_of[sender][1] for sender in sorted(self._values_of)])
        return np.repeat(newest[:, None], len(times), axis=1)

    def _listen(self) -> None:
        """Take what has come since the last cook; at first wait for somebody."""
        patience = 0.0
        if self._session is None or self._opened != self.par.address:
            self.close()
            try:
                self._session = Link(Address.of(self.par.address, pattern=True))
            except NetworkError as error:
                raise OperatorError(f"{self.path}: {error}") from error
            self._opened = self.par.address
            self._session.hear("channels", self._hear)
            patience = _PATIENCE_SECONDS
        self._values_of |= self._news.take(patience)
        # All who send now say their names within half a second of being found.
        several = patience > 0 and self._values_of and "*" in self.par.address
        until = time.monotonic() + (_SETTLING_SECONDS if several else 0.0)
        while (left := until - time.monotonic()) > 0:
            self._values_of |= self._news.take(left)

    def _hear(self, sender: str, data: bytes) -> None:
        message = decode(data, ChannelsMessage)
        if message.names is not None:
            self._layouts[sender, message.layout] = message.names
        names = self._layouts.get((sender, message.layout))
        # Whoever comes late hears the names within half a second.
        if names is not None:
            self._news.put(sender, (names, samples_of(message, len(names))[:, -1]))

    def _fixed(self) -> str:
        """Return what all senders' keys have before what the pattern leaves open."""
        key = Address.of(self.par.address, pattern=True).key
        return key.partition("*")[0] if "*" in key else f"{key.rpartition('/')[0]}/"

    def close(self) -> None:
        """Stop listening."""
        link, self._session = self._session, None
        self._values_of.clear()
        if link is not None:
            link.close()
