"""Every resource against a real stack, whose stack.json is named by QRFACTORY_STACK; by both
clients.
"""

import asyncio
import json
import os
import time
import uuid
from datetime import datetime, timedelta, timezone

import httpx

import qrfactory
from tests.unreliable import Case, items_of, settle

STAR = b"""<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64">
<circle cx="32" cy="32" r="30" fill="#c00"/></svg>"""

PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1"
)


async def until(holds, seconds=20):
    ends = time.monotonic() + seconds
    while not await holds():
        if time.monotonic() > ends:
            raise AssertionError("It did not come true.")
        await asyncio.sleep(0.05)


def later(hours):
    return datetime.now(timezone.utc) + timedelta(hours=hours)


class Stack(Case):
    @classmethod
    def setUpClass(cls):
        with open(os.environ["QRFACTORY_STACK"], encoding="utf-8") as file:
            cls.stack = json.load(file)
        cls.demo = cls.stack["demo"]

    async def clients(self):
        """A client with the key of the demo, and one of the person who owns it."""
        gateway = self.stack["gateway"]
        qr = self.client(gateway, api_key=self.demo["api_key"], timeout=60)
        account = {"email": self.demo["email"], "password": self.demo["password"]}
        session = await settle(qr.auth.log_in(**account))
        token = session["access_token"]
        return qr, self.client(gateway, api_key=None, access_token=lambda: token, timeout=60)

    async def code(self, qr, **settings):
        return await settle(
            qr.codes.create(name="Menu", destination_url="https://example.com/summer", **settings)
        )

    async def test_images_come_with_their_figures_and_refusals_with_their_reason(self):
        qr, _ = await self.clients()
        self.assertIn((await settle(qr.status()))["status"], ("ok", "degraded"))
        data = f"https://example.com/{uuid.uuid4()}?b=ü"
        image = await settle(qr.generate(data=data))
        self.assertEqual((image.content_type, image.content[:4]), ("image/png", b"\x89PNG"))
        self.assertEqual((image.quota_remaining, image.plan), (float("inf"), "enterprise"))
        self.assertEqual((image.cache, image.width_mm), ("MISS", 50.8))
        self.assertGreater(image.score, 90)
        self.assertIn(image.error_correction, "MQH")
        self.assertGreater(image.version, 0)
        self.assertEqual((await settle(qr.generate(data=data))).cache, "HIT")
        self.assertEqual((await settle(qr.generate(data=data, fresh=True))).cache, "BYPASS")
        await settle(qr.forget_image(image.cache_key))
        self.assertEqual((await settle(qr.generate(data=data))).cache, "MISS")

        card = {"name": "Ada Lovelace", "phones": ["+44 20 7946 0000"]}
        svg = await settle(
            qr.generate(
                data_type="vcard", payload=card, logo=STAR, error_correction="H", format="svg"
            )
        )
        self.assertIn("<svg", svg.text())
        self.assertEqual(svg._repr_svg_(), svg.text())

        faint = {"data": "https://example.com", "color": "#eeeeee"}
        with self.assertRaises(qrfactory.UnscannableError):
            await settle(qr.generate(**faint))
        judged = await settle(qr.validate(**faint))
        self.assertEqual((judged["valid"], judged["code"]), (False, "unscannable"))
        self.assertTrue((await settle(qr.validate(data="https://example.com")))["valid"])
        preview = await settle(qr.preview(data="https://example.com"))
        self.assertEqual(preview.content_type, "image/png")
        with self.assertRaises(qrfactory.ValidationError) as caught:
            await settle(qr.generate(data=""))
        self.assertEqual(caught.exception.code, "validation_failed")
        self.assertIn("data", caught.exception.errors)

    async def test_a_signed_address_is_taken_and_none_that_was_changed(self):
        signed = {
            "base_url": self.stack["gateway"],
            "api_key": self.demo["api_key"],
            "signing_secret": self.demo["signing_secret"],
            "expires_at": later(1),
        }
        url = qrfactory.signed_image_url(
            data="https://example.com/?a=b%20c&d=%C3%BC'(!)*~",
            size=200,
            frame_style="box",
            frame_label="A+B",
            **signed,
        )
        self.assertNotIn(self.demo["api_key"], url)
        self.assertEqual(httpx.get(url).status_code, 200)
        self.assertEqual(httpx.get(url.replace("size=200", "size=201")).status_code, 401)
        wifi = {"ssid": "Guests", "password": "correct horse"}
        url = qrfactory.signed_image_url(data_type="wifi", payload=wifi, **signed)
        self.assertEqual(httpx.get(url).status_code, 200)

    async def test_one_call_makes_a_code_and_draws_it_once_for_its_key(self):
        qr, _ = await self.clients()
        payload = {"name": "In one call", "destination_url": "https://example.com/one"}
        key = str(uuid.uuid4())
        asked = {"data_type": "dynamic", "payload": payload, "idempotency_key": key}
        image = await settle(qr.generate(**asked))
        self.assertEqual((await settle(qr.generate(**asked))).short_id, image.short_id)
        code = await settle(qr.codes.get(image.short_id))
        self.assertEqual((code["name"], code["public_url"]), ("In one call", image.public_url))

    async def test_a_code_is_edited_read_as_it_was_rolled_back_and_kept_from_edits_of_others(self):
        qr, _ = await self.clients()
        code = await self.code(qr)
        short_id = code["short_id"]
        winter = "https://example.com/winter"
        edit = qr.codes.update(short_id, destination_url=winter, if_version=1)
        changed = await settle(edit)
        self.assertEqual((changed["version"], changed["destination_url"]), (2, winter))
        with self.assertRaises(qrfactory.ConflictError):
            await settle(qr.codes.update(short_id, name="Late", if_version=1))
        was = await settle(qr.codes.get(short_id, at=code["created_at"]))
        self.assertEqual(was["destination_url"], code["destination_url"])
        back = await settle(qr.codes.rollback(short_id, 1))
        self.assertEqual((back["version"], back["destination_url"]), (3, code["destination_url"]))
        versions = [version["version"] for version in await items_of(qr.codes.history(short_id))]
        self.assertEqual(versions, [3, 2, 1])

        waiting = await settle(
            qr.codes.schedule(short_id, effective_at=later(1), destination_url=winter)
        )
        self.assertEqual(await items_of(qr.codes.scheduled(short_id)), [waiting])
        now = await settle(qr.codes.resolve(short_id))
        then = await settle(qr.codes.resolve(short_id, at=later(2), country="AT"))
        led = (now["destination_url"], then["destination_url"])
        self.assertEqual(led, (code["destination_url"], winter))
        await settle(qr.codes.unschedule(short_id, waiting["id"]))
        self.assertEqual((await settle(qr.codes.scheduled(short_id).page())).count, 0)

    async def test_codes_are_listed_by_page_edited_together_exported_deleted_and_restored(self):
        qr, _ = await self.clients()
        tag = f"t{uuid.uuid4().hex[:8]}"
        made = [await self.code(qr, tags=[tag]) for _ in range(5)]
        listed = await items_of(qr.codes.list(tag=tag, page_size=2, ordering="created_at"))
        ids = [code["short_id"] for code in made]
        self.assertEqual([code["short_id"] for code in listed], ids)
        changed = await settle(qr.codes.update_many({"filter": {"tag": tag}}, {"folder": tag}))
        self.assertEqual(changed, {"changed": 5})
        file = await settle(qr.codes.export_all(format="csv"))
        told = (file.file_name, file.content_type)
        self.assertEqual(told, ("codes.csv", "text/csv; charset=utf-8"))
        self.assertGreaterEqual((await settle(file.text())).count(tag), 5)
        await settle(qr.codes.delete(ids[0]))
        with self.assertRaises(qrfactory.NotFoundError):
            await settle(qr.codes.get(ids[0]))
        self.assertEqual((await settle(qr.codes.restore(ids[0])))["short_id"], ids[0])
        image = await settle(qr.codes.image(ids[0], format="svg", size=300))
        self.assertTrue(image.content_type.startswith("image/svg"))
        self.assertEqual((await settle(qr.analytics.orphans(days=7)))["days"], 7)

    async def test_scans_are_counted_as_they_come_in_listed_and_exported(self):
        qr, _ = await self.clients()
        short_id = (await self.code(qr))["short_id"]
        live = qr.analytics.live(short_id=short_id)
        is_sync = self.kind is qrfactory.QRFactory

        async def coming():
            return (next(live) if is_sync else await live.__anext__())["scans"]

        self.assertEqual(await coming(), 0)
        for _ in range(3):
            url = f"{self.stack['gateway']}/q/{short_id}"
            self.assertEqual(httpx.get(url, headers={"User-Agent": PHONE}).status_code, 302)
        while await coming() < 3:
            pass
        live.close() if is_sync else await live.aclose()

        async def is_counted():
            return (await settle(qr.analytics.code(short_id)))["total_scans"] == 3

        await until(is_counted)
        asked = {"interval": "hour", "compare": "previous", "country": "unknown"}
        report = await settle(qr.analytics.workspace(from_=later(-1), **asked))
        self.assertIn(short_id, [code["short_id"] for code in report["top_codes"]])
        scans = await items_of(qr.analytics.scans(short_id=short_id, limit=2))
        self.assertEqual([scan["os"] for scan in scans], ["iOS"] * 3)
        file = await settle(qr.analytics.export_scans(short_id=short_id, format="ndjson"))
        self.assertEqual(len((await settle(file.text())).strip().split("\n")), 3)

    async def test_an_order_is_foreseen_placed_waited_for_and_downloaded(self):
        qr, _ = await self.clients()
        items = [
            {"data": "https://example.com/1", "filename": "window"},
            {"data": "https://example.com/2"},
        ]
        asked = {"items": items, "defaults": {"size": 300}}
        forecast = await settle(qr.bulk.dry_run(**asked))
        self.assertEqual((forecast["total"], forecast["credits"]), (2, 2))
        order = await settle(qr.bulk.create(**asked))
        seen = []
        done = await settle(order.wait(on_progress=seen.append))
        self.assertEqual((done["status"], done["completed"]), ("completed", 2))
        self.assertEqual(seen[-1], done)
        file = await settle(order.download())
        content = await settle(file.read())
        told = (file.content_type, len(content), content[:2])
        self.assertEqual(told, ("application/zip", file.size, b"PK"))
        self.assertEqual((await settle(qr.bulk.get(order.id))).status, "completed")
        self.assertEqual((await settle(qr.bulk.status(order.id)))["status"], "completed")
        self.assertEqual((await items_of(qr.bulk.events(order.id)))[-1]["status"], "completed")
        with self.assertRaises(qrfactory.ConflictError):
            await settle(order.cancel())
        page = await settle(qr.bulk.list().page())
        self.assertEqual(page.results[0]["id"], order.id)

    async def test_a_table_with_a_logo_is_taken_and_one_with_bad_rows_is_refused_by_row(self):
        qr, _ = await self.clients()
        table = "url,filename,placement\nhttps://example.com/1,door,Door\n"
        defaults = {"logo": STAR, "size": 400, "error_correction": "H"}
        order = await settle(qr.bulk.create(csv=table, defaults=defaults))
        done = await settle(order.wait(poll_seconds=0.1))
        self.assertEqual(done["status"], "completed")
        with self.assertRaises(qrfactory.ValidationError) as caught:
            await settle(qr.bulk.create(csv="url,size\nhttps://example.com,5\n"))
        self.assertEqual(caught.exception.code, "bulk_rejected")
        self.assertIn("size", caught.exception.errors["1"])

    async def test_keys_are_made_rotated_and_revoked_by_a_person_not_by_a_key(self):
        qr, owner = await self.clients()
        with self.assertRaises(qrfactory.AuthenticationError):
            await settle(qr.keys.list().page())
        short_id = (await self.code(qr))["short_id"]
        made = await settle(owner.keys.create(name="Reader", scopes=["codes:read"]))
        reader = self.client(self.stack["gateway"], api_key=made["raw_key"])
        self.assertEqual((await settle(reader.codes.get(short_id)))["name"], "Menu")
        with self.assertRaises(qrfactory.PermissionError):
            await settle(reader.codes.update(short_id, name="x"))
        self.assertIn("Reader", [key["name"] for key in await items_of(owner.keys.list())])
        rotated = await settle(owner.keys.rotate(made["id"], overlap_seconds=60))
        self.assertNotEqual(rotated["raw_key"], made["raw_key"])
        foreseen = await settle(owner.keys.foresee_revocation(rotated["id"]))
        self.assertTrue(foreseen["effects"])
        await settle(owner.keys.revoke(rotated["id"]))
        trail = await settle(owner.audit.list(action="key.revoked").page())
        self.assertEqual(trail.results[0]["actor"]["name"], self.demo["email"])

    async def test_usage_and_calls_tell_what_was_done(self):
        qr, owner = await self.clients()
        answered = await settle(qr.usage.get.with_response())
        self.assertEqual(answered.data["plan"], "enterprise")
        self.assertTrue(answered.response.headers["x-request-id"])
        await settle(qr.generate(data="https://example.com"))
        self.assertTrue((await settle(owner.usage.details()))["by_key"])

        async def is_listed():
            calls = await items_of(qr.calls.list(limit=50))
            return any(call["endpoint"] == "generate" for call in calls)

        await until(is_listed)

    async def test_a_person_sees_and_changes_their_workspace_its_members_and_their_session(self):
        _, owner = await self.clients()
        self.assertEqual((await settle(owner.auth.me()))["user"]["email"], self.demo["email"])
        pages = {"name": "Café Blau", "contact": "mailto:a@example.com"}
        changed = await settle(owner.workspace.update(scan_pages=pages))
        self.assertEqual(changed["scan_pages"], pages)
        self.assertEqual((await settle(owner.workspace.get()))["id"], self.demo["workspace_id"])
        second = await settle(owner.workspace.create(name="Second"))
        workspaces = await items_of(owner.workspace.list())
        self.assertIn(second["id"], [workspace["id"] for workspace in workspaces])
        email = f"{uuid.uuid4().hex}@example.com"
        invited = await settle(owner.members.invite(email=email, role="viewer"))
        promoted = await settle(owner.members.change_role(invited["id"], "member"))
        self.assertEqual(promoted["role"], "member")
        self.assertIn(email, [member["email"] for member in await items_of(owner.members.list())])
        await settle(owner.members.remove(invited["id"]))
        visitor = self.client(self.stack["gateway"], api_key=None)
        account = {"email": f"x{email}", "password": "correct horse battery"}
        session = await settle(visitor.auth.sign_up(workspace_name="SDK", **account))
        tokens = await settle(visitor.auth.refresh(session["refresh_token"]))
        await settle(visitor.auth.log_out(tokens["refresh_token"]))
