"""What was used and done: usage of the plan, delivered images, changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..http.calls import D, Resource, endpoint
from ..http.effects import Flow, WithResponse
from ..http.listing import List
from ..http.transport import RequestOptions
from ..types.accounts import ApiCall, AuditEvent, AuditQuery, CallQuery, Usage, WorkspaceUsage
from ._base import JsonResource

if TYPE_CHECKING:
    from typing_extensions import Unpack


class CallsCall(CallQuery, RequestOptions, total=False):
    """The calls that are listed, and options of asking for them."""


class AuditCall(AuditQuery, RequestOptions, total=False):
    """The changes that are listed, and options of asking for them."""


class UsageOfPlan(JsonResource[D]):
    """Usage of this month, and the limits of the plan."""

    @endpoint
    def get(self, **options: Unpack[RequestOptions]) -> Flow[WithResponse[Usage]]:
        """Return the usage, with an API key."""
        return self._json("GET", "/api/v1/usage/", options=options)

    @endpoint
    def details(self, **options: Unpack[RequestOptions]) -> Flow[WithResponse[WorkspaceUsage]]:
        """Return the usage by key and by day, too, with an access token."""
        return self._json("GET", "/api/v1/usage/me/", options=options)


class Calls(Resource[D]):
    """The ledger of delivered images."""

    def list(self, **query: Unpack[CallsCall]) -> List[D, ApiCall]:
        """List calls, the latest first."""
        return List(self._transport, self._driver, "/api/v1/calls/", query)


class Audit(Resource[D]):
    """The trail of changes; takes the access token of an admin."""

    def list(self, **query: Unpack[AuditCall]) -> List[D, AuditEvent]:
        """List changes, the latest first."""
        return List(self._transport, self._driver, "/api/v1/audit/", query)
