"""What the client makes of answers: errors as classes, lists, files that break off, streams of
events.
"""

import io
import itertools
import json as json_module
import pathlib
import pickle
import re
import tempfile
import time
import unittest
from datetime import datetime, timedelta, timezone

import httpx

import qrfactory
from tests.unreliable import Case, answer, break_off, hang, items_of, json, problem, settle

KINDS = [
    (400, "validation_failed", qrfactory.ValidationError),
    (400, "malformed_request", qrfactory.ValidationError),
    (400, "unscannable", qrfactory.UnscannableError),
    (401, "unauthenticated", qrfactory.AuthenticationError),
    (403, "forbidden", qrfactory.PermissionError),
    (403, "plan_limit", qrfactory.PlanLimitError),
    (404, "not_found", qrfactory.NotFoundError),
    (409, "idempotency_key_reused", qrfactory.ConflictError),
    (410, "gone", qrfactory.NotFoundError),
    (412, "version_mismatch", qrfactory.ConflictError),
    (413, "body_too_large", qrfactory.ValidationError),
    (415, "unsupported_media_type", qrfactory.ValidationError),
    (416, "range_not_satisfiable", qrfactory.ApiError),
    (422, "bulk_rejected", qrfactory.ValidationError),
    (429, "rate_limited", qrfactory.RateLimitError),
    (500, "internal", qrfactory.ServerError),
    (503, "unavailable", qrfactory.ServerError),
]


class Errors(Case):
    async def test_each_refusal_is_a_class_of_its_own_with_all_that_the_problem_says(self):
        for status, code, kind in KINDS:
            with self.subTest(code):
                more = {"errors": {"data": ["no"]}}
                server = self.serve(problem(status, code, {"Retry-After": "5"}, **more))
                with self.assertRaises(qrfactory.ApiError) as caught:
                    await settle(self.client(server.url, max_retries=0).generate(data="x"))
                for error in (caught.exception, pickle.loads(pickle.dumps(caught.exception))):
                    self.assertIs(type(error), kind)
                    self.assertIsInstance(error, qrfactory.QRFactoryError)
                    told = (error.status, error.code, error.detail, str(error))
                    self.assertEqual(told, (status, code, *[f"because of {code}"] * 2))
                    told = (error.request_id, error.errors, error.retry_after_seconds)
                    self.assertEqual(told, ("request-1", {"data": ["no"]}, 5))

    def test_names_that_python_has_too_are_caught_by_its_own(self):
        self.assertTrue(issubclass(qrfactory.TimeoutError, TimeoutError))
        self.assertTrue(issubclass(qrfactory.ConnectionError, ConnectionError))
        self.assertTrue(issubclass(qrfactory.PermissionError, PermissionError))

    async def test_a_refusal_that_is_no_problem_document_has_its_status_for_a_code(self):
        server = self.serve(answer(502, b"<h1>Bad</h1>", reason="Bad Gateway"))
        with self.assertRaises(qrfactory.ServerError) as caught:
            await settle(self.client(server.url, max_retries=0).usage.get())
        error = caught.exception
        told = (error.code, error.detail, error.request_id)
        self.assertEqual(told, ("http_502", "The server answered 502 Bad Gateway", None))

    async def test_a_redirect_is_not_followed_so_a_key_reaches_nobody_else(self):
        other = self.serve(json({}))
        server = self.serve(answer(302, headers={"Location": other.url}))
        with self.assertRaisesRegex(qrfactory.QRFactoryError, "leads elsewhere"):
            await settle(self.client(server.url).usage.get())
        self.assertEqual((len(server.seen), len(other.seen)), (1, 0))

    async def test_a_page_in_the_place_of_json_is_told_as_such_and_not_asked_for_again(self):
        server = self.serve(answer(200, b"<h1>Hello</h1>", {"Content-Type": "text/html"}))
        with self.assertRaisesRegex(qrfactory.QRFactoryError, "something else than JSON"):
            await settle(self.client(server.url).usage.get())
        self.assertEqual(len(server.seen), 1)

    async def test_options_that_cannot_work_are_refused_at_once(self):
        for base_url in ("", "qr.example.com", "ftp://x", "https://x/?a=1", "https://"):
            with self.assertRaises(qrfactory.QRFactoryError):
                self.kind(base_url=base_url)
        with self.assertRaisesRegex(qrfactory.QRFactoryError, "not both"):
            self.kind(base_url="https://x", api_key="a", access_token="b")
        server = self.serve(json({}))
        with self.assertRaisesRegex(qrfactory.QRFactoryError, "cannot be sent"):
            await settle(self.client(server.url).usage.get(headers={"x-own": "a\nb"}))
        with self.assertRaisesRegex(qrfactory.QRFactoryError, "time zone"):
            await settle(self.client(server.url).codes.get("A", at=datetime(2026, 1, 1)))
        self.assertEqual(server.seen, [])


