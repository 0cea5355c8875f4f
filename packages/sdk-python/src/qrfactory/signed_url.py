"""Addresses of images that need no key in a header, for pages and CDNs, made without a call."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime
from typing import TYPE_CHECKING, Union
from urllib.parse import quote

from .errors import QRFactoryError
from .http.transport import to_json, word_of

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from .types.images import Content, Design

    class SignedFields(Content, Design, total=False):
        """Fields of an image that an address can hold."""


#: Characters of a key that name it.
_KEY_PREFIX_LENGTH = 12

_PATH = "/api/v1/generate/"


def signed_image_url(
    *,
    base_url: str,
    api_key: str,
    signing_secret: str,
    expires_at: Union[datetime, int],
    **fields: Unpack[SignedFields],
) -> str:
    """Return the address of an image, good for everyone until ``expires_at``.

    That is a datetime with a time zone, or seconds since 1970. Only the first twelve characters of
    the key become part of the address; keep ``signing_secret`` (``sms_…``) on your server. Signed
    by HMAC-SHA-256 over the path, ``?`` and the sorted parameters. Each image that is drawn for it
    costs its key a credit.
    """
    if isinstance(expires_at, datetime):
        if expires_at.tzinfo is None:
            raise QRFactoryError("Give expires_at with a time zone, or as seconds since 1970.")
        expires_at = int(expires_at.timestamp())
    named = {**fields, "key": api_key[:_KEY_PREFIX_LENGTH], "expires": expires_at}
    query = "&".join(
        sorted(
            f"{name}={quote(_word_of(value), safe='')}"
            for name, value in named.items()
            if value is not None
        )
    )
    signed = f"{_PATH}?{query}".encode()
    signature = hmac.new(signing_secret.encode(), signed, hashlib.sha256).hexdigest()
    return f"{base_url.rstrip('/')}{_PATH}?{query}&sig={signature}"


def _word_of(value: object) -> str:
    return to_json(value) if isinstance(value, (dict, list)) else word_of(value)
