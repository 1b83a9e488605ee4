"""Signed webhooks after the Standard Webhooks specification, so that receivers verify with a library they have.

The signature is HMAC-SHA256 over ``id.timestamp.body``, base64, with the scheme ``v1`` before it. A secret written
``whsec_…`` is base64 as the specification has it; any other secret is taken as its UTF-8 bytes.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping

REPLAY_WINDOW = 300
"""Seconds a signature stays good on either side: an older request is somebody else's copy of it."""


def signed_headers(identity: str, body: bytes, *, secret: str, timestamp: int) -> dict[str, str]:
    """The three headers of a signed request. ``identity`` is the same for every repeat of a message."""
    return {
        "webhook-id": identity,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": f"v1,{_signature(identity, str(timestamp), body, secret)}",
    }


def is_signed(headers: Mapping[str, str], body: bytes, *, secret: str, now: int) -> bool:
    """Is the request ours and fresh? ``headers`` by lower-case name; the comparison takes constant time."""
    identity, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not (timestamp.isascii() and timestamp.isdigit()) or abs(now - int(timestamp)) > REPLAY_WINDOW:
        return False
    expected = f"v1,{_signature(identity, timestamp, body, secret)}".encode()
    offered = headers.get("webhook-signature", "").split()
    return any(hmac.compare_digest(each.encode(), expected) for each in offered)


def _signature(identity: str, timestamp: str, body: bytes, secret: str) -> str:
    signed = f"{identity}.{timestamp}.".encode() + body
    return base64.b64encode(hmac.digest(_key(secret), signed, hashlib.sha256)).decode()


def _key(secret: str) -> bytes:
    if not secret.startswith("whsec_"):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error:
        return secret.encode()
