"""The connection guard: nothing inside our own network is ever connected, whatever a publisher makes us ask for.

It stands where the socket is made, after names are resolved and just before connecting. A check of the address as
written misses names that resolve to private addresses (and to other ones a second later), a check in the resolver
misses literal addresses in their dozens of spellings; the socket alone sees what is really connected.

:mod:`ipaddress` knows most private ranges but not the translators: 6to4, NAT64 and Teredo carry an IPv4 address
inside, relays answer for others. So of IPv6 only today's global unicast space is open, without those.
"""

from __future__ import annotations

import errno
import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

from aiohttp import AddrInfoType, ClientConnectorError, ClientRequest, ClientTimeout, TCPConnector
from aiohttp.connector import Connection
from aiohttp.tracing import Trace

from bot.errors import BlockedAddress

_REFUSAL = "is not a public address"

CLOSED = tuple(
    ip_network(network)
    for network in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
        "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16",
        "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3",
        "2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20",
    )
)  # fmt: skip
"""Special-purpose ranges (the IANA registries), some of which :mod:`ipaddress` takes for public."""
_UNICAST = IPv6Network("2000::/3")
_LOOPBACK = (IPv4Address("127.0.0.1"), IPv6Address("::1"))


def is_public(address: str) -> bool:
    """Is this numeric address one that anybody on the Internet may offer? False for what is not an address."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, IPv6Address) and (parsed not in _UNICAST or parsed.scope_id):
        return False
    return parsed.is_global and not any(
        parsed in network for network in CLOSED if network.version == parsed.version
    )


def is_own_loopback(address: str) -> bool:
    """Exactly 127.0.0.1 and ::1, which ``allow_loopback`` opens for demonstrations and tests; no other address."""
    try:
        return ip_address(address) in _LOOPBACK
    except ValueError:
        return False


class GuardedConnector(TCPConnector):
    """A TCPConnector that refuses all but public addresses; ``connect`` raises BlockedAddress."""

    def __init__(self, *, allow_loopback: bool, **options: object) -> None:
        super().__init__(socket_factory=self._guarded_socket, **options)  # type: ignore[arg-type]
        self._allow_loopback = allow_loopback

    def _guarded_socket(self, info: AddrInfoType) -> socket.socket:
        family, kind, protocol, _, where = info
        address = str(where[0])
        scoped = family == socket.AF_INET6 and len(where) > 3 and bool(where[3])
        opened = self._allow_loopback and is_own_loopback(address)
        if (scoped or not is_public(address)) and not opened:
            # An OSError, since the library goes on to a name's next address after those only.
            raise OSError(errno.EACCES, f"{address} {_REFUSAL}")
        return socket.socket(family, kind, protocol)

    async def connect(
        self,
        req: ClientRequest,
        traces: list[Trace],
        timeout: ClientTimeout,  # noqa: ASYNC109 — the library's signature
    ) -> Connection:
        try:
            return await super().connect(req, traces, timeout)
        except ClientConnectorError as error:
            if _REFUSAL in str(error.os_error):
                raise BlockedAddress(error.host, error.host) from None
            raise