class Requests(Case):
    async def test_with_response_gives_the_data_with_its_response(self):
        server = self.serve(json({"plan": "pro"}, 200, {"X-Request-Id": "r-1"}))
        answered = await settle(self.client(server.url).usage.get.with_response())
        told = (answered.data["plan"], answered.response.headers["x-request-id"])
        self.assertEqual(told, ("pro", "r-1"))

    async def test_a_token_is_asked_for_anew_at_each_attempt_and_own_headers_go_along(self):
        server = self.serve(break_off(), json({"plan": "pro"}))
        numbers = itertools.count(1)

        def token():
            return f"token-{next(numbers)}"

        async def token_too():
            return token()

        given = token if self.kind is qrfactory.QRFactory else token_too
        qr = self.client(f"{server.url}/", api_key=None, access_token=given)
        await settle(qr.usage.details(headers={"X-Request-Id": "mine"}))
        names = ("authorization", "x-request-id")
        sent = [tuple(seen.headers[name] for name in names) for seen in server.seen]
        self.assertEqual(sent, [("Bearer token-1", "mine"), ("Bearer token-2", "mine")])

    async def test_fields_are_written_as_on_the_wire(self):
        server = self.serve(json({}))
        qr = self.client(server.url)
        noon = datetime(2026, 11, 28, 13, tzinfo=timezone(timedelta(hours=1)))
        await settle(qr.analytics.code("A/B", from_=noon, include_bots=True, timeout=1))
        await settle(qr.codes.update("A", expires_at=noon, notes=None, name="ü", if_version=3))
        await settle(qr.generate(data="x", logo=io.BytesIO(b"123"), fresh=True))
        path = "/api/v1/dynamic/A%2FB/analytics/?from=2026-11-28T12%3A00%3A00Z&include_bots=true"
        self.assertEqual(server.seen[0].path, path)
        body = '{"expires_at":"2026-11-28T12:00:00Z","notes":null,"name":"ü"}'
        edit, drawn = server.seen[1:]
        self.assertEqual((edit.body.decode(), edit.headers["if-match"]), (body, '"3"'))
        self.assertEqual(json_module.loads(drawn.body), {"data": "x", "logo": "MTIz"})
        self.assertEqual(drawn.headers["cache-control"], "no-cache")
        self.assertRegex(drawn.headers["user-agent"], "^qrfactory-python/")

    async def test_a_client_of_ones_own_is_used_and_stays_open(self):
        server = self.serve(json({"plan": "pro"}))
        is_sync = self.kind is qrfactory.QRFactory
        own = (httpx.Client if is_sync else httpx.AsyncClient)(headers={"X-Own": "yes"})
        qr = self.client(server.url, http_client=own)
        await settle(qr.usage.get())
        await settle(qr.close())
        self.assertFalse(own.is_closed)
        self.assertEqual(server.seen[0].headers["x-own"], "yes")
        await settle(own.close() if is_sync else own.aclose())


