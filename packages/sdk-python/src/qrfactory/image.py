"""A drawn image: its bytes, and what the headers of its answer say of it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Mapping, Optional, Union

import httpx


@dataclass(frozen=True)
class QRImage:
    """An image with its figures."""

    content: bytes
    headers: Mapping[str, str]

    @property
    def content_type(self) -> str:
        """The kind of the image, such as ``image/png``."""
        return self.headers.get("content-type", "")

    @property
    def score(self) -> Optional[float]:
        """0 to 100, about how much simulated cameras read of it; None with ``scan_check="off"``."""
        return self._number("x-qr-scan-score")

    @property
    def version(self) -> Optional[int]:
        """Version of the symbol, 1 to 40."""
        number = self._number("x-qr-version")
        return None if number is None else int(number)

    @property
    def error_correction(self) -> Optional[str]:
        """The level that was drawn, at least the one that was asked for."""
        return self.headers.get("x-qr-error-correction")

    @property
    def width_mm(self) -> Optional[float]:
        """Width in print."""
        return self._number("x-qr-width-mm")

    @property
    def cache(self) -> Optional[str]:
        """``HIT``, ``MISS`` or ``BYPASS``."""
        return self.headers.get("x-qr-cache")

    @property
    def cache_key(self) -> Optional[str]:
        """The name of the image in the cache."""
        return self.headers.get("x-qr-cache-key")

    @property
    def plan(self) -> Optional[str]:
        """The plan that was charged."""
        return self.headers.get("x-qr-plan")

    @property
    def quota_remaining(self) -> Optional[float]:
        """Credits left in this month; ``math.inf`` where the plan has no end."""
        if self.headers.get("x-qr-quota-remaining") == "unlimited":
            return math.inf
        return self._number("x-qr-quota-remaining")

    @property
    def short_id(self) -> Optional[str]:
        """The id of a dynamic code."""
        return self.headers.get("x-qr-short-id")

    @property
    def public_url(self) -> Optional[str]:
        """The address that the image of a dynamic code holds."""
        return self.headers.get("x-qr-public-url")

    def text(self) -> str:
        """Return an SVG or EPS as text."""
        return self.content.decode()

    def save(self, path: Union[str, Path]) -> Path:
        """Write the image to a path, and return it."""
        path = Path(path)
        path.write_bytes(self.content)
        return path

    def _repr_png_(self) -> Optional[bytes]:
        """Show a PNG in notebooks."""
        return self.content if self.content_type == "image/png" else None

    def _repr_svg_(self) -> Optional[str]:
        """Show an SVG in notebooks."""
        return self.text() if self.content_type.startswith("image/svg") else None

    def __repr__(self) -> str:
        return f"<QRImage {self.content_type}, {len(self.content)} bytes>"

    def _number(self, name: str) -> Optional[float]:
        value = self.headers.get(name)
        return None if value is None else float(value)


def read_image(response: httpx.Response, body: bytes) -> QRImage:
    """Read an image as a whole: it is small, and one that breaks off is then asked for again."""
    return QRImage(body, response.headers)
