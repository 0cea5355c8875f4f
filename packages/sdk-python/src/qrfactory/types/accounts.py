"""Keys, people, workspaces, and what was used and done."""

from __future__ import annotations

from typing import Any, Dict, List, Literal, Optional, TypedDict, Union

from .common import CursorQuery, Moment

KeyScope = Literal["render", "codes:read", "codes:write", "bulk", "analytics"]
Role = Literal["viewer", "member", "admin", "owner"]
InvitedRole = Literal["viewer", "member", "admin"]
Cache = Literal["HIT", "MISS", "BYPASS"]


class ApiKey(TypedDict):
    """An API key without its secrets."""

    id: str
    name: str
    key_prefix: str
    plan: str
    scopes: Optional[List[KeyScope]]
    expires_at: Optional[str]
    last_used_at: Optional[str]
    created_at: str


class NewApiKey(ApiKey):
    """Both secrets are shown this once."""

    raw_key: str
    signing_secret: str


class KeyRevocation(TypedDict):
    """What a revocation would end."""

    dry_run: Literal[True]
    id: str
    key_prefix: str
    last_used_at: Optional[str]
    renders_last_30_days: int
    effects: List[str]


class User(TypedDict):
    """A person."""

    id: str
    email: str
    email_verified: bool
    created_at: str


class WorkspaceSummary(TypedDict):
    """A workspace, and the caller's role in it."""

    id: str
    name: str
    plan: str
    frozen: Optional[str]
    role: Role
    created_at: str


class ScanPages(TypedDict, total=False):
    """Whom the pages at the end of a code name."""

    name: Optional[str]
    contact: Optional[str]


class Workspace(WorkspaceSummary):
    """A workspace with its settings."""

    overage_enabled: bool
    overage_renders_max: Optional[int]
    scan_pages: Optional[ScanPages]


class WorkspaceChanges(TypedDict, total=False):
    """Settings of a workspace."""

    overage_enabled: bool
    overage_renders_max: Optional[int]
    scan_pages: Optional[ScanPages]


class SessionTokens(TypedDict):
    """Tokens of a log-in; ``expires_in`` is the access token's, in seconds."""

    access_token: str
    refresh_token: str
    expires_in: int


class Session(SessionTokens):
    """A log-in."""

    user: User
    workspace: WorkspaceSummary


class Me(TypedDict):
    """The caller."""

    user: User
    workspace: WorkspaceSummary
    workspaces: List[WorkspaceSummary]


class Member(TypedDict):
    """A person in a workspace, or invited to it."""

    id: str
    user_id: Optional[str]
    email: str
    role: Role
    status: Literal["invited", "active"]
    created_at: str
    expires_at: Optional[str]


class _Usage(TypedDict):
    plan: str
    #: None is unlimited.
    monthly_quota: Optional[int]
    used_this_month: int
    remaining: Optional[int]
    max_size_inches: float
    max_dpi: int
    max_active_dynamic_qrs: Optional[int]
    active_dynamic_qrs: int
    max_bulk_items: int
    resets_at: str


class Usage(_Usage, total=False):
    """Usage of this month, and the limits of the plan."""

    #: Of a key only.
    key_prefix: str


class WorkspaceUsage(Usage):
    """Usage by key and by day, too."""

    overage: Dict[str, Any]
    thresholds: List[Dict[str, str]]
    by_key: List[Dict[str, Any]]
    daily: List[Dict[str, Any]]


class ApiCall(TypedDict):
    """A delivered image."""

    id: str
    at: str
    request_id: str
    key: Optional[Dict[str, Optional[str]]]
    endpoint: str
    status: int
    cache: Cache
    cache_key: str
    format: str
    duration_ms: float
    credits: int


class CallQuery(CursorQuery, total=False):
    """Some of the calls."""

    key: str
    status: int
    cache: Cache
    #: ``from`` on the wire.
    from_: Moment
    to: Moment


class AuditEvent(TypedDict):
    """A change, who made it, and from where."""

    id: str
    at: str
    action: str
    actor: Dict[str, Optional[str]]
    network: Optional[str]
    request_id: Optional[str]
    target: Optional[str]
    details: Any


class AuditQuery(CursorQuery, total=False):
    """Some of the changes."""

    action: Union[str, List[str]]
    actor_id: str
    target: str
    #: ``from`` on the wire.
    from_: Moment
    to: Moment


class ServiceStatus(TypedDict):
    """How the service and its parts are."""

    status: Literal["ok", "degraded", "down"]
    version: str
    components: Dict[str, Dict[str, Any]]
