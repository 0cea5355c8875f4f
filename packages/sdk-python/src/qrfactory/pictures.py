"""Pictures and tables of a request, read before the first attempt: each attempt sends the same."""

from __future__ import annotations

import base64
import os
from typing import Any, BinaryIO, Dict, Mapping, Union

Source = Union[bytes, bytearray, memoryview, "os.PathLike[str]", BinaryIO]

#: Fields that hold a picture.
_PICTURES = ("logo", "background_image")


def bytes_of(source: Source) -> bytes:
    """Return the bytes of a path, an open file, or of bytes themselves."""
    if isinstance(source, os.PathLike):
        with open(source, "rb") as file:
            return file.read()
    if isinstance(source, (bytes, bytearray, memoryview)):
        return bytes(source)
    return source.read()


def with_base64(fields: Mapping[str, Any]) -> Dict[str, Any]:
    """Return the same fields with their pictures in base64, since JSON holds text."""
    sent = dict(fields)
    for name in _PICTURES:
        if sent.get(name) is not None and not isinstance(sent[name], str):
            sent[name] = base64.b64encode(bytes_of(sent[name])).decode()
    return sent
