"""Methods of resources, written once as flows: blocking in one client, awaited in the other."""

from __future__ import annotations

import functools
import inspect
from typing import (
    TYPE_CHECKING,
    Any,
    AsyncIterator,
    Awaitable,
    Callable,
    Generic,
    Iterator,
    TypeVar,
    Union,
    overload,
)

from .drivers import AsyncDriver, SyncDriver
from .effects import Flow, WithResponse

if TYPE_CHECKING:
    from typing_extensions import Concatenate, ParamSpec

    from .transport import Transport

    P = ParamSpec("P")
else:
    # Python 3.9 has none; nothing asks for it while the program runs.
    P = TypeVar("P")

T = TypeVar("T")
D = TypeVar("D", bound=Union[SyncDriver, AsyncDriver])


class Resource(Generic[D]):
    """A group of calls, over the driver of its client."""

    def __init__(self, transport: Transport, driver: D) -> None:
        self._transport = transport
        self._driver = driver


class SyncCall(Generic[P, T]):
    """A call that blocks until its data is there."""

    def __init__(self, driver: SyncDriver, make: Callable[P, Flow[WithResponse[T]]]) -> None:
        self._driver = driver
        self._make = make
        _describe(self, make)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> T:
        return self._driver.run(self._make(*args, **kwargs)).data

    def with_response(self, *args: P.args, **kwargs: P.kwargs) -> WithResponse[T]:
        """Return the data with the HTTP response that brought it."""
        return self._driver.run(self._make(*args, **kwargs))


class AsyncCall(Generic[P, T]):
    """A call that is awaited."""

    def __init__(self, driver: AsyncDriver, make: Callable[P, Flow[WithResponse[T]]]) -> None:
        self._driver = driver
        self._make = make
        _describe(self, make)

    async def __call__(self, *args: P.args, **kwargs: P.kwargs) -> T:
        return (await self._driver.run(self._make(*args, **kwargs))).data

    async def with_response(self, *args: P.args, **kwargs: P.kwargs) -> WithResponse[T]:
        """Return the data with the HTTP response that brought it."""
        return await self._driver.run(self._make(*args, **kwargs))


def _describe(call: Any, make: Callable[..., Any]) -> None:
    """Give a call the name, words and parameters of its method, for help() and editors."""
    functools.update_wrapper(call, make)
    del call.__wrapped__
    call.__signature__ = inspect.signature(make)


class endpoint(Generic[P, T]):
    """A method whose flow results in data with its response."""

    def __init__(self, method: Callable[Concatenate[Any, P], Flow[WithResponse[T]]]) -> None:
        self._method = method
        self.__doc__ = method.__doc__

    @overload
    def __get__(self, resource: Resource[SyncDriver], owner: Any) -> SyncCall[P, T]: ...

    @overload
    def __get__(self, resource: Resource[AsyncDriver], owner: Any) -> AsyncCall[P, T]: ...

    def __get__(self, resource: Any, owner: Any) -> Any:
        if resource is None:
            return self
        make = self._method.__get__(resource, owner)
        is_sync = isinstance(resource._driver, SyncDriver)
        return (SyncCall if is_sync else AsyncCall)(resource._driver, make)


class action(Generic[P, T]):
    """A method whose flow results in something that no single response brought."""

    def __init__(self, method: Callable[Concatenate[Any, P], Flow[T]]) -> None:
        self._method = method
        self.__doc__ = method.__doc__

    @overload
    def __get__(self, resource: Resource[SyncDriver], owner: Any) -> Callable[P, T]: ...

    @overload
    def __get__(self, resource: Resource[AsyncDriver], owner: Any) -> Callable[P, Awaitable[T]]: ...

    def __get__(self, resource: Any, owner: Any) -> Any:
        if resource is None:
            return self
        make = self._method.__get__(resource, owner)

        @functools.wraps(make)
        def run(*args: Any, **kwargs: Any) -> Any:
            return resource._driver.run(make(*args, **kwargs))

        return run


class emitter(Generic[P, T]):
    """A method whose flow emits items: an iterator, or an asynchronous one."""

    def __init__(self, method: Callable[Concatenate[Any, P], Flow[T]]) -> None:
        self._method = method
        self.__doc__ = method.__doc__

    @overload
    def __get__(self, resource: Resource[SyncDriver], owner: Any) -> Callable[P, Iterator[T]]: ...

    @overload
    def __get__(
        self, resource: Resource[AsyncDriver], owner: Any
    ) -> Callable[P, AsyncIterator[T]]: ...

    def __get__(self, resource: Any, owner: Any) -> Any:
        if resource is None:
            return self
        make = self._method.__get__(resource, owner)

        @functools.wraps(make)
        def walk(*args: Any, **kwargs: Any) -> Any:
            return resource._driver.iterate(make(*args, **kwargs))

        return walk
