"""The client of QRFactory, the QR code service that people host themselves."""

from .client import AsyncQRFactory, QRFactory
from .errors import (
    ApiError,
    AuthenticationError,
    ConflictError,
    ConnectionError,
    NotFoundError,
    PermissionError,
    PlanLimitError,
    QRFactoryError,
    RateLimitError,
    ServerError,
    TimeoutError,
    UnscannableError,
    ValidationError,
    WebhookVerificationError,
)
from .http.drivers import AsyncDriver, SyncDriver
from .http.effects import WithResponse
from .http.file import File
from .http.listing import List, Page
from .http.retry import RetryEvent
from .image import QRImage
from .resources.bulk_order import BulkOrder
from .signed_url import signed_image_url
from .webhook import verify_webhook

__all__ = [
    "ApiError",
    "AsyncDriver",
    "AsyncQRFactory",
    "AuthenticationError",
    "BulkOrder",
    "ConflictError",
    "ConnectionError",
    "File",
    "List",
    "NotFoundError",
    "Page",
    "PermissionError",
    "PlanLimitError",
    "QRFactory",
    "QRFactoryError",
    "QRImage",
    "RateLimitError",
    "RetryEvent",
    "ServerError",
    "SyncDriver",
    "TimeoutError",
    "UnscannableError",
    "ValidationError",
    "WebhookVerificationError",
    "WithResponse",
    "signed_image_url",
    "verify_webhook",
]