class Lists(Case):
    async def test_a_list_follows_next_to_its_end_at_the_address_of_the_client(self):
        def page(names, following):
            results = [{"name": name} for name in names]
            return json({"count": 3, "next": following, "previous": None, "results": results})

        elsewhere = "https://elsewhere.example/api/v1/dynamic/?tag=x&cursor=zzz"
        server = self.serve(page("ab", elsewhere), page("c", None), page("ab", None))
        listed = self.client(server.url).codes.list(tag="x", page_size=2)
        self.assertEqual([code["name"] for code in await items_of(listed)], ["a", "b", "c"])
        first = "/api/v1/dynamic/?tag=x&page_size=2"
        self.assertEqual([seen.path for seen in server.seen], [first, f"{first}&cursor=zzz"])
        self.assertEqual((await settle(listed.page())).count, 3)

    async def test_a_list_asks_for_no_page_before_it_is_needed(self):
        server = self.serve(json({"results": [{"id": 1}, {"id": 2}], "next_cursor": "more"}))
        scans = self.client(server.url).analytics.scans()
        if self.kind is qrfactory.QRFactory:
            self.assertEqual(next(iter(scans)), {"id": 1})
            with self.assertRaisesRegex(TypeError, "by `for`"):
                await scans.__aiter__().__anext__()
        else:
            self.assertEqual(await scans.__aiter__().__anext__(), {"id": 1})
            with self.assertRaisesRegex(TypeError, "async for"):
                next(iter(scans))
        self.assertEqual(len(server.seen), 1)


ZIP = b"0123456789" * 20_000


def zip_cut(count, etag='"zip"'):
    """Sends the ZIP from where it is asked for, and cuts it after so many bytes."""

    def turn(connection, seen):
        ranged = re.search(r"bytes=(\d+)-", seen.headers.get("range", ""))
        start = int(ranged.group(1)) if ranged and seen.headers["if-range"] == etag else 0
        part = ZIP[start:]
        headers = {"Content-Type": "application/zip", "Accept-Ranges": "bytes", "ETag": etag}
        headers["Content-Disposition"] = 'attachment; filename="codes.zip"'
        send = answer(206 if start else 200, part[:count], headers, length=len(part))
        send(connection, seen)

    return turn


class Files(Case):
    async def test_a_download_that_breaks_off_goes_on_where_it_was(self):
        turns = (zip_cut(70_000), zip_cut(50_000), problem(503, "overloaded"), zip_cut(1_000_000))
        for way in ("read", "save", "walk"):
            server = self.serve(*turns)
            file = await settle(self.client(server.url).bulk.download("order-1"))
            told = (file.size, file.file_name, file.content_type)
            self.assertEqual(told, (len(ZIP), "codes.zip", "application/zip"))
            with tempfile.TemporaryDirectory() as folder:
                path = pathlib.Path(folder, "codes.zip")
                if way == "read":
                    got = await settle(file.read())
                elif way == "save":
                    self.assertEqual(await settle(file.save(path)), path)
                    got = path.read_bytes()
                else:
                    got = b"".join(await items_of(file))
            self.assertEqual(got, ZIP)
            ranges = [seen.headers["range"] for seen in server.seen[1:]]
            self.assertEqual((len(ranges), ranges[0]), (3, "bytes=70000-"))

    async def test_a_file_that_is_another_one_meanwhile_is_not_put_together_with_the_first(self):
        server = self.serve(zip_cut(70_000), zip_cut(1_000_000, '"another"'))
        file = await settle(self.client(server.url).bulk.download("order-1"))
        with self.assertRaises(qrfactory.ConnectionError):
            await settle(file.read())

    async def test_an_export_which_cannot_be_gone_on_with_fails_rather_than_end_too_early(self):
        chunked = {"Content-Type": "text/csv", "Transfer-Encoding": "chunked"}
        server = self.serve(answer(200, b"4\r\na,b\n\r\n", chunked, length="none"))
        file = await settle(self.client(server.url).codes.export_all(format="csv"))
        with self.assertRaises(qrfactory.ConnectionError):
            await settle(file.text())
        self.assertEqual(len(server.seen), 1)

    async def test_a_file_that_falls_silent_is_a_time_out(self):
        def silent(connection, seen):
            answer(200, b"a\n", {"Content-Type": "text/csv"}, length=100)(connection, seen)
            hang(connection, seen)

        server = self.serve(silent)
        qr = self.client(server.url, timeout=0.15, max_retries=0)
        file = await settle(qr.codes.export_all(format="csv"))
        with self.assertRaises(qrfactory.TimeoutError):
            await settle(file.text())

    async def test_a_file_that_is_left_is_closed(self):
        server = self.serve(zip_cut(1_000_000))
        file = await settle(self.client(server.url).bulk.download("order-1"))
        walk = file.chunks()
        if self.kind is qrfactory.QRFactory:
            next(walk)
            walk.close()
        else:
            await walk.__anext__()
            await walk.aclose()
        self.assertTrue(file._opened.response.is_closed)


