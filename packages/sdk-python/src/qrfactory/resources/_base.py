"""The flows that resources share: documents and empty answers."""

from __future__ import annotations

from typing import Any, Mapping, Optional
from urllib.parse import quote

from ..http.calls import D, Resource
from ..http.effects import Flow, WithResponse
from ..http.transport import Call, read_json, read_nothing


def part_of(text: str) -> str:
    """Return an id as part of a path."""
    return quote(text, safe="")


class JsonResource(Resource[D]):
    """A resource whose answers are JSON documents, or empty."""

    def _json(self, method: str, path: str, **call: Any) -> Flow[WithResponse[Any]]:
        """Ask for a document."""
        return self._transport.fetch(Call(method, path, **call), read_json)

    def _nothing(self, method: str, path: str, **call: Any) -> Flow[WithResponse[None]]:
        """Ask for an effect."""
        return self._transport.fetch(Call(method, path, **call), read_nothing)


def if_match(version: Optional[int]) -> Mapping[str, str]:
    """Return the header of an edit that holds only for the version that was read."""
    return {} if version is None else {"if-match": f'"{version}"'}
