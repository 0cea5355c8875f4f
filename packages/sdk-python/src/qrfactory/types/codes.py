"""Dynamic codes: their documents, their edits, where they lead."""

from __future__ import annotations

from typing import Any, Dict, List, Literal, Optional, TypedDict, Union

from .common import Moment, PageQuery

CodeStatus = Literal["active", "scheduled", "expired", "used_up", "paused"]


class Rule(TypedDict, total=False):
    """A destination for some scans; the first that fits wins."""

    id: str
    #: ``country``, ``language``, ``device``, ``os``, ``from``, ``until``, ``days``, ``hours``,
    #: ``timezone``.
    when: Dict[str, Any]
    destination_url: str


class Variant(TypedDict, total=False):
    """A destination for a share of the visitors."""

    id: str
    destination_url: str
    weight: float


class Utm(TypedDict, total=False):
    """Campaign parameters that are added to destinations."""

    source: str
    medium: str
    campaign: str
    term: str
    content: str


class AppLinks(TypedDict, total=False):
    """Destinations inside apps."""

    ios: str
    android: str


class CodeSettings(TypedDict, total=False):
    """Fields of an edit but name and destination; None takes one back, where it may be absent."""

    fallback_url: Optional[str]
    is_active: bool
    expires_at: Optional[Moment]
    max_scans: Optional[int]
    rules: List[Rule]
    variants: List[Variant]
    forward_query: bool
    utm: Optional[Utm]
    app_links: Optional[AppLinks]
    tags: List[str]
    folder: Optional[str]
    notes: Optional[str]
    password: Optional[str]


class CodeChanges(CodeSettings, total=False):
    """Fields of an edit."""

    name: str
    destination_url: str


class _Settings(TypedDict):
    name: str
    destination_url: str
    fallback_url: Optional[str]
    is_active: bool
    expires_at: Optional[str]
    max_scans: Optional[int]
    rules: List[Rule]
    variants: List[Variant]
    forward_query: bool
    utm: Optional[Utm]
    app_links: Optional[AppLinks]
    tags: List[str]
    folder: Optional[str]
    notes: Optional[str]
    password_protected: bool
    version: int


class _Code(_Settings):
    id: str
    short_id: str
    #: The printed address, in capitals.
    public_url: str
    status: Literal["active", "scheduled", "expired", "used_up", "paused", "deleted"]
    scan_count: int
    last_scanned_at: Optional[str]
    destination_changes_count: int
    created_at: str
    updated_at: str


class Code(_Code, total=False):
    """A dynamic code."""

    deleted_at: str


class CodeVersion(_Settings):
    """A code as one edit left it."""

    changed_by: str
    changed_at: str
    deleted: bool


class CodeFilter(TypedDict, total=False):
    """Some of the codes."""

    search: str
    tag: str
    status: CodeStatus
    folder: str
    is_active: bool


class CodeQuery(CodeFilter, PageQuery, total=False):
    """A list of codes."""

    #: ``created_at``, ``updated_at``, ``name``, ``scan_count``, ``last_scanned_at``; ``-`` turns it
    #: round.
    ordering: str
    deleted: bool


class ShortIds(TypedDict):
    """Codes by name."""

    short_ids: List[str]


class Filtered(TypedDict):
    """Codes by what they have in common."""

    filter: CodeFilter


CodeSelection = Union[ShortIds, Filtered]


class Changed(TypedDict):
    """Count of edited codes."""

    changed: int


class ScheduledChange(TypedDict):
    """An edit that waits for its moment."""

    id: str
    effective_at: str
    changes: Dict[str, Any]
    status: Literal["waiting", "failed"]
    failure: Optional[str]
    created_by: str
    created_at: str


class ResolveRequest(TypedDict, total=False):
    """A scan that might be."""

    at: Moment
    country: str
    user_agent: str
    language: str
    device: str
    os: str
    browser: str


class Match(TypedDict):
    """A rule or variant by its id and its place."""

    id: str
    index: int


class Step(TypedDict):
    """A step on the way to a destination."""

    step: str
    detail: str


class Resolution(TypedDict):
    """Where a scan would lead, and why."""

    destination_url: Optional[str]
    matched_rule: Optional[Match]
    matched_variant: Optional[Match]
    trace: List[Step]
