"""Server-sent events (HTML, 9.2): read as they come, and opened again when they break off."""

from __future__ import annotations

import codecs
import json
from dataclasses import dataclass
from typing import Any, Callable, Iterator, Mapping, Optional

from ..errors import ConnectionError
from .effects import Close, Flow, Pause, give
from .retry import retry_delay_seconds
from .transport import Call, Transport, next_chunk

#: The server says something every five seconds; after so long a silence the connection is dead.
SILENCE_SECONDS_MAX = 30.0


@dataclass(frozen=True)
class ServerEvent:
    """An event with its data, which is text."""

    name: str
    data: str


class EventReader:
    """Bytes of one connection made into events."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._text = ""

    def feed(self, chunk: bytes) -> Iterator[ServerEvent]:
        """Take bytes, and give the events that they complete."""
        self._text = (self._text + self._decoder.decode(chunk)).replace("\r\n", "\n")
        *blocks, self._text = self._text.split("\n\n")
        for block in blocks:
            event = _event_of(block)
            if event is not None:
                yield event


def _event_of(block: str) -> Optional[ServerEvent]:
    """Return the event of its lines; None for one without data, such as a comment."""
    name, data = "message", []
    for line in block.split("\n"):
        field, _, value = line.partition(":")
        value = value[1:] if value.startswith(" ") else value
        if field == "event":
            name = value
        elif field == "data":
            data.append(value)
    return ServerEvent(name, "\n".join(data)) if data else None


def follow_events(
    transport: Transport,
    path: str,
    options: Mapping[str, Any],
    is_last: Callable[[ServerEvent], bool],
    take: Optional[Callable[[Any], object]] = None,
) -> Flow[Any]:
    """Give the documents of events without end, across connections, which the server ends now and
    then.

    One that says the same as the one before it is left out, so a new connection repeats nothing.
    Ends after an event for which ``is_last`` holds.
    """
    call = Call("GET", path, headers={"accept": "text/event-stream"}, options=options)
    policy = transport.policy_of(options)
    shown, failures = "", 0
    while True:
        opened = yield from transport.open(call, SILENCE_SECONDS_MAX)
        broken = ConnectionError("The events broke off.")
        reader = EventReader()
        try:
            while (chunk := (yield from next_chunk(opened, SILENCE_SECONDS_MAX))) is not None:
                for event in reader.feed(chunk):
                    failures = 0
                    if event.data != shown:
                        yield from give(json.loads(event.data), take)
                    shown = event.data
                    if is_last(event):
                        return None
        except ConnectionError as error:
            broken = error
        finally:
            yield Close(opened)
        failures += 1
        delay = retry_delay_seconds(broken, failures, policy)
        if delay is None:
            raise broken
        yield Pause(delay)
