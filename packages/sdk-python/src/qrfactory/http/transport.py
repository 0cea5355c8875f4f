"""One call over HTTP: address, headers, attempts with their time limits, and its answer."""

from __future__ import annotations

import json as json_module
import time
import uuid
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timezone
from typing import Any, Callable, Dict, Mapping, Optional, Tuple, TypedDict, TypeVar, Union
from urllib.parse import urlencode

import httpx

from ..errors import ApiError, ConnectionError, QRFactoryError, TimeoutError, error_of
from .effects import Ask, Close, Flow, NextChunk, Opened, Pause, Request, Send, WithResponse
from .retry import RetryEvent, RetryPolicy, read_retry_after, retry_delay_seconds

T = TypeVar("T")


class RequestOptions(TypedDict, total=False):
    """Options of one call; those of the client hold where one is left out."""

    #: Seconds for each attempt, until its answer is read; of a stream the longest silence.
    timeout: float
    max_retries: int
    retry_on_rate_limit: bool
    #: Of a call that creates: one of your own, so that it happens once across restarts of your
    #: program, too.
    idempotency_key: str
    headers: Mapping[str, str]


Fields = Mapping[str, Any]


@dataclass(frozen=True)
class Form:
    """Fields of a multipart form, and its files by field: name and bytes."""

    fields: Mapping[str, str]
    files: Mapping[str, Tuple[str, bytes]]


@dataclass(frozen=True)
class Call:
    """What is asked of the server, before it is a request."""

    method: str
    #: From ``/api/`` on.
    path: str
    #: Parameters and options in one, as the caller gave them.
    query: Fields = field(default_factory=dict)
    #: Sent as JSON, unless it is a form.
    body: Union[None, Fields, Form] = None
    headers: Mapping[str, str] = field(default_factory=dict)
    #: It makes something, which must not be made twice: an Idempotency-Key goes with it.
    creates: bool = False
    options: Fields = field(default_factory=dict)


@dataclass(frozen=True)
class Transport:
    """The settings of a client, and the flow behind every call."""

    base_url: str
    #: Of every request.
    headers: Mapping[str, str]
    #: Of a log-in; a function is asked for each attempt, so that it may renew the token.
    access_token: Union[None, str, Callable[[], Any]]
    timeout: float
    policy: RetryPolicy
    on_retry: Optional[Callable[[RetryEvent], None]]

    def policy_of(self, options: Fields) -> RetryPolicy:
        """Return the limits of retries of a call with these options."""
        given = {name: options[name] for name in _POLICY_OPTIONS if options.get(name) is not None}
        return replace(self.policy, **given)

    def timeout_of(self, options: Fields) -> float:
        """Return the seconds that an attempt of a call may take."""
        return float(self.timeout if options.get("timeout") is None else options["timeout"])

    def fetch(
        self, call: Call, read: Callable[[httpx.Response, bytes], T]
    ) -> Flow[WithResponse[T]]:
        """Send a call, again where that is right, and read its answer as a whole."""
        options = call.options
        timeout = self.timeout_of(options)

        def attempt(request: Request) -> Flow[WithResponse[T]]:
            ends = time.monotonic() + timeout
            opened = yield from _open(Send(request, timeout, read_timeout=timeout))
            body = yield from _read_all(opened, ends, timeout)
            return WithResponse(read(opened.response, body), opened.response)

        return (yield from self._retried(call, attempt))

    def open(self, call: Call, silence: float) -> Flow[Opened]:
        """Send a call, again where that is right, and leave its body to ``next_chunk``."""
        timeout = self.timeout_of(call.options)

        def attempt(request: Request) -> Flow[Opened]:
            return (yield from _open(Send(request, timeout, read_timeout=silence)))

        return (yield from self._retried(call, attempt))

    def _retried(self, call: Call, attempt: Callable[[Request], Flow[T]]) -> Flow[T]:
        policy = self.policy_of(call.options)
        request = self._request_of(call)
        failures = 0
        while True:
            # Errors of the caller's own function are no failures of ours.
            token = self.access_token
            if callable(token):
                token = yield Ask(token)
            if token is not None:
                headers = {**request.headers, "authorization": f"Bearer {token}"}
                request = replace(request, headers=headers)
            try:
                return (yield from attempt(request))
            except (ApiError, ConnectionError) as error:
                failures += 1
                delay = retry_delay_seconds(error, failures, policy)
                if delay is None:
                    raise
                if self.on_retry is not None:
                    self.on_retry(RetryEvent(failures, delay, error, call.method, call.path))
            yield Pause(delay)

    def _request_of(self, call: Call) -> Request:
        options = call.options
        headers = {"accept": "*/*", **self.headers, **call.headers}
        body: Optional[bytes] = None
        if isinstance(call.body, Form):
            # Written once, so that each attempt sends the same bytes.
            form = httpx.Request(
                "POST", self.base_url, data=dict(call.body.fields), files=dict(call.body.files)
            )
            body = form.read()
            headers["content-type"] = form.headers["content-type"]
        elif call.body is not None:
            body = to_json(call.body).encode()
            headers["content-type"] = "application/json"
        key = options.get("idempotency_key")
        if call.creates or key is not None:
            headers["idempotency-key"] = key if key is not None else str(uuid.uuid4())
        own = options.get("headers") or {}
        headers.update({name.lower(): value for name, value in own.items()})
        url = self.base_url + call.path + query_of(call.query)
        return Request(call.method, url, headers, body)


