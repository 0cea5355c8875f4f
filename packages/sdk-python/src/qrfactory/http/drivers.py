"""The two drivers: each carries out the effects of a flow over an httpx client, blocking or
awaiting.

Everything else about a call is in the flow. Exceptions go back into it, so that it decides, and
closes what it opened.
"""

from __future__ import annotations

import asyncio
import inspect
import time
from dataclasses import dataclass
from functools import partial
from typing import Any, AsyncIterator, Awaitable, Callable, Iterator, Optional, TypeVar, Union

import httpx

from ..errors import QRFactoryError
from .effects import Ask, Close, Effect, Emit, Flow, NextChunk, Opened, Pause, Send

T = TypeVar("T")

#: Instead of what .netrc holds for the host: the credentials are those that were given.
_NO_AUTH = httpx.Auth()


@dataclass(frozen=True)
class _Ended:
    """The end of a flow."""

    value: Any


def _step(resume: Callable[[], Effect]) -> Union[Effect, _Ended]:
    """Resume a flow until its next effect."""
    try:
        return resume()
    except StopIteration as end:
        return _Ended(end.value)


def _request_of(client: Union[httpx.Client, httpx.AsyncClient], effect: Send) -> httpx.Request:
    """Return a request as httpx sends it, with the limits of its time."""
    request = effect.request
    return client.build_request(
        request.method,
        request.url,
        headers=request.headers,
        content=request.body,
        timeout=httpx.Timeout(effect.timeout, read=effect.read_timeout),
    )


class SyncDriver:
    """Carries flows out on the calling thread."""

    def __init__(
        self, client: Optional[httpx.Client], sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._owns_client = client is None
        self._client = client if client is not None else httpx.Client()
        self._sleep = sleep

    def close(self) -> None:
        """Close connections, unless the caller brought the client."""
        if self._owns_client:
            self._client.close()

    def run(self, flow: Flow[T]) -> T:
        """Carry a flow out to its end."""
        return self._advance(flow, partial(next, flow)).value  # type: ignore[no-any-return]

    def iterate(self, flow: Flow[Any]) -> Iterator[Any]:
        """Give the items that a flow emits, carrying it out no further than asked."""
        step = self._advance(flow, partial(next, flow))
        while isinstance(step, Emit):
            try:
                yield step.item
            except BaseException as error:
                resume = partial(flow.throw, error)
            else:
                resume = partial(flow.send, None)
            step = self._advance(flow, resume)

    def _advance(self, flow: Flow[Any], resume: Callable[[], Effect]) -> Any:
        """Carry a flow out until it emits or ends."""
        while not isinstance(step := _step(resume), (Emit, _Ended)):
            try:
                result = self._perform(step)
            except BaseException as error:
                resume = partial(flow.throw, error)
            else:
                resume = partial(flow.send, result)
        return step

    def _perform(self, effect: Effect) -> Any:
        if isinstance(effect, NextChunk):
            return next(effect.opened.chunks, None)
        if isinstance(effect, Send):
            request = _request_of(self._client, effect)
            response = self._client.send(
                request, auth=_NO_AUTH, follow_redirects=False, stream=True
            )
            return Opened(response, response.iter_bytes())
        if isinstance(effect, Close):
            return effect.opened.response.close()
        if isinstance(effect, Pause):
            return self._sleep(effect.seconds)
        if isinstance(effect, Ask):
            result = effect.function()
            if inspect.isawaitable(result):
                raise QRFactoryError("A function that awaits is for AsyncQRFactory.")
            return result
        raise TypeError(f"{effect} has no place here.")


class AsyncDriver:
    """Carries flows out on the running event loop."""

    def __init__(
        self,
        client: Optional[httpx.AsyncClient],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._owns_client = client is None
        self._client = client if client is not None else httpx.AsyncClient()
        self._sleep = sleep

    async def close(self) -> None:
        """Close connections, unless the caller brought the client."""
        if self._owns_client:
            await self._client.aclose()

    async def run(self, flow: Flow[T]) -> T:
        """Carry a flow out to its end."""
        return (await self._advance(flow, partial(next, flow))).value  # type: ignore[no-any-return]

    async def iterate(self, flow: Flow[Any]) -> AsyncIterator[Any]:
        """Give the items that a flow emits, carrying it out no further than asked."""
        step = await self._advance(flow, partial(next, flow))
        while isinstance(step, Emit):
            try:
                yield step.item
            except BaseException as error:
                resume = partial(flow.throw, error)
            else:
                resume = partial(flow.send, None)
            step = await self._advance(flow, resume)

    async def _advance(self, flow: Flow[Any], resume: Callable[[], Effect]) -> Any:
        """Carry a flow out until it emits or ends."""
        while not isinstance(step := _step(resume), (Emit, _Ended)):
            try:
                result = await self._perform(step)
            except BaseException as error:
                resume = partial(flow.throw, error)
            else:
                resume = partial(flow.send, result)
        return step

    async def _perform(self, effect: Effect) -> Any:
        if isinstance(effect, NextChunk):
            try:
                return await effect.opened.chunks.__anext__()
            except StopAsyncIteration:
                return None
        if isinstance(effect, Send):
            request = _request_of(self._client, effect)
            response = await self._client.send(
                request, auth=_NO_AUTH, follow_redirects=False, stream=True
            )
            return Opened(response, response.aiter_bytes())
        if isinstance(effect, Close):
            return await effect.opened.response.aclose()
        if isinstance(effect, Pause):
            return await self._sleep(effect.seconds)
        if isinstance(effect, Ask):
            result = effect.function()
            return await result if inspect.isawaitable(result) else result
        raise TypeError(f"{effect} has no place here.")
