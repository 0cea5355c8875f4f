"""A server that fails as real ones do, and both clients under one interface."""

from __future__ import annotations

import functools
import inspect
import json as json_module
import logging
import random
import socket
import threading
import unittest
import uuid
from dataclasses import dataclass
from typing import Any

import qrfactory


# Tests block the loop at will, which it would complain of.
logging.getLogger("asyncio").setLevel(logging.ERROR)


@dataclass
class Seen:
    method: str
    path: str
    headers: dict
    body: bytes


def answer(status=200, body=b"", headers=None, length=None, reason="X"):
    """An answer as bytes; ``length`` announces another one."""
    lines = [f"HTTP/1.1 {status} {reason}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    if length != "none":
        lines.append(f"Content-Length: {len(body) if length is None else length}")
    head = "\r\n".join([*lines, "Connection: close", "", ""]).encode()
    return lambda connection, seen: connection.sendall(head + body)


def json(value, status=200, headers=None):
    """Answers with a JSON document."""
    body = json_module.dumps(value).encode()
    return answer(status, body, {"Content-Type": "application/json", **(headers or {})})


def problem(status, code, headers=None, **more):
    """Refuses with a problem document."""
    document = {"type": "x", "title": "x", "status": status, "code": code}
    document.update(detail=f"because of {code}", **more)
    kind = {"Content-Type": "application/problem+json", "X-Request-Id": "request-1"}
    return json(document, status, {**kind, **(headers or {})})


def hang(connection, seen):
    """Says nothing until the client leaves."""
    connection.recv(1)


def reset(connection, seen):
    """Cuts the connection before an answer."""


def break_off(text=b'{"half":'):
    """Begins a whole answer, and cuts the connection in its middle."""
    return answer(200, text, {"Content-Type": "application/json"}, length=len(text) * 2)


class Server:
    """Serves the answers in turn, the last of them for ever; keeps what was asked."""

    def __init__(self, *answers):
        self.answers = answers
        self.seen: list[Seen] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self._socket.close()

    def _accept(self):
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        with connection, connection.makefile("rb") as reader:
            line = reader.readline().decode()
            if not line:
                return
            method, path, _ = line.split(" ")
            headers = {}
            while (line := reader.readline().decode().strip()) != "":
                name, _, value = line.partition(": ")
                headers[name.lower()] = value
            seen = Seen(method, path, headers, reader.read(int(headers.get("content-length", 0))))
            self.seen.append(seen)
            turn = self.answers[min(len(self.seen), len(self.answers)) - 1]
            try:
                turn(connection, seen)
            except OSError:
                pass


class OnceServer(Server):
    """Makes one thing for each Idempotency-Key, and fails before or after it, or in its answer."""

    def __init__(self, seed):
        super().__init__(self._create)
        self.made: dict[str, str] = {}
        self.effects = self.failures = 0
        self._random = random.Random(seed)

    def _create(self, connection, seen):
        key = seen.headers["idempotency-key"]
        fate = self._random.randrange(8)
        self.failures += fate < 6
        before = {0: problem(503, "overloaded"), 1: reset}
        if fate in before:
            return before[fate](connection, seen)
        if key not in self.made:
            self.effects += 1
            self.made[key] = str(uuid.uuid4())
        after = {2: problem(500, "internal"), 3: reset, 4: break_off(), 5: break_off()}
        return after.get(fate, json({"short_id": self.made[key]}, 201))(connection, seen)


class Case(unittest.IsolatedAsyncioTestCase):
    """Runs every coroutine test for both clients; waits are those that `waits` tells of."""

    kind: Any = qrfactory.QRFactory

    def __init_subclass__(cls):
        for name, method in list(vars(cls).items()):
            if name.startswith("test") and inspect.iscoroutinefunction(method):
                setattr(cls, name, _for_both(method))

    def serve(self, *answers):
        server = Server(*answers)
        self.addCleanup(server.close)
        return server

    def client(self, url, **options):
        """A client whose waits take no time, and are told in ``waits`` with what was asked before.
        """
        self.waits = []
        self.retries = []
        told = {"api_key": "smk_test", "on_retry": self.retries.append, "timeout": 5}
        told.update(sleep=self._sleep if self.kind is qrfactory.QRFactory else self._pause)
        qr = self.kind(base_url=url, **{**told, **options})
        self.addAsyncCleanup(_close, qr)
        return qr

    def _sleep(self, seconds):
        self.waits.append(seconds)

    async def _pause(self, seconds):
        self.waits.append(seconds)


async def _close(client):
    await settle(client.close())


def _for_both(method):
    @functools.wraps(method)
    async def test(self):
        for kind in (qrfactory.QRFactory, qrfactory.AsyncQRFactory):
            with self.subTest(kind.__name__):
                self.kind = kind
                await method(self)

    return test


async def settle(value):
    """The result of a call of either client."""
    return await value if inspect.isawaitable(value) else value


async def items_of(walked):
    """All items of a list, a file or a stream of either client."""
    if hasattr(walked, "_driver"):
        is_sync = isinstance(walked._driver, qrfactory.SyncDriver)
        return list(walked) if is_sync else [item async for item in walked]
    return list(walked) if hasattr(walked, "__next__") else [item async for item in walked]