_POLICY_OPTIONS = ("max_retries", "retry_on_rate_limit")


def split_options(given: Fields) -> Tuple[Dict[str, Any], Dict[str, Any]]:
    """Return the fields of the wire among keyword arguments, and the options of the call.

    ``from_`` is ``from``, which is a word of Python.
    """
    options = {name: given[name] for name in RequestOptions.__annotations__ if name in given}
    fields = {name.rstrip("_"): value for name, value in given.items() if name not in options}
    return fields, options


def _open(send: Send) -> Flow[Opened]:
    """Send a request; raise what the server refuses with."""
    try:
        opened: Opened = yield send
    except httpx.RequestError as error:
        raise failure_of(error, send.read_timeout) from error
    response = opened.response
    if response.is_success:
        return opened
    body = yield from _read_all(opened, time.monotonic() + send.timeout, send.timeout)
    if 300 <= response.status_code < 400:
        raise QRFactoryError(
            f"{response.url} leads elsewhere; is base_url the address of the service itself?"
        )
    raise error_of(
        response.status_code,
        response.reason_phrase,
        response.headers,
        body,
        read_retry_after(response.headers.get("retry-after"), time.time()),
    )


def _read_all(opened: Opened, ends: float, timeout: float) -> Flow[bytes]:
    chunks = []
    try:
        while (chunk := (yield from next_chunk(opened, timeout))) is not None:
            chunks.append(chunk)
            if time.monotonic() > ends:
                raise TimeoutError(f"No whole answer within {timeout:g} s.")
    finally:
        yield Close(opened)
    return b"".join(chunks)


def next_chunk(opened: Opened, silence: float) -> Flow[Optional[bytes]]:
    """Read on; None is the end. Raises ``ConnectionError`` where the body breaks off."""
    try:
        return (yield NextChunk(opened))  # type: ignore[no-any-return]
    except httpx.RequestError as error:
        raise failure_of(error, silence) from error


def failure_of(error: httpx.RequestError, seconds: float) -> QRFactoryError:
    """Return an error of httpx in our words."""
    if isinstance(error, httpx.TimeoutException):
        return TimeoutError(f"Nothing arrived within {seconds:g} s.")
    if isinstance(error, (httpx.UnsupportedProtocol, httpx.LocalProtocolError)):
        return QRFactoryError(f"The request cannot be sent: {error}")
    words = str(error) or type(error).__name__
    return ConnectionError(f"The server could not be reached, or broke off: {words}")


def query_of(query: Fields) -> str:
    """Return ``?a=1&b=x,y``; what is None is left out."""
    given = [(name, word_of(value)) for name, value in query.items() if value is not None]
    return f"?{urlencode(given)}" if given else ""


def word_of(value: Any) -> str:
    """Return a value as queries and forms write it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return ",".join(map(word_of, value))
    return moment_of(value) if isinstance(value, date) else str(value)


def moment_of(moment: date) -> str:
    """Return a date, or a moment in UTC, as RFC 3339 writes it."""
    if not isinstance(moment, datetime):
        return moment.isoformat()
    if moment.tzinfo is None:
        raise QRFactoryError("Give a datetime with a time zone: datetime.now(timezone.utc).")
    return moment.astimezone(timezone.utc).isoformat().replace("+00:00", "Z")


def to_json(value: Any) -> str:
    """Return compact JSON; a datetime becomes a moment in UTC."""

    def default(other: Any) -> str:
        if isinstance(other, date):
            return moment_of(other)
        raise TypeError(f"{type(other).__name__} cannot be written as JSON.")

    return json_module.dumps(
        value, ensure_ascii=False, separators=(",", ":"), allow_nan=False, default=default
    )


def read_json(response: httpx.Response, body: bytes) -> Any:
    """Read JSON; what is cut is a connection that broke, what is none is not our service."""
    try:
        return json_module.loads(body)
    except ValueError as error:
        if "json" in response.headers.get("content-type", ""):
            raise ConnectionError("The answer ended too early.") from error
        raise QRFactoryError(
            f"{response.url} answered with something else than JSON; check base_url."
        ) from error


def read_nothing(_response: httpx.Response, _body: bytes) -> None:
    """Read an empty body."""
