"""People: their sessions, their workspaces, and who else is in one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Optional

from ..http.calls import D, endpoint
from ..http.effects import Flow, WithResponse
from ..http.listing import List
from ..http.transport import RequestOptions, split_options
from ..types.accounts import (
    InvitedRole,
    Me,
    Member,
    Session,
    SessionTokens,
    Workspace,
    WorkspaceChanges,
    WorkspaceSummary,
)
from ._base import JsonResource, part_of
from .codes import PageCall

if TYPE_CHECKING:
    from typing_extensions import Unpack


class WorkspaceCall(WorkspaceChanges, RequestOptions, total=False):
    """Settings of a workspace, and options of the call."""


class Auth(JsonResource[D]):
    """Sessions of people."""

    @endpoint
    def log_in(
        self,
        *,
        email: str,
        password: str,
        workspace_id: Optional[str] = None,
        **options: Unpack[RequestOptions],
    ) -> Flow[WithResponse[Session]]:
        """Begin a session."""
        body = {"email": email, "password": password}
        if workspace_id is not None:
            body["workspace_id"] = workspace_id
        return self._json("POST", "/api/v1/auth/login/", body=body, options=options)

    @endpoint
    def sign_up(
        self,
        *,
        email: str,
        password: str,
        workspace_name: str,
        **options: Unpack[RequestOptions],
    ) -> Flow[WithResponse[Session]]:
        """Make an account and its workspace."""
        body = {"email": email, "password": password, "workspace_name": workspace_name}
        return self._json("POST", "/api/v1/auth/signup/", body=body, options=options)

    @endpoint
    def refresh(
        self, refresh_token: str, **options: Unpack[RequestOptions]
    ) -> Flow[WithResponse[SessionTokens]]:
        """Exchange a refresh token, which is then used up.

        It is asked once, since a second time would end the session.
        """
        body = {"refresh_token": refresh_token}
        once = {**options, "max_retries": 0}
        return self._json("POST", "/api/v1/auth/refresh/", body=body, options=once)

    @endpoint
    def log_out(
        self, refresh_token: str, **options: Unpack[RequestOptions]
    ) -> Flow[WithResponse[None]]:
        """End a session."""
        body = {"refresh_token": refresh_token}
        return self._nothing("POST", "/api/v1/auth/logout/", body=body, options=options)

    @endpoint
    def me(self, **options: Unpack[RequestOptions]) -> Flow[WithResponse[Me]]:
        """Return the person, and their workspaces."""
        return self._json("GET", "/api/v1/me/", options=options)


class Workspaces(JsonResource[D]):
    """The workspace of the caller."""

    @endpoint
    def get(self, **options: Unpack[RequestOptions]) -> Flow[WithResponse[Workspace]]:
        """Return the workspace."""
        return self._json("GET", "/api/v1/workspace/", options=options)

    @endpoint
    def update(self, **changes: Unpack[WorkspaceCall]) -> Flow[WithResponse[Workspace]]:
        """Change settings of the workspace."""
        body, options = split_options(changes)
        return self._json("PATCH", "/api/v1/workspace/", body=body, options=options)

    def list(self, **query: Unpack[PageCall]) -> List[D, WorkspaceSummary]:
        """List all workspaces of the person."""
        return List(self._transport, self._driver, "/api/v1/workspaces/", query)

    @endpoint
    def create(
        self, *, name: str, **options: Unpack[RequestOptions]
    ) -> Flow[WithResponse[WorkspaceSummary]]:
        """Make another workspace of the person."""
        body = {"name": name}
        return self._json(
            "POST", "/api/v1/workspaces/", body=body, creates=True, options=options
        )


_MEMBERS = "/api/v1/members/"


def _member_path(member_id: str) -> str:
    return f"{_MEMBERS}{part_of(member_id)}/"


class Members(JsonResource[D]):
    """Members of the workspace."""

    def list(self, **query: Unpack[PageCall]) -> List[D, Member]:
        """List members, and people who are invited."""
        return List(self._transport, self._driver, _MEMBERS, query)

    @endpoint
    def invite(
        self, *, email: str, role: InvitedRole, **options: Unpack[RequestOptions]
    ) -> Flow[WithResponse[Member]]:
        """Invite a person."""
        body = {"email": email, "role": role}
        return self._json("POST", _MEMBERS, body=body, creates=True, options=options)

    @endpoint
    def change_role(
        self, member_id: str, role: InvitedRole, **options: Unpack[RequestOptions]
    ) -> Flow[WithResponse[Member]]:
        """Change what a member may do."""
        return self._json("PATCH", _member_path(member_id), body={"role": role}, options=options)

    @endpoint
    def remove(
        self, member_id: str, **options: Unpack[RequestOptions]
    ) -> Flow[WithResponse[None]]:
        """Remove a member."""
        return self._nothing("DELETE", _member_path(member_id), options=options)