def events(*blocks, end="end"):
    body = "".join(blocks).encode()

    def turn(connection, seen):
        headers = {"Content-Type": "text/event-stream"}
        length = len(body) + (0 if end == "end" else 9)
        answer(200, body, headers, length)(connection, seen)
        if end == "stay":
            hang(connection, seen)

    return turn


def scans_event(count):
    return f'event: scans\ndata: {{"scans":{count}}}\n\n'


async def take_until(stream, is_last):
    taken = []
    if hasattr(stream, "__next__"):
        for item in stream:
            taken.append(item)
            if is_last(item):
                stream.close()
                break
    else:
        async for item in stream:
            taken.append(item)
            if is_last(item):
                await stream.aclose()
                break
    return taken


def job(status, completed=0):
    finished_at = "2026-11-28T00:00:00Z" if status == "completed" else None
    named = {"id": "order-1", "status": status, "completed": completed, "total": 2}
    return {**named, "finished_at": finished_at}


def job_event(name, document):
    return f"event: {name}\ndata: {json_module.dumps(document)}\n\n"


class Events(Case):
    async def test_events_go_on_across_connections_and_none_is_told_twice_in_a_row(self):
        server = self.serve(
            events(": hello\n\n", scans_event(1), scans_event(2).replace("\n", "\r\n")),
            events(scans_event(2), scans_event(3), end="cut"),
            problem(503, "overloaded"),
            events(scans_event(3), 'event: scans\ndata: {\ndata: "scans":4}\n\n', end="stay"),
        )
        live = self.client(server.url).analytics.live(short_id="A/B")
        counts = [item["scans"] for item in await take_until(live, lambda i: i["scans"] == 4)]
        self.assertEqual((counts, len(server.seen)), ([1, 2, 3, 4], 4))
        self.assertEqual(server.seen[0].path, "/api/v1/dynamic/A%2FB/analytics/live/")

    async def test_events_that_never_come_are_given_up_after_three_retries(self):
        server = self.serve(events())
        with self.assertRaises(qrfactory.ConnectionError):
            await items_of(self.client(server.url).analytics.live())
        self.assertEqual(len(server.seen), 4)

    async def test_an_order_is_waited_for_by_its_events(self):
        server = self.serve(
            json(job("queued"), 202),
            events(job_event("progress", job("running", 1)), end="cut"),
            events(job_event("completed", job("completed", 2)), end="stay"),
        )
        rows = [{"data": "https://example.com"}]
        order = await settle(self.client(server.url).bulk.create(items=rows))
        seen = []
        done = await settle(order.wait(on_progress=lambda job: seen.append(job["completed"])))
        told = (done["status"], order.status, order.is_finished, seen)
        self.assertEqual(told, ("completed", "completed", True, [1, 2]))

    async def test_an_order_is_asked_for_where_events_cannot_be_had(self):
        busy = problem(429, "rate_limited", {"Retry-After": "5"})
        for first, asked, waits in [
            ([json(job("running"))], {"poll_seconds": 0.5}, [0.5]),
            ([busy, json(job("running"))], {}, [2.0]),
        ]:
            server = self.serve(json(job("queued"), 202), *first, json(job("completed", 2)))
            rows = "url\nhttps://example.com\n"
            order = await settle(self.client(server.url).bulk.create(csv=rows))
            done = await settle(order.wait(**asked))
            self.assertEqual((done["status"], self.waits), ("completed", waits))


class Cancelled(unittest.IsolatedAsyncioTestCase):
    async def test_a_call_that_is_cancelled_ends_at_once_and_asks_no_more(self):
        import asyncio

        from tests.unreliable import Server

        server = Server(hang)
        self.addCleanup(server.close)
        async with qrfactory.AsyncQRFactory(base_url=server.url) as qr:
            began = time.monotonic()
            with self.assertRaises(asyncio.TimeoutError):
                await asyncio.wait_for(qr.usage.get(), 0.2)
            self.assertLess(time.monotonic() - began, 1)
        self.assertEqual(len(server.seen), 1)
