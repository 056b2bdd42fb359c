"""A share for each client, so that one that asks without end does not take everybody's.

Rule: a client is its API key, or the network that it calls from; what it did not use is saved up to ``burst``. Memory
is bounded: beyond ``max_clients`` the one that was quiet longest is forgotten, at worst to have a full burst again.
Cost: about a microsecond per request, and a few hundred bytes per client.
"""

import socket
from collections import OrderedDict

from groundwork.concurrency import TokenBucket
from groundwork.errors import ConfigurationError
from groundwork.resilience import Clock, SystemClock

_MAPPED = bytes(10) + b"\xff\xff"


class ClientLimits:
    """One token bucket for each client.

    Args:
        rate_per_s: Requests that a client may send each second.
        burst: Most requests that it may save up, at least 1.
        max_clients: How many are remembered.
        clock: Where time comes from; the system's if None.

    Raises:
        ConfigurationError: A number out of range.
    """

    def __init__(
        self, rate_per_s: float, burst: float, *, max_clients: int = 10_000, clock: Clock | None = None
    ) -> None:
        for name, value, least in (("burst", burst, 1), ("max_clients", max_clients, 1)):
            if not value >= least:
                raise ConfigurationError(f"{name} is {value}; it must be at least {least}")
        # Refuses what cannot work when the server starts, not when the first client comes.
        TokenBucket(rate_per_s, burst)
        self._rate_per_s = rate_per_s
        self._burst = burst
        self._max_clients = max_clients
        self._clock: Clock = clock or SystemClock()
        self._buckets: OrderedDict[str, TokenBucket] = OrderedDict()

    def __len__(self) -> int:
        return len(self._buckets)

    def admit(self, client: str, requests: float = 1) -> float:
        """Take a client's requests from its share.

        Args:
            client: Who asks, by ``client_key``.
            requests: How many; those beyond ``burst`` count as ``burst``, as no wait would ever let them in.

        Returns:
            0.0 if they are let in; else in how many seconds they would be, for Retry-After.
        """
        bucket = self._buckets.get(client)
        if bucket is None:
            if len(self._buckets) >= self._max_clients:
                self._buckets.popitem(last=False)
            bucket = self._buckets[client] = TokenBucket(self._rate_per_s, self._burst, clock=self._clock)
        else:
            self._buckets.move_to_end(client)
        return bucket.try_acquire(min(requests, self._burst))


def client_key(api_key: str | None, address: str) -> str:
    """Say who a client is.

    A subscriber has a whole IPv6 network of 64 bits at will, so all its addresses are one client. An API key is told
    apart from an address, so that no key can be chosen to use up somebody else's share; it is remembered by its digest.

    Args:
        api_key: The digest of the key, once that was found valid; None if the server asks for none.
        address: The client's, without port.

    Returns:
        The client for ``ClientLimits.admit``.
    """
    if api_key is not None:
        return "key " + api_key
    if ":" not in address:
        return address
    try:
        packed = socket.inet_pton(socket.AF_INET6, address.partition("%")[0])
    except OSError:
        return address
    if packed.startswith(_MAPPED):
        return socket.inet_ntoa(packed[12:])
    return socket.inet_ntop(socket.AF_INET6, packed[:8] + bytes(8)) + "/64"
