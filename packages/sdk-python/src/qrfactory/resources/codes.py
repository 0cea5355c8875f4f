"""Dynamic codes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Optional

from ..http.calls import D, endpoint
from ..http.effects import Flow, WithResponse
from ..http.file import File, download
from ..http.listing import List
from ..http.transport import Call, RequestOptions, split_options
from ..image import QRImage, read_image
from ..types.codes import (
    Changed,
    Code,
    CodeChanges,
    CodeQuery,
    CodeSelection,
    CodeSettings,
    CodeVersion,
    Resolution,
    ResolveRequest,
    ScheduledChange,
)
from ..types.common import Moment, PageQuery
from ..types.images import Design
from ._base import JsonResource, if_match, part_of

if TYPE_CHECKING:
    from typing_extensions import Unpack

_ROOT = "/api/v1/dynamic/"


def _path_of(short_id: str, rest: str = "") -> str:
    return f"{_ROOT}{part_of(short_id)}/{rest}"


class CreateCall(CodeSettings, RequestOptions, total=False):
    """Settings of a new code, and options of the call."""

    short_id: str


class EditCall(CodeChanges, RequestOptions, total=False):
    """Fields of an edit, and options of the call."""


class ListCall(CodeQuery, RequestOptions, total=False):
    """A list of codes, and options of its calls."""


class PageCall(PageQuery, RequestOptions, total=False):
    """A page of a list, and options of its calls."""


class ResolveCall(ResolveRequest, RequestOptions, total=False):
    """A scan that might be, and options of the call."""


class ImageOfCodeCall(Design, RequestOptions, total=False):
    """A design, and options of the call."""


class Codes(JsonResource[D]):
    """Dynamic codes of the workspace.

    An edit with ``if_version`` holds only for the version that was read: else ``ConflictError``
    with the code ``version_mismatch``.
    """

    @endpoint
    def create(
        self, *, name: str, destination_url: str, **settings: Unpack[CreateCall]
    ) -> Flow[WithResponse[Code]]:
        """Make a code."""
        fields, options = split_options(settings)
        body = {"name": name, "destination_url": destination_url, **fields}
        return self._json("POST", _ROOT, body=body, creates=True, options=options)

    @endpoint
    def get(
        self, short_id: str, *, at: Optional[Moment] = None, **options: Unpack[RequestOptions]
    ) -> Flow[WithResponse[Code]]:
        """Return a code; with ``at``, as it was or will be at a moment."""
        return self._json("GET", _path_of(short_id), query={"at": at}, options=options)

    def list(self, **query: Unpack[ListCall]) -> List[D, Code]:
        """List codes."""
        return List(self._transport, self._driver, _ROOT, query)

    @endpoint
    def update(
        self, short_id: str, *, if_version: Optional[int] = None, **changes: Unpack[EditCall]
    ) -> Flow[WithResponse[Code]]:
        """Edit a code."""
        body, options = split_options(changes)
        path = _path_of(short_id)
        return self._json("PATCH", path, body=body, headers=if_match(if_version), options=options)

    @endpoint
    def delete(
        self, short_id: str, *, if_version: Optional[int] = None, **options: Unpack[RequestOptions]
    ) -> Flow[WithResponse[None]]:
        """Delete a code."""
        headers = if_match(if_version)
        return self._nothing("DELETE", _path_of(short_id), headers=headers, options=options)

    @endpoint
    def restore(
        self, short_id: str, *, if_version: Optional[int] = None, **options: Unpack[RequestOptions]
    ) -> Flow[WithResponse[Code]]:
        """Bring a deleted code back."""
        path, headers = _path_of(short_id, "restore/"), if_match(if_version)
        return self._json("POST", path, body={}, headers=headers, options=options)

    @endpoint
    def update_many(
        self, selection: CodeSelection, changes: CodeChanges, **options: Unpack[RequestOptions]
    ) -> Flow[WithResponse[Changed]]:
        """Edit up to a thousand codes, all or none."""
        body = {**selection, "changes": changes}
        return self._json("PATCH", _ROOT, body=body, options=options)

    def history(
        self, short_id: str, *, at: Optional[Moment] = None, **query: Unpack[PageCall]
    ) -> List[D, CodeVersion]:
        """List every version, the latest first."""
        path = _path_of(short_id, "history/")
        return List(self._transport, self._driver, path, {**query, "at": at})

    @endpoint
    def rollback(
        self,
        short_id: str,
        version: int,
        *,
        if_version: Optional[int] = None,
        **options: Unpack[RequestOptions],
    ) -> Flow[WithResponse[Code]]:
        """Make an edit that says what a version said; the password stays."""
        path, headers = _path_of(short_id, "rollback/"), if_match(if_version)
        body = {"version": version}
        return self._json("POST", path, body=body, headers=headers, options=options)

    @endpoint
    def schedule(
        self, short_id: str, *, effective_at: Moment, **changes: Unpack[EditCall]
    ) -> Flow[WithResponse[ScheduledChange]]:
        """Edit at a moment to come."""
        fields, options = split_options(changes)
        body = {"effective_at": effective_at, **fields}
        path = _path_of(short_id, "scheduled/")
        return self._json("POST", path, body=body, creates=True, options=options)

    def scheduled(self, short_id: str, **query: Unpack[PageCall]) -> List[D, ScheduledChange]:
        """List edits that wait."""
        return List(self._transport, self._driver, _path_of(short_id, "scheduled/"), query)

    @endpoint
    def unschedule(
        self, short_id: str, change_id: str, **options: Unpack[RequestOptions]
    ) -> Flow[WithResponse[None]]:
        """Call off an edit that waits."""
        path = _path_of(short_id, f"scheduled/{part_of(change_id)}/")
        return self._nothing("DELETE", path, options=options)

    @endpoint
    def resolve(
        self, short_id: str, **scan: Unpack[ResolveCall]
    ) -> Flow[WithResponse[Resolution]]:
        """Say where a scan would lead, and why; counts nothing."""
        body, options = split_options(scan)
        return self._json("POST", _path_of(short_id, "resolve/"), body=body, options=options)

    @endpoint
    def image(
        self, short_id: str, **design: Unpack[ImageOfCodeCall]
    ) -> Flow[WithResponse[QRImage]]:
        """Draw a code; costs a credit."""
        query, options = split_options(design)
        call = Call("GET", _path_of(short_id, "image/"), query=query, options=options)
        return self._transport.fetch(call, read_image)

    @endpoint
    def export_all(
        self,
        *,
        format: Literal["csv", "json", "nginx"],
        timezone: Optional[str] = None,
        **options: Unpack[RequestOptions],
    ) -> Flow[WithResponse[File[D]]]:
        """Export all codes, as a table or as a map for another server."""
        query: Any = {"format": format, "timezone": timezone}
        return download(self, f"{_ROOT}export/", query, options)
