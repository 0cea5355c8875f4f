"""The retry policy against servers that fail, hang and break off."""

import random
import time
import unittest
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

import qrfactory
from qrfactory.http.retry import RetryPolicy, read_retry_after, retry_delay_seconds
from tests.unreliable import (
    Case,
    OnceServer,
    answer,
    break_off,
    hang,
    json,
    problem,
    reset,
    settle,
)

USAGE = {"plan": "free", "used_this_month": 1}
PAGE = answer(502, b"<h1>Bad</h1>", {"Content-Type": "text/html"})

FAILURES = [
    ("500", problem(500, "internal"), qrfactory.ServerError),
    ("502 of a proxy", PAGE, qrfactory.ServerError),
    ("503", problem(503, "overloaded", {"Retry-After": "1"}), qrfactory.ServerError),
    ("a connection that is cut", reset, qrfactory.ConnectionError),
    ("an answer that breaks off", break_off(), qrfactory.ConnectionError),
    ("a server that hangs", hang, qrfactory.TimeoutError),
]

REFUSALS = [
    (400, "validation_failed"),
    (401, "unauthenticated"),
    (403, "forbidden"),
    (404, "not_found"),
    (405, "method_not_allowed"),
    (408, "request_timeout"),
    (409, "conflict"),
    (410, "gone"),
    (412, "version_mismatch"),
    (413, "body_too_large"),
    (415, "unsupported_media_type"),
    (422, "bulk_rejected"),
    (429, "rate_limited"),
]


