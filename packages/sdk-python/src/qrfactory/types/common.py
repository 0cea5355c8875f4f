"""What documents have in common."""

from __future__ import annotations

from datetime import datetime
from typing import Dict, List, TypedDict, Union

#: A moment in requests; answers have RFC 3339 in UTC.
Moment = Union[str, datetime]

#: Field → messages.
FieldErrors = Dict[str, List[str]]


class PageQuery(TypedDict, total=False):
    """A page of a list, and its size."""

    page: int
    page_size: int


class CursorQuery(TypedDict, total=False):
    """A place in a stream of events, and how many are asked at once."""

    cursor: str
    limit: int
