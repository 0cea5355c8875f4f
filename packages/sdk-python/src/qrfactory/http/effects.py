"""The language between what a call does and who carries it out.

A flow is a generator that yields effects and is sent their results. It neither blocks nor awaits,
so one text serves the synchronous and the asynchronous client; a driver (``drivers.py``) carries
the effects out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Generator, Generic, Mapping, Optional, TypeVar, Union

import httpx

T = TypeVar("T")


@dataclass(frozen=True)
class Request:
    """A request that is ready to be sent, the same in each attempt."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: Optional[bytes]


@dataclass(frozen=True)
class Opened:
    """An answer whose body is still to be read."""

    response: httpx.Response
    #: Iterator of the driver over the body.
    chunks: Any


@dataclass(frozen=True)
class Send:
    """Send a request; results in ``Opened``. Both limits are seconds."""

    request: Request
    timeout: float
    #: The longest silence.
    read_timeout: float


@dataclass(frozen=True)
class NextChunk:
    """Read on; results in bytes, or None at the end."""

    opened: Opened


@dataclass(frozen=True)
class Close:
    """Let go of an answer, read or not."""

    opened: Opened


@dataclass(frozen=True)
class Pause:
    """Wait."""

    seconds: float


@dataclass(frozen=True)
class Ask:
    """Call a function of the caller's; its result may be awaited where that is possible."""

    function: Callable[[], Any]


@dataclass(frozen=True)
class Emit:
    """Hand an item to whoever walks the flow."""

    item: Any


Effect = Union[Send, NextChunk, Close, Pause, Ask, Emit]

#: What a call does; its return value is the result.
Flow = Generator[Effect, Any, T]


def give(item: Any, take: Optional[Callable[[Any], object]]) -> Flow[None]:
    """Hand an item to a function, or without one to whoever walks the flow."""
    if take is None:
        yield Emit(item)
    else:
        take(item)


@dataclass(frozen=True)
class WithResponse(Generic[T]):
    """Data with the HTTP response that brought it, whose body is read unless the data is a file."""

    data: T
    response: httpx.Response
