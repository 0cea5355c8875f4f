"""Webhooks and signed addresses, which need no call."""

import base64
import hashlib
import hmac
import json
import unittest
from datetime import datetime, timezone

import httpx

from qrfactory import QRFactoryError, WebhookVerificationError, signed_image_url, verify_webhook

SECRETS = ["whsec_" + base64.b64encode(bytes([at]) * 24).decode() for at in (1, 2)]
NOW = 1_800_000_000
EVENT = {"type": "bulk.completed", "data": {"id": "order-1", "name": "Grüße"}}
BODY = json.dumps(EVENT, ensure_ascii=False)


def signature(secret, text):
    key = base64.b64decode(secret[6:])
    digest = hmac.new(key, text.encode(), hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()


def headers_for(*secrets):
    signatures = [signature(secret, f"msg_1.{NOW}.{BODY}") for secret in secrets]
    return {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(NOW),
        "webhook-signature": " ".join(signatures),
    }


HEADERS = headers_for(SECRETS[0])


class Webhooks(unittest.TestCase):
    def test_a_genuine_webhook_gives_its_event_from_text_bytes_and_any_headers(self):
        upper = {name.upper(): value for name, value in HEADERS.items()}
        for body in (BODY, BODY.encode()):
            for headers in (HEADERS, upper, httpx.Headers(HEADERS)):
                self.assertEqual(verify_webhook(body, headers, SECRETS[0], now=NOW), EVENT)

    def test_the_example_of_standard_webhooks_holds(self):
        headers = {
            "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
            "webhook-timestamp": "1614265330",
            "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        }
        secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
        event = verify_webhook('{"test": 2432232314}', headers, secret, now=1614265330)
        self.assertEqual(event, {"test": 2432232314})

    def test_while_a_secret_is_changed_either_is_good(self):
        for secret in SECRETS:
            self.assertEqual(verify_webhook(BODY, headers_for(*SECRETS), secret, now=NOW), EVENT)

    def test_clocks_may_differ_by_five_minutes(self):
        for seconds in (-299, 0, 299):
            verify_webhook(BODY, HEADERS, SECRETS[0], now=NOW + seconds)

    def test_what_is_not_genuine_is_refused(self):
        for name, body, changed, secret, now in [
            ("another body", BODY + " ", {}, SECRETS[0], NOW),
            ("another id", BODY, {"webhook-id": "msg_2"}, SECRETS[0], NOW),
            ("another secret", BODY, {}, SECRETS[1], NOW),
            ("an old message", BODY, {}, SECRETS[0], NOW + 301),
            ("a message from the future", BODY, {}, SECRETS[0], NOW - 301),
            ("another moment", BODY, {"webhook-timestamp": str(NOW + 1)}, SECRETS[0], NOW),
            ("no moment", BODY, {"webhook-timestamp": "soon"}, SECRETS[0], NOW),
            ("another version", BODY, {"webhook-signature": "v1a,AAAA"}, SECRETS[0], NOW),
            ("no base64", BODY, {"webhook-signature": "v1,%%%"}, SECRETS[0], NOW),
            ("not ASCII", BODY, {"webhook-signature": "v1,ü"}, SECRETS[0], NOW),
            ("no signature", BODY, {"webhook-signature": ""}, SECRETS[0], NOW),
            ("a secret that is none", BODY, {}, "whsec_%%%", NOW),
            ("an empty secret", BODY, {}, "whsec_", NOW),
        ]:
            with self.subTest(name), self.assertRaises(WebhookVerificationError):
                verify_webhook(body, {**HEADERS, **changed}, secret, now=now)

    def test_of_a_list_of_signatures_those_that_are_none_are_passed_over(self):
        good = HEADERS["webhook-signature"]
        mixed = {**HEADERS, "webhook-signature": f"v1a,x v1,%%% v2,{good[3:]} {good}"}
        self.assertEqual(verify_webhook(BODY, mixed, SECRETS[0], now=NOW), EVENT)


class SignedAddresses(unittest.TestCase):
    def test_the_sorted_parameters_are_signed_and_only_the_prefix_of_the_key_is_told(self):
        signed = {"base_url": "https://qr.example.com/", "api_key": "smk_0123456789abcdef"}
        at = datetime(2033, 5, 18, 3, 33, 20, tzinfo=timezone.utc)
        url = signed_image_url(
            **signed, signing_secret="sms_x", expires_at=at, data="https://e.com/?'(!)*", size=200
        )
        path = (
            "/api/v1/generate/?data=https%3A%2F%2Fe.com%2F%3F%27%28%21%29%2A"
            "&expires=2000000000&key=smk_01234567&size=200"
        )
        sig = hmac.new(b"sms_x", path.encode(), hashlib.sha256).hexdigest()
        self.assertEqual(url, f"https://qr.example.com{path}&sig={sig}")

    def test_a_moment_without_a_time_zone_is_refused(self):
        with self.assertRaises(QRFactoryError):
            signed_image_url(
                base_url="https://x",
                api_key="smk_x",
                signing_secret="s",
                expires_at=datetime(2033, 1, 1),
                data="x",
            )
