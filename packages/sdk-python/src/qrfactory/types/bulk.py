"""Bulk orders."""

from __future__ import annotations

from typing import Dict, List, Literal, Optional, TypedDict

from .common import FieldErrors
from .images import DataType, Design, Pictures

BulkStatus = Literal["queued", "running", "completed", "failed", "cancelled"]


class BulkDefaults(Design, Pictures, total=False):
    """Fields that hold for every row."""

    data_type: DataType


class _BulkJob(TypedDict):
    id: str
    status: BulkStatus
    total: int
    completed: int
    failed: int
    credits_refunded: int
    failure: Optional[str]
    estimated_seconds_left: Optional[float]
    created_at: str
    started_at: Optional[str]
    finished_at: Optional[str]
    expires_at: Optional[str]
    status_url: str
    events_url: str
    #: Needs no key and lasts a day.
    download_url: Optional[str]


class BulkJob(_BulkJob, total=False):
    """The document of an order."""

    #: Row → field → messages, of rows that failed late; lists of orders leave it out.
    errors: Optional[Dict[str, FieldErrors]]


class _ForecastRow(TypedDict):
    row: int
    filename: str
    data: str


class ForecastRow(_ForecastRow, total=False):
    """What a row would make."""

    short_id: str
    name: str
    destination_url: str


class BulkForecast(TypedDict):
    """What an order would make and cost."""

    dry_run: Literal[True]
    total: int
    credits: int
    credits_remaining: Optional[int]
    warnings: List[str]
    rows: List[ForecastRow]
    refused: int
    unjudged: int
    errors: Dict[str, FieldErrors]
