"""OSC: channels as messages, over UDP in datagrams or over TCP in a stream."""

from collections.abc import Callable
from typing import NamedTuple, Protocol

from bodychan.channels.channels import Channels
from bodychan.channels.kinds import Kinds, Quantity
from bodychan.errors import OutputError
from bodychan.outputs import avatars, osc_layouts
from bodychan.outputs.base import Output, closed
from bodychan.outputs.network import Address, Datagrams, Losses, one_of, parse, whole_number
from bodychan.outputs.osc_encoder import LARGEST_BYTES, MAX_BYTES, OscEncoder
from bodychan.outputs.osc_layouts import TIMESTAMPS, Options, Plan


class Layout(NamedTuple):
    """How channels become messages, and the groups of channels that it needs."""

    plan: Callable[[Channels, Options], Plan]
    groups: frozenset[str] = frozenset()


_AVATAR = frozenset({"worldspace", "absbonerotations"})

LAYOUTS: dict[str, Layout] = {
    "touchdesigner": Layout(osc_layouts.touchdesigner),
    "transpose": Layout(osc_layouts.transpose),
    "joint": Layout(osc_layouts.joint),
    "osceleton": Layout(osc_layouts.osceleton, frozenset({"worldspace"})),
    "vrchat": Layout(avatars.vrchat, _AVATAR),
    "vmc": Layout(avatars.vmc, _AVATAR),
}
"""By the name after `layout=`, the default first; `template=` takes the place of all of them."""

_OPTIONS = ("layout", "format", "timestamp", "maxbytes", "template", "player")
_EXAMPLE = "osc://127.0.0.1:7000"


class Link(Protocol):
    """What carries packets to a receiver."""

    def send(self, packets: list[bytes], /) -> str | None:
        """Send packets; give the reason where they are lost."""

    def close(self) -> None:
        """Close it."""


class OscOutput(Output):
    """Sends the newest samples as OSC; docs/protocols.md has the URL's options.

    What the network does not take is lost: it is logged once for each cause, and again when messages go out
    again.

    Args:
        url: `osc://HOST:PORT[/PREFIX][?layout=…]`.
        link: makes what carries the packets; UDP by default.

    Raises:
        OutputError: the URL is not right, or the host is not known.
    """

    newest_only = True

    def __init__(self, url: str, link: Callable[[str, str, int], Link] = Datagrams) -> None:
        self.target = url
        address = parse(url, _EXAMPLE, _OPTIONS)
        self._options = _options(url, address)
        self._layout = LAYOUTS[one_of(url, address, "layout", LAYOUTS)]
        if self._options.templates:
            groups = osc_layouts.groups_of(self._options.templates)
            self._layout = Layout(osc_layouts.template, groups)
        self.groups = self._layout.groups
        self._max_bytes = whole_number(url, address, "maxbytes", 64, LARGEST_BYTES) or MAX_BYTES
        self._key: tuple[tuple[str, ...], Kinds, int] | None = None
        self._plan: Plan
        self._encoder: OscEncoder
        self._present: frozenset[int] = frozenset()
        self._losses = Losses(url)
        self._link = link(url, address.host, address.port)
        self._closed = False

    def write(self, channels: Channels) -> None:
        """Send the newest sample, or slice of them; see `Output.write`."""
        if self._closed:
            raise closed(self.target)
        key = (channels.names, channels.kinds, channels.numSamples if self._options.timeslice else 1)
        if key != self._key:
            self._plan = self._layout.plan(channels, self._options)
            self._encoder = OscEncoder(self._plan.messages, self._max_bytes)
            self._key = key
        packets = self._encoder.encode(self._plan.values(channels.samples))
        if self._layout.plan is osc_layouts.osceleton:
            packets = self._arrivals(channels) + packets
        self._losses.note(self._link.send(packets))
        self.lost = self._losses.count

    def close(self) -> None:
        """Close the connection; see `Output.close`."""
        self._closed = True
        self._link.close()

    def _arrivals(self, channels: Channels) -> list[bytes]:
        ids = [row for row, kind in enumerate(channels.kinds) if kind.quantity is Quantity.ID]
        now = frozenset(int(value) for value in channels.samples[ids, -1]) - {0}
        messages = osc_layouts.arrivals(self._options.prefix, self._present, now)
        self._present = now
        return OscEncoder(messages).encode(channels.samples[:, -1])


def _options(url: str, address: Address) -> Options:
    templates = address.options.get("template", ())
    if templates and "layout" in address.options:
        raise OutputError(f"{url}: a template is a layout of its own: leave out 'layout'")
    for text in templates:
        osc_layouts.require_template(url, text)
    osc_layouts.require_address(url, address.path)
    return Options(
        url,
        address.path,
        one_of(url, address, "timestamp", TIMESTAMPS),
        one_of(url, address, "format", ("sample", "timeslice")) == "timeslice",
        templates,
        whole_number(url, address, "player", 1, 64),
    )
