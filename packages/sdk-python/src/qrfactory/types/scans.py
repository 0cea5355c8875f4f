"""Scans: filters, reports, single scans."""

from __future__ import annotations

from typing import List, Literal, Optional, TypedDict

from .common import CursorQuery, Moment


class ScanFilter(TypedDict, total=False):
    """Some of the scans."""

    country: str
    region: str
    city: str
    district: str
    device: str
    os: str
    browser: str
    language: str
    referrer: str
    variant: str
    variant_id: str
    rule_id: str
    serving_region: str
    bot_class: str
    served: str
    #: ``from`` on the wire: a moment or a date.
    from_: Moment
    to: Moment
    timezone: str


class WorkspaceScanFilter(ScanFilter, total=False):
    """Scans of some of the codes of a workspace."""

    tag: str
    folder: str


class ReportOptions(TypedDict, total=False):
    """What a report shows."""

    interval: Literal["hour", "day", "week", "month"]
    include_bots: bool
    include_fallback: bool
    compare: Literal["previous"]
    #: Length of lists, at most 500.
    top: int


class ReportQuery(WorkspaceScanFilter, ReportOptions, total=False):
    """The scans of a report, and what it shows."""


class ScanQuery(WorkspaceScanFilter, CursorQuery, total=False):
    """Single scans."""

    #: Of one code; of all codes where it is left out.
    short_id: str


class ExportQuery(WorkspaceScanFilter, total=False):
    """Scans as a file."""

    short_id: str
    format: Literal["csv", "ndjson"]


class KeyCount(TypedDict):
    """Scans of one country, one device and so on."""

    key: str
    scans: int


class Bucket(TypedDict):
    """Scans of an hour, a day and so on."""

    start: str
    scans: int
    unique_visitors: int


class CodeCount(TypedDict):
    """Scans of one code."""

    short_id: str
    name: str
    scans: int


PreviousPeriod = TypedDict(
    "PreviousPeriod",
    {
        "from": str,
        "to": str,
        "total_scans": int,
        "unique_visitors": int,
        "bots": int,
        "timeseries": List[Bucket],
    },
)


class Changes(TypedDict):
    """Shares by which figures changed."""

    total_scans: Optional[float]
    unique_visitors: Optional[float]
    bots: Optional[float]


class _Report(TypedDict):
    total_scans: int
    unique_visitors: int
    bots: int
    bot_classes: List[KeyCount]
    fallbacks: int
    last_scanned_at: Optional[str]
    complete_from: Optional[str]
    timeseries: List[Bucket]
    countries: List[KeyCount]
    regions: List[KeyCount]
    cities: List[KeyCount]
    districts: List[KeyCount]
    devices: List[KeyCount]
    os: List[KeyCount]
    browsers: List[KeyCount]
    languages: List[KeyCount]
    referrers: List[KeyCount]
    variants: List[KeyCount]
    serving_regions: List[KeyCount]
    served: List[KeyCount]
    rule_ids: List[KeyCount]
    variant_ids: List[KeyCount]


class Report(_Report, total=False):
    """Figures of the scans of a code or a workspace."""

    #: Of a workspace only.
    top_codes: List[CodeCount]
    #: With ``compare``.
    previous: PreviousPeriod
    changes: Changes


class Scan(TypedDict):
    """One scan."""

    id: str
    short_id: str
    code_name: Optional[str]
    scanned_at: str
    country: Optional[str]
    region: Optional[str]
    city: Optional[str]
    district: Optional[str]
    device: Optional[str]
    os: Optional[str]
    browser: Optional[str]
    language: Optional[str]
    referrer: Optional[str]
    variant: Optional[int]
    bot_class: Optional[Literal["bot", "preview", "prefetch"]]
    serving_region: Optional[str]
    visitor: Optional[str]
    served: Optional[Literal["destination", "variant", "app", "fallback"]]
    rule_id: Optional[str]
    variant_id: Optional[str]


class LiveScans(TypedDict):
    """The count of the last half hour."""

    last_minutes: int
    scans: int
    bots: int
    last_scanned_at: Optional[str]


class Orphan(TypedDict):
    """A deleted code that is still scanned."""

    short_id: str
    name: str
    scans: int
    last_scanned_on: str
    deleted_at: Optional[str]


class Orphans(TypedDict):
    """Deleted codes that are still scanned."""

    days: int
    results: List[Orphan]
