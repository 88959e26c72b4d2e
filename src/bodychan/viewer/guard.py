"""Who may talk to the viewer: the page that it served itself, and nobody else.

A page of another site can send requests to a server on loopback, and open WebSockets to it; a name of its own
that suddenly means 127.0.0.1 (DNS rebinding) even makes it the same origin. So `Host` must be an address or a
name of this machine, `Origin` must be that of the page, and beyond loopback the page's address holds a token.
"""

import ipaddress
import secrets
import socket
from dataclasses import dataclass, field
from urllib.parse import urlsplit

SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-cache",
}


@dataclass(frozen=True)
class Guard:
    """Checks requests to a server that listens at `host`; see the module. `token` is empty on loopback."""

    host: str
    token: str = field(default="", repr=False)

    def knows_host(self, header: str) -> bool:
        """Say whether a `Host` header is a name or address of this server."""
        try:
            name = urlsplit(f"//{header}").hostname or ""
        except ValueError:
            return False
        if self.token:
            # A name can be pointed anywhere by whoever owns it, an address cannot.
            return _is_address(name) or name in (self.host, "localhost", *_own_names())
        return name == "localhost" or _is_loopback(name)

    def knows_origin(self, origin: str, host: str) -> bool:
        """Say whether an `Origin` header is that of a page from this server, asked under that `Host`."""
        return origin in (f"http://{host}", f"https://{host}")

    def knows_token(self, token: str) -> bool:
        """Say whether the address held the token, if there has to be one."""
        return not self.token or secrets.compare_digest(token.encode(), self.token.encode())


def guard_for(host: str) -> Guard:
    """Make a guard with a new token where others than this machine can reach the server."""
    return (
        Guard(host) if _is_loopback(host) or host == "localhost" else Guard(host, secrets.token_urlsafe(16))
    )


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _is_loopback(name: str) -> bool:
    return _is_address(name) and ipaddress.ip_address(name).is_loopback


def _own_names() -> tuple[str, ...]:
    name = socket.gethostname().lower()
    return name, f"{name}.local"
