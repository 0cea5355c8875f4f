"""API keys; they take the access token of a log-in, not a key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Optional

from ..http.calls import D, endpoint
from ..http.effects import Flow, WithResponse
from ..http.listing import List
from ..http.transport import RequestOptions, split_options
from ..types.accounts import ApiKey, KeyRevocation, KeyScope, NewApiKey
from ..types.common import Moment
from ._base import JsonResource, part_of
from .codes import PageCall

if TYPE_CHECKING:
    from typing_extensions import Unpack

_ROOT = "/api/v1/keys/"


class KeyCall(RequestOptions, total=False):
    """What a key may do and for how long, and options of the call."""

    scopes: list[KeyScope]
    expires_at: Moment


def _path_of(key_id: str) -> str:
    return f"{_ROOT}{part_of(key_id)}/"


class Keys(JsonResource[D]):
    """API keys of the workspace."""

    @endpoint
    def create(self, *, name: str, **limits: Unpack[KeyCall]) -> Flow[WithResponse[NewApiKey]]:
        """Make a key. The answer holds both secrets, this once."""
        fields, options = split_options(limits)
        body = {"name": name, **fields}
        return self._json("POST", _ROOT, body=body, creates=True, options=options)

    def list(self, **query: Unpack[PageCall]) -> List[D, ApiKey]:
        """List keys."""
        return List(self._transport, self._driver, _ROOT, query)

    @endpoint
    def rotate(
        self,
        key_id: str,
        *,
        overlap_seconds: Optional[int] = None,
        **options: Unpack[RequestOptions],
    ) -> Flow[WithResponse[NewApiKey]]:
        """Make new secrets; the old ones go on for ``overlap_seconds``, a week at most."""
        body = {} if overlap_seconds is None else {"overlap_seconds": overlap_seconds}
        path = f"{_path_of(key_id)}rotate/"
        return self._json("POST", path, body=body, creates=True, options=options)

    @endpoint
    def revoke(self, key_id: str, **options: Unpack[RequestOptions]) -> Flow[WithResponse[None]]:
        """End a key."""
        return self._nothing("DELETE", _path_of(key_id), options=options)

    @endpoint
    def foresee_revocation(
        self, key_id: str, **options: Unpack[RequestOptions]
    ) -> Flow[WithResponse[KeyRevocation]]:
        """Say what a revocation would end."""
        return self._json("DELETE", _path_of(key_id), query={"dry_run": True}, options=options)
