"""Who may call: API keys.

Rule: keys are compared by their digests, so that the time of a refusal tells nothing of a key; they never reach a log,
a label or an answer. Cost: one SHA-256 a call where there are keys, nothing where there are none.
"""

from base64 import b64decode
from collections.abc import Collection, Mapping
from hashlib import sha256

from groundwork.serving._call import Call
from groundwork.serving._problem import Problem

_ASKS = ((b"www-authenticate", b"Bearer"), (b"www-authenticate", b'Basic realm="API key as password"'))


class Access:
    """The keys of one app.

    A key comes as ``Authorization: Bearer KEY``, as ``X-API-Key: KEY``, or as the password of ``Authorization: Basic``,
    which is what a browser asks its user for.

    Args:
        keys: Any of them admits; None admits everybody.
    """

    def __init__(self, keys: Collection[str] | None) -> None:
        self._digests = frozenset(sha256(key.encode()).digest() for key in keys or ())

    def key(self, call: Call) -> str | None:
        """Return the digest of a call's key, or None where no key is asked for.

        Args:
            call: Its headers hold the key.

        Raises:
            Problem: 401; it has none of the keys.
        """
        if not self._digests:
            return None
        digest = sha256(_key(call.headers)).digest()
        if digest not in self._digests:
            detail = "this server asks for an API key: send it as Authorization: Bearer KEY, or as X-API-Key: KEY"
            raise Problem(401, "unauthorized", detail, headers=_ASKS)
        return digest.hex()


def _key(headers: Mapping[bytes, bytes]) -> bytes:
    given = headers.get(b"x-api-key")
    if given is not None:
        return given
    scheme, _, value = headers.get(b"authorization", b"").partition(b" ")
    if scheme.lower() == b"basic":
        try:
            return b64decode(value).partition(b":")[2]
        except ValueError:
            return b""
    return value.strip() if scheme.lower() == b"bearer" else b""
