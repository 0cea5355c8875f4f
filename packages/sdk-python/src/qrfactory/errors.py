"""Every way in which a call can fail, as classes: refusals, and answers that never came whole."""

from __future__ import annotations

import builtins
import json
from typing import Any, Mapping, Optional, Tuple, Type


class QRFactoryError(Exception):
    """The ancestor of everything that this package raises."""


class ApiError(QRFactoryError):
    """A refusal by the server, with the members of its problem document (RFC 9457)."""

    def __init__(
        self,
        status: int,
        reason: str,
        headers: Mapping[str, str],
        problem: Mapping[str, Any],
        retry_after_seconds: Optional[float] = None,
    ) -> None:
        detail = problem.get("detail") or f"The server answered {status} {reason}".strip()
        super().__init__(detail)
        self._made_of = (status, reason, dict(headers), dict(problem), retry_after_seconds)
        self.status = status
        #: A stable word to branch on; ``http_502`` and the like where the answer was no problem
        #: document.
        self.code: str = problem.get("code") or f"http_{status}"
        #: A sentence that says what to change.
        self.detail: str = detail
        #: ``X-Request-Id`` of the answer, for questions to whoever runs the service.
        self.request_id: Optional[str] = headers.get("x-request-id") or problem.get("request_id")
        #: Field → messages; of a bulk order row → field → messages.
        self.errors: Optional[Mapping[str, Any]] = problem.get("errors")
        #: Seconds that the server asks to wait, if it does.
        self.retry_after_seconds = retry_after_seconds
        self.headers = headers

    def __reduce__(self) -> Tuple[Type[ApiError], Tuple[Any, ...]]:
        """Lets the error travel between processes, as queues of tasks have it do."""
        return (type(self), self._made_of)


class ValidationError(ApiError):
    """400, 413, 415, 422: the request itself is wrong; ``errors`` names the fields."""


class UnscannableError(ValidationError):
    """The image would not scan (``unscannable``); nothing was charged."""


class AuthenticationError(ApiError):
    """401: the key or token is missing, mistyped, expired or revoked."""


class PermissionError(ApiError, builtins.PermissionError):
    """403: the caller may not do this."""


class PlanLimitError(PermissionError):
    """403 ``plan_limit``: the plan does not include this."""


class NotFoundError(ApiError):
    """404, and 410 for what is gone."""


class ConflictError(ApiError):
    """409 and 412: somebody or something else was first."""


class RateLimitError(ApiError):
    """429: too many requests (``rate_limited``), or no credit left (``quota_exceeded``)."""


class ServerError(ApiError):
    """5xx, after all retries."""


class ConnectionError(QRFactoryError, builtins.ConnectionError):
    """No whole answer arrived: refused, reset, or broken off; ``__cause__`` says how."""


class TimeoutError(ConnectionError, builtins.TimeoutError):
    """No whole answer arrived in time."""


class WebhookVerificationError(QRFactoryError):
    """A webhook that was not signed with this secret, or not now."""


def _class_of(status: int, code: Optional[str]) -> Type[ApiError]:
    if code == "unscannable":
        return UnscannableError
    if code == "plan_limit":
        return PlanLimitError
    if status >= 500:
        return ServerError
    return {
        400: ValidationError,
        401: AuthenticationError,
        403: PermissionError,
        404: NotFoundError,
        409: ConflictError,
        410: NotFoundError,
        412: ConflictError,
        413: ValidationError,
        415: ValidationError,
        422: ValidationError,
        429: RateLimitError,
    }.get(status, ApiError)


def error_of(
    status: int,
    reason: str,
    headers: Mapping[str, str],
    body: bytes,
    retry_after_seconds: Optional[float],
) -> ApiError:
    """Return the error for an answer with its body, whether or not that is a problem document."""
    problem = _problem_in(body)
    return _class_of(status, problem.get("code"))(
        status, reason, headers, problem, retry_after_seconds
    )


def _problem_in(body: bytes) -> Mapping[str, Any]:
    try:
        problem = json.loads(body)
    except ValueError:
        return {}
    return problem if isinstance(problem, dict) else {}
