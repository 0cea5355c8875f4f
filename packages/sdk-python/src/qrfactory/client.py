"""The clients: their options, and every resource of the service below them."""

from __future__ import annotations

import asyncio
import random as random_module
import time
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Awaitable, Callable, Dict, Optional, Union
from urllib.parse import urlsplit

import httpx

from .errors import QRFactoryError
from .http.calls import D, endpoint
from .http.drivers import AsyncDriver, SyncDriver
from .http.effects import Flow, WithResponse
from .http.retry import RETRIES_MAX, RetryEvent, RetryPolicy
from .http.transport import RequestOptions, Transport
from .resources.account import Auth, Members, Workspaces
from .resources.analytics import Analytics
from .resources.bulk import Bulk
from .resources.codes import Codes
from .resources.images import Images
from .resources.keys import Keys
from .resources.records import Audit, Calls, UsageOfPlan
from .types.accounts import ServiceStatus

if TYPE_CHECKING:
    from typing_extensions import Unpack

#: Seconds: long enough for an image with pictures that are fetched, short enough to notice that
#: nobody is there.
TIMEOUT_SECONDS = 60.0

#: Of the operating system: programs that seed the shared generator alike would come back together.
_system_random = random_module.SystemRandom().random


class _Service(Images[D]):
    """Every resource of one service, over either driver."""

    def __init__(self, transport: Transport, driver: D) -> None:
        super().__init__(transport, driver)
        self.base_url = transport.base_url
        self.codes: Codes[D] = Codes(transport, driver)
        self.bulk: Bulk[D] = Bulk(transport, driver)
        self.analytics: Analytics[D] = Analytics(transport, driver)
        self.keys: Keys[D] = Keys(transport, driver)
        self.usage: UsageOfPlan[D] = UsageOfPlan(transport, driver)
        self.calls: Calls[D] = Calls(transport, driver)
        self.audit: Audit[D] = Audit(transport, driver)
        self.workspace: Workspaces[D] = Workspaces(transport, driver)
        self.members: Members[D] = Members(transport, driver)
        self.auth: Auth[D] = Auth(transport, driver)

    @endpoint
    def status(self, **options: Unpack[RequestOptions]) -> Flow[WithResponse[ServiceStatus]]:
        """Say how the service and its parts are."""
        return self._json("GET", "/api/status/", options=options)


class QRFactory(_Service[SyncDriver]):
    """A client of one QRFactory service; ``with`` closes its connections.

    ``api_key`` (``smk_…``) is for programs. ``access_token`` is of a log-in: a text, or a function
    that is asked for each attempt, so that it may renew the token. ``timeout`` is in seconds, for
    each attempt. ``max_retries`` is 0 to 3 after 5xx and failures of the network;
    ``retry_on_rate_limit`` retries 429 ``rate_limited``, too; ``on_retry`` is told before each
    wait. ``http_client`` goes in place of a client of its own, for proxies and certificates;
    whoever made it closes it. ``random`` and ``sleep`` make the waits those of a test. Raises
    ``QRFactoryError`` for options that cannot work.
    """

    def __init__(
        self,
        *,
        base_url: str,
        api_key: Optional[str] = None,
        access_token: Union[None, str, Callable[[], str]] = None,
        timeout: float = TIMEOUT_SECONDS,
        max_retries: int = RETRIES_MAX,
        retry_on_rate_limit: bool = False,
        on_retry: Optional[Callable[[RetryEvent], None]] = None,
        http_client: Optional[httpx.Client] = None,
        random: Callable[[], float] = _system_random,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        policy = RetryPolicy(max_retries, retry_on_rate_limit, random)
        headers = _headers_of(api_key, access_token)
        transport = Transport(
            _checked(base_url), headers, access_token, timeout, policy, on_retry
        )
        super().__init__(transport, SyncDriver(http_client, sleep))

    def close(self) -> None:
        """Close the connections."""
        self._driver.close()

    def __enter__(self) -> QRFactory:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()


class AsyncQRFactory(_Service[AsyncDriver]):
    """The same for asyncio: calls are awaited, lists and events walked by ``async for``, files read
    so.

    Its options are those of ``QRFactory``; ``access_token`` may be a coroutine function.
    """

    def __init__(
        self,
        *,
        base_url: str,
        api_key: Optional[str] = None,
        access_token: Union[None, str, Callable[[], Union[str, Awaitable[str]]]] = None,
        timeout: float = TIMEOUT_SECONDS,
        max_retries: int = RETRIES_MAX,
        retry_on_rate_limit: bool = False,
        on_retry: Optional[Callable[[RetryEvent], None]] = None,
        http_client: Optional[httpx.AsyncClient] = None,
        random: Callable[[], float] = _system_random,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        policy = RetryPolicy(max_retries, retry_on_rate_limit, random)
        headers = _headers_of(api_key, access_token)
        transport = Transport(
            _checked(base_url), headers, access_token, timeout, policy, on_retry
        )
        super().__init__(transport, AsyncDriver(http_client, sleep))

    async def close(self) -> None:
        """Close the connections."""
        await self._driver.close()

    async def __aenter__(self) -> AsyncQRFactory:
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.close()


def _checked(base_url: str) -> str:
    url = urlsplit(base_url)
    if url.scheme not in ("http", "https") or not url.netloc or url.query or url.fragment:
        raise QRFactoryError(
            "base_url is the http or https address of the service, without a query, "
            "such as https://qr.example.com."
        )
    return base_url.rstrip("/")


def _headers_of(api_key: Optional[str], access_token: object) -> Dict[str, str]:
    if api_key is not None and access_token is not None:
        raise QRFactoryError("Give api_key or access_token, not both.")
    headers = {"user-agent": f"qrfactory-python/{_version()}"}
    return headers if api_key is None else {**headers, "x-api-key": api_key}


def _version() -> str:
    try:
        return version("qrfactory")
    except PackageNotFoundError:
        return "0"
