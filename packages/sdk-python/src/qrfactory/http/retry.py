"""The retry policy: 5xx and failures of the network only, one second doubled, at most three times,
with full jitter.

Jitter keeps clients that failed together from coming back together.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timezone
from email.utils import parsedate_to_datetime
from typing import Callable, Optional, Union

from ..errors import ApiError, ConnectionError, RateLimitError, ServerError

#: Delay before the first retry, before jitter; doubled for each further one.
BASE_SECONDS = 1.0

#: More retries than this are not made, whatever is asked for.
RETRIES_MAX = 3

#: A server that asks for more patience than this is not asked again: the error says how long.
RETRY_AFTER_SECONDS_MAX = 60


@dataclass(frozen=True)
class RetryEvent:
    """A wait that is about to begin."""

    #: 1 for the first retry.
    retry: int
    delay_seconds: float
    error: Union[ApiError, ConnectionError]
    method: str
    path: str


@dataclass(frozen=True)
class RetryPolicy:
    """Limits of retries: of the client, or of one call."""

    #: 0 to 3.
    max_retries: int
    #: Whether 429 ``rate_limited`` is retried, too. A quota that is used up never is.
    retry_on_rate_limit: bool
    #: Uniform in [0, 1).
    random: Callable[[], float]


def retry_delay_seconds(error: Exception, failures: int, policy: RetryPolicy) -> Optional[float]:
    """Return the seconds until the retry after so many failures in a row, at least one; None when
    there is none.

    ``Retry-After`` of the server is waited for in full, and the jitter comes on top of it.
    """
    if failures > min(policy.max_retries, RETRIES_MAX) or not _is_retried(error, policy):
        return None
    asked = (error.retry_after_seconds or 0) if isinstance(error, ApiError) else 0
    if asked > RETRY_AFTER_SECONDS_MAX:
        return None
    return asked + policy.random() * BASE_SECONDS * 2.0 ** (failures - 1)


def _is_retried(error: Exception, policy: RetryPolicy) -> bool:
    if isinstance(error, (ConnectionError, ServerError)):
        return True
    is_rate = isinstance(error, RateLimitError) and error.code != "quota_exceeded"
    return policy.retry_on_rate_limit and is_rate


def read_retry_after(header: Optional[str], now: float) -> Optional[float]:
    """Return the seconds of a ``Retry-After``, a number or a date (RFC 9110, 10.2.3).

    None stands for none, and for what is neither. ``now`` is in seconds since 1970.
    """
    if header is None:
        return None
    if re.fullmatch(r"\s*[0-9]+\s*", header):
        return float(header)
    try:
        at = parsedate_to_datetime(header)
    except (TypeError, ValueError):
        return None
    return max(0.0, at.replace(tzinfo=at.tzinfo or timezone.utc).timestamp() - now)
