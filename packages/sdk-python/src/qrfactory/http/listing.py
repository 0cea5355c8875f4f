"""Lists: walked item by item across their pages, or asked for one page."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, AsyncIterator, Dict, Generic, Iterator, Mapping, Optional, TypeVar
from urllib.parse import parse_qs, urlsplit

from .calls import D, Resource, emitter, endpoint
from .drivers import AsyncDriver, SyncDriver
from .effects import Emit, Flow, WithResponse
from .transport import Call, Transport, read_json, split_options

Item = TypeVar("Item")


@dataclass(frozen=True)
class Page(Generic[Item]):
    """One page of a list."""

    results: list[Item]
    #: Of all pages; None in streams of events.
    count: Optional[int] = None
    next: Optional[str] = None
    previous: Optional[str] = None
    #: Of streams of events.
    next_cursor: Optional[str] = None

    def _next_query(self) -> Optional[Mapping[str, Any]]:
        """Parameters of the next page; the host in ``next`` does not count."""
        if self.next_cursor is not None:
            return {"cursor": self.next_cursor}
        if self.next is None:
            return None
        query = parse_qs(urlsplit(self.next).query)
        return {name: query[name][0] for name in ("page", "cursor") if name in query}


class List(Resource[D], Generic[D, Item]):
    """A list that is fetched while it is walked: ``for item in list``, or ``async for``."""

    def __init__(
        self, transport: Transport, driver: D, path: str, given: Mapping[str, Any]
    ) -> None:
        super().__init__(transport, driver)
        query, options = split_options(given)
        self._call = Call("GET", path, query=query, options=options)

    @endpoint
    def page(self) -> Flow[WithResponse[Page[Item]]]:
        """Return the first page, or the one that ``page`` or ``cursor`` named."""
        return (yield from self._load({}))

    @emitter
    def pages(self) -> Flow[Page[Item]]:
        """Give page after page."""
        query: Optional[Mapping[str, Any]] = {}
        while query is not None:
            page: Page[Item] = (yield from self._load(query)).data
            yield Emit(page)
            query = page._next_query()
        return None  # type: ignore[return-value]

    def __iter__(self: List[SyncDriver, Item]) -> Iterator[Item]:
        if not isinstance(self._driver, SyncDriver):
            raise TypeError("Walk lists of AsyncQRFactory by `async for`.")
        for page in self.pages():
            yield from page.results

    async def __aiter__(self: List[AsyncDriver, Item]) -> AsyncIterator[Item]:
        if not isinstance(self._driver, AsyncDriver):
            raise TypeError("Walk lists of QRFactory by `for`.")
        async for page in self.pages():
            for item in page.results:
                yield item

    def _load(self, query: Mapping[str, Any]) -> Flow[WithResponse[Page[Item]]]:
        call = replace(self._call, query={**self._call.query, **query})
        return (yield from self._transport.fetch(call, _read_page))


def _read_page(response: Any, body: bytes) -> Page[Any]:
    document: Dict[str, Any] = read_json(response, body)
    names = ("count", "next", "previous", "next_cursor")
    return Page(document["results"], **{name: document.get(name) for name in names})
