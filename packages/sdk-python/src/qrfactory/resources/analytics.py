"""Scans: reports, lists, exports, and as they come in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Optional

from ..http.calls import D, emitter, endpoint
from ..http.effects import Flow, WithResponse
from ..http.events import follow_events
from ..http.file import File, download
from ..http.listing import List
from ..http.transport import RequestOptions, split_options
from ..types.scans import ExportQuery, LiveScans, Orphans, Report, ReportQuery, Scan, ScanQuery
from ._base import JsonResource, part_of

if TYPE_CHECKING:
    from typing_extensions import Unpack


class ReportCall(ReportQuery, RequestOptions, total=False):
    """What is reported, and options of the call."""


class ScansCall(ScanQuery, RequestOptions, total=False):
    """The scans that are listed, and options of the calls."""


class ExportCall(ExportQuery, RequestOptions, total=False):
    """The scans that are exported, and options of the call."""


def _scope_of(short_id: Optional[str]) -> str:
    return "/api/v1/" if short_id is None else f"/api/v1/dynamic/{part_of(short_id)}/"


class Analytics(JsonResource[D]):
    """Scans of the codes of the workspace; ``from_`` stands for ``from``, a word of Python."""

    @endpoint
    def code(self, short_id: str, **query: Unpack[ReportCall]) -> Flow[WithResponse[Report]]:
        """Return the report of one code."""
        fields, options = split_options(query)
        path = f"{_scope_of(short_id)}analytics/"
        return self._json("GET", path, query=fields, options=options)

    @endpoint
    def workspace(self, **query: Unpack[ReportCall]) -> Flow[WithResponse[Report]]:
        """Return the report of all codes."""
        fields, options = split_options(query)
        return self._json("GET", "/api/v1/analytics/", query=fields, options=options)

    def scans(self, **query: Unpack[ScansCall]) -> List[D, Scan]:
        """List single scans, the latest first: of the workspace, or of one code by ``short_id``."""
        path = f"{_scope_of(query.pop('short_id', None))}scans/"
        return List(self._transport, self._driver, path, query)

    @endpoint
    def export_scans(self, **query: Unpack[ExportCall]) -> Flow[WithResponse[File[D]]]:
        """Export all scans of a range as a file, the oldest first."""
        path = f"{_scope_of(query.pop('short_id', None))}scans/export/"
        return download(self, path, *split_options(query))

    @emitter
    def live(
        self, *, short_id: Optional[str] = None, **options: Unpack[RequestOptions]
    ) -> Flow[LiveScans]:
        """Give the count of the last half hour, at once and whenever it changes, without end."""
        path = f"{_scope_of(short_id)}analytics/live/"
        return follow_events(self._transport, path, options, lambda _event: False)

    @endpoint
    def orphans(
        self, *, days: Optional[int] = None, **options: Unpack[RequestOptions]
    ) -> Flow[WithResponse[Orphans]]:
        """Return deleted codes that are still scanned."""
        return self._json("GET", "/api/v1/orphans/", query={"days": days}, options=options)
