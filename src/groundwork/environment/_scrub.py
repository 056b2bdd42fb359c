"""Take secrets out of a text that is to be shown.

Rule: what a tool, a file or an exception says may quote an address with a password, or the value of a variable that
holds one; every text of a finding passes through here.
"""

import os
import re
from collections.abc import Mapping

MASK = "***"

# The user part of an address, up to the last @ before a space: a password may hold a slash, an @ or a quote of its own.
CREDENTIALS = re.compile(r"(?<=://)[^\s\"<>]*(?=@)")
_QUERY = re.compile(r"(?i)([?&;][\w.-]*(?:token|secret|passw|key|auth|sig)[\w.-]*=)[^\s&;'\"<>]+")
_HEADER = re.compile(r"(?i)\b(authorization:(?:\s*\w+(?=\s+\S))?|bearer)\s+\S+")
_SECRET_NAME = re.compile(
    r"(?i)token|secret|passw|passphrase|(?<![a-z])pass(?![a-z])|credential|api_?key|access_?key|private_?key|auth(?!or)"
)
# Shorter values are words such as "true", which would be masked all over.
_SHORTEST = 6


def scrub(text: str, environ: Mapping[str, str] = os.environ) -> str:
    """Mask what must not be shown.

    Args:
        text: As it came.
        environ: Variables; values of those that are called as secrets are masked wherever they occur.

    Returns:
        The text without credentials of addresses, tokens of queries and headers, and values of secret variables.
    """
    # The longest first: one value may be the beginning of another.
    for name, value in sorted(environ.items(), key=lambda pair: -len(pair[1])):
        if len(value) >= _SHORTEST and value in text and _SECRET_NAME.search(name) and not os.path.exists(value):
            text = text.replace(value, MASK)
    text = CREDENTIALS.sub(MASK, text)
    text = _QUERY.sub(rf"\1{MASK}", text)
    return _HEADER.sub(rf"\1 {MASK}", text)
