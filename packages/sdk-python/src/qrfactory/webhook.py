"""Webhooks, checked as Standard Webhooks describes: HMAC-SHA-256 over id, moment and body."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re
import time
from typing import Any, Mapping, Optional, Union

from .errors import WebhookVerificationError

#: Clocks of honest parties differ by less; an older message is a replay.
TOLERANCE_SECONDS = 5 * 60

_SECRET_PREFIX = "whsec_"


def verify_webhook(
    body: Union[str, bytes],
    headers: Mapping[str, str],
    secret: str,
    *,
    tolerance_seconds: float = TOLERANCE_SECONDS,
    now: Optional[float] = None,
) -> Any:
    """Return the event of a webhook; raise ``WebhookVerificationError`` if it is not genuine.

    ``body`` is the body as it arrived, not one that was parsed and written again; ``headers`` is
    any mapping, such as ``request.headers``; ``secret`` is ``whsec_…``. Of several signatures, as
    there are while a secret is changed, one has to fit. ``now`` is in seconds since 1970.
    """
    given = {name.lower(): value for name, value in headers.items()}
    names = ("webhook-id", "webhook-timestamp", "webhook-signature")
    message_id, timestamp, signatures = (given.get(name, "") for name in names)
    if not message_id or not signatures or not re.fullmatch("[0-9]{1,12}", timestamp):
        raise WebhookVerificationError(f"The headers {', '.join(names)} are needed.")
    if abs((time.time() if now is None else now) - int(timestamp)) > tolerance_seconds:
        raise WebhookVerificationError("The webhook is too old, or from the future.")
    key = _bytes_of(secret[len(_SECRET_PREFIX) :] if secret.startswith(_SECRET_PREFIX) else secret)
    if not key:
        raise WebhookVerificationError("The secret is not one: whsec_ and base64.")
    content = body.encode() if isinstance(body, str) else bytes(body)
    expected = hmac.digest(key, f"{message_id}.{timestamp}.".encode() + content, hashlib.sha256)
    for signature in signatures.split(" "):
        version, _, encoded = signature.partition(",")
        found = _bytes_of(encoded) if version == "v1" else None
        if found is not None and hmac.compare_digest(found, expected):
            return json.loads(content)
    raise WebhookVerificationError("No signature of the webhook fits its body and this secret.")


def _bytes_of(text: str) -> Optional[bytes]:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