class Retries(Case):
    async def test_a_call_succeeds_after_one_two_and_three_failures_of_each_kind(self):
        for name, failure, _error in FAILURES:
            for times in (1, 2, 3):
                with self.subTest(name, times=times):
                    server = self.serve(*[failure] * times, json(USAGE))
                    qr = self.client(server.url, timeout=0.1 if failure is hang else 5)
                    self.assertEqual(await settle(qr.usage.get()), USAGE)
                    self.assertEqual(len(server.seen), times + 1)
                    self.assertEqual([e.retry for e in self.retries], [1, 2, 3][:times])
                    self.assertEqual([e.delay_seconds for e in self.retries], self.waits)

    async def test_no_failure_is_retried_a_fourth_time(self):
        for name, failure, error in FAILURES:
            with self.subTest(name):
                server = self.serve(failure)
                timeout = 0.1 if failure is hang else 5
                qr = self.client(server.url, timeout=timeout, max_retries=10)
                with self.assertRaises(error):
                    await settle(qr.usage.get())
                self.assertEqual((len(server.seen), len(self.waits)), (4, 3))

    async def test_nothing_is_asked_before_a_wait_is_over(self):
        server = self.serve(problem(500, "internal"))
        asked = []

        def note(_seconds):
            asked.append(len(server.seen))

        async def note_too(seconds):
            note(seconds)

        sleep = note if self.kind is qrfactory.QRFactory else note_too
        with self.assertRaises(qrfactory.ServerError):
            await settle(self.client(server.url, sleep=sleep).usage.get())
        self.assertEqual((asked, len(server.seen)), ([1, 2, 3], 4))

    async def test_the_wait_takes_its_time(self):
        server = self.serve(problem(500, "internal"), json(USAGE))
        qr = self.kind(base_url=server.url, random=lambda: 0.2)
        began = time.monotonic()
        await settle(qr.usage.get())
        self.assertGreaterEqual(time.monotonic() - began, 0.19)
        await settle(qr.close())

    async def test_nobody_listening_is_a_failure_of_the_network(self):
        server = self.serve(hang)
        server.close()
        with self.assertRaises(qrfactory.ConnectionError):
            await settle(self.client("http://127.0.0.1:9", max_retries=0).usage.get())

    async def test_an_answer_that_trickles_is_cut_at_its_time(self):
        def trickle(connection, seen):
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
            for _ in range(1000):
                connection.sendall(b" ")
                time.sleep(0.02)

        server = self.serve(trickle)
        began = time.monotonic()
        with self.assertRaises(qrfactory.TimeoutError):
            await settle(self.client(server.url, timeout=0.2, max_retries=0).usage.get())
        self.assertLess(time.monotonic() - began, 1)

    async def test_4xx_is_never_retried(self):
        for status, code in REFUSALS:
            with self.subTest(code):
                headers = {"Retry-After": "1"} if status == 429 else {}
                server = self.serve(problem(status, code, headers))
                qr = self.client(server.url)
                with self.assertRaises(qrfactory.ApiError) as caught:
                    await settle(qr.codes.create(name="x", destination_url="https://example.com"))
                error = caught.exception
                told = (error.status, error.code, error.detail, error.request_id)
                self.assertEqual(told, (status, code, f"because of {code}", "request-1"))
                self.assertEqual((len(server.seen), self.waits), (1, []))

    async def test_429_is_retried_when_asked_after_its_wait_and_a_used_up_quota_is_not(self):
        server = self.serve(problem(429, "rate_limited", {"Retry-After": "7"}), json(USAGE))
        qr = self.client(server.url, random=lambda: 0.5)
        self.assertEqual(await settle(qr.usage.get(retry_on_rate_limit=True)), USAGE)
        (event,) = self.retries
        told = (event.delay_seconds, event.method, event.path)
        self.assertEqual(told, (7.5, "GET", "/api/v1/usage/"))
        self.assertIsInstance(event.error, qrfactory.RateLimitError)

        spent = self.serve(problem(429, "quota_exceeded", {"Retry-After": "7"}))
        with self.assertRaises(qrfactory.RateLimitError) as caught:
            qr = self.client(spent.url, retry_on_rate_limit=True)
            await settle(qr.generate(data="https://example.com"))
        self.assertEqual(caught.exception.retry_after_seconds, 7)
        self.assertEqual(len(spent.seen), 1)

    async def test_retry_after_is_seconds_or_a_date_and_past_a_minute_the_error_says_it(self):
        def date(connection, seen):
            at = datetime.now(timezone.utc) + timedelta(seconds=10)
            headers = {"Retry-After": format_datetime(at, usegmt=True)}
            problem(503, "overloaded", headers)(connection, seen)

        three = problem(503, "overloaded", {"Retry-After": "3"})
        server = self.serve(three, date, json(USAGE))
        await settle(self.client(server.url, random=lambda: 0.25).usage.get())
        self.assertEqual(self.waits[0], 3.25)
        self.assertTrue(9 < self.waits[1] <= 10.5, self.waits)

        away = self.serve(problem(503, "unavailable", {"Retry-After": "61"}))
        with self.assertRaises(qrfactory.ServerError) as caught:
            await settle(self.client(away.url).usage.get())
        self.assertEqual((caught.exception.retry_after_seconds, len(away.seen)), (61, 1))

    async def test_two_clients_that_fail_together_do_not_come_back_together(self):
        server = self.serve(problem(500, "internal"))
        drawn = []
        for _ in range(2):
            # Programs that seed the generator of the process alike are no exception.
            random.seed(7)
            with self.assertRaises(qrfactory.ServerError):
                await settle(self.client(server.url).usage.get())
            drawn.append(self.waits)
        for one, other in zip(*drawn):
            self.assertNotEqual(one, other)

    async def test_one_call_has_one_effect_through_200_failures(self):
        server = OnceServer(seed=1)
        self.addCleanup(server.close)
        qr = self.client(server.url)
        ids, calls, given_up = [], 0, 0
        while server.failures < 200:
            calls += 1
            try:
                code = await settle(qr.codes.create(name="x", destination_url="https://e.com"))
                ids.append(code["short_id"])
            except (qrfactory.ConnectionError, qrfactory.ServerError):
                given_up += 1
        self.assertGreater(len(ids), 20)
        self.assertEqual(len(set(ids)), len(ids))
        self.assertEqual(len(ids) + given_up, calls)
        # One key for each call, one effect for each key, and an answer only to what has happened.
        keys = {seen.headers["idempotency-key"] for seen in server.seen}
        self.assertEqual(len(keys), calls)
        self.assertEqual(server.effects, len(server.made))
        self.assertLessEqual(set(ids), set(server.made.values()))

    async def test_a_key_and_a_body_are_the_same_in_every_attempt(self):
        server = self.serve(reset, problem(500, "internal"), json({"id": "a"}, 202))
        qr = self.client(server.url)
        await settle(qr.bulk.create(csv="url\n", defaults={"logo": b"x"}, idempotency_key="mine"))
        sent = {(seen.headers["idempotency-key"], seen.body) for seen in server.seen}
        self.assertEqual((len(sent), len(server.seen)), (1, 3))
        self.assertIn("mine", sent.pop())


class Policy(unittest.TestCase):
    def test_retry_after_is_read_as_seconds_or_date(self):
        for header, seconds in [
            (None, None),
            ("12", 12),
            ("soon", None),
            ("Thu, 01 Jan 1970 00:00:30 GMT", 20),
            ("Thu, 01 Jan 1970 00:00:01 GMT", 0),
        ]:
            self.assertEqual(read_retry_after(header, 10), seconds, header)

    def test_the_wait_is_anywhere_between_nothing_and_one_second_doubled_each_time(self):
        error = qrfactory.ConnectionError("x")
        for retry in (1, 2, 3):
            policy = RetryPolicy(3, False, random.Random(retry).random)
            tenths = [0] * 10
            for _ in range(20_000):
                delay = retry_delay_seconds(error, retry, policy)
                tenths[int(delay / 2 ** (retry - 1) * 10)] += 1
            # Five standard deviations of a tenth of the draws are 212.
            for count in tenths:
                self.assertLess(abs(count - 2_000), 212)
        self.assertIsNone(retry_delay_seconds(error, 4, RetryPolicy(3, False, lambda: 0)))
