"""Files that may be large: read as they arrive, and gone on with where a connection broke."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any, AsyncIterator, Callable, Generic, Iterator, Mapping, Optional, Union

from ..errors import ConnectionError
from .calls import D, Resource, action, emitter
from .drivers import AsyncDriver, SyncDriver
from .effects import Close, Flow, Opened, Pause, WithResponse, give
from .retry import retry_delay_seconds
from .transport import Call, Transport, next_chunk


class File(Resource[D], Generic[D]):
    """A file on its way; it is read once, in chunks by ``for`` or ``async for``, or as a whole."""

    def __init__(self, transport: Transport, driver: D, call: Call, opened: Opened) -> None:
        super().__init__(transport, driver)
        headers = opened.response.headers
        self._call = call
        self._opened = opened
        self.content_type: str = headers.get("content-type", "")
        named = re.search(r'filename="([^"]+)"', headers.get("content-disposition", ""))
        #: As the server suggests it.
        self.file_name: Optional[str] = named.group(1) if named else None
        length = None if "content-encoding" in headers else headers.get("content-length")
        #: Bytes; None where the server does not know it beforehand.
        self.size: Optional[int] = None if length is None else int(length)

    @action
    def read(self) -> Flow[bytes]:
        """Return the rest of the file as bytes."""
        whole = bytearray()
        yield from self._chunks(whole.extend)
        return bytes(whole)

    @action
    def text(self) -> Flow[str]:
        """Return the rest of the file as text."""
        whole = bytearray()
        yield from self._chunks(whole.extend)
        return whole.decode()

    @action
    def save(self, path: Union[str, Path]) -> Flow[Path]:
        """Write the rest of the file to a path, chunk by chunk; returns the path."""
        with open(path, "wb") as target:
            yield from self._chunks(target.write)
        return Path(path)

    @action
    def close(self) -> Flow[None]:
        """Let go of a file that is not read to its end."""
        yield Close(self._opened)

    @emitter
    def chunks(self) -> Flow[bytes]:
        """Give the bytes as they arrive."""
        return self._chunks()

    def __iter__(self: File[SyncDriver]) -> Iterator[bytes]:
        if not isinstance(self._driver, SyncDriver):
            raise TypeError("Read files of AsyncQRFactory by `async for`.")
        return self.chunks()

    def __aiter__(self: File[AsyncDriver]) -> AsyncIterator[bytes]:
        if not isinstance(self._driver, AsyncDriver):
            raise TypeError("Read files of QRFactory by `for`.")
        return self.chunks()

    def _chunks(self, take: Optional[Callable[[bytes], object]] = None) -> Flow[Any]:
        """Give each chunk to a function, or emit it."""
        options = self._call.options
        policy = self._transport.policy_of(options)
        silence = self._transport.timeout_of(options)
        headers = self._opened.response.headers
        can_go_on = headers.get("accept-ranges") == "bytes" and self.size is not None
        etag = headers.get("etag") if can_go_on else None
        received = failures = 0
        try:
            while True:
                try:
                    chunk = yield from next_chunk(self._opened, silence)
                except ConnectionError as error:
                    failures += 1
                    delay = retry_delay_seconds(error, failures, policy)
                    if etag is None or delay is None:
                        raise
                    yield Close(self._opened)
                    yield Pause(delay)
                    rest = {"range": f"bytes={received}-", "if-range": etag}
                    call = replace(self._call, headers={**self._call.headers, **rest})
                    self._opened = yield from self._transport.open(call, silence)
                    if self._opened.response.status_code != 206:
                        # Another file than before has come in its place.
                        raise
                    continue
                if chunk is None:
                    return
                received += len(chunk)
                failures = 0
                yield from give(chunk, take)
        finally:
            yield Close(self._opened)


def download(
    resource: Resource[D], path: str, query: Mapping[str, Any], options: Mapping[str, Any]
) -> Flow[WithResponse[File[D]]]:
    """Download a file; where it breaks off, the rest is asked for by ``Range``, if offered."""
    transport = resource._transport
    call = Call("GET", path, query=query, options=options)
    opened = yield from transport.open(call, transport.timeout_of(options))
    return WithResponse(File(transport, resource._driver, call, opened), opened.response)
