"""`subhub webhooks send`, `verify` and `listen`: they try a receiver, and say why a call fails."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import http.client
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from subhub.cli.app import app
from subhub.cli.webhook_diagnosis import explain
from subhub.cli.webhook_listener import Listener, ReceivedCall
from subhub.errors import WebhookRefused
from subhub.webhooks import signed, standard
from subhub.webhooks.headers import Headers

NOW = dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC)
STRIPE = signed("Stripe-Signature", layout="t={time},v1={signature}", content="{time}.{body}")
SECRET = "OUJX2prdBbJxR77BZlGz"
BODY = b'{"id":"evt_1","amount":1295,"name":"Caf\\u00e9 a/b"}'
PORTAL = ("--provider", "mijnklantportaal")


def run(*words: str, **options: Any) -> Result:
    return CliRunner().invoke(app, ["webhooks", *words], **options)


def found(
    body: bytes,
    *,
    sent: bytes = BODY,
    secret: str = SECRET,
    signed_with: str = SECRET,
    signed_at: dt.datetime = NOW,
) -> list[str]:
    """Return what is found of a call whose body or secret is not the one that was signed."""
    headers = Headers.of(STRIPE.sign(sent, signed_with, at=signed_at))
    with pytest.raises(WebhookRefused):
        _ = STRIPE.verify(headers, body, [secret], NOW)
    return explain(STRIPE, headers, body, [secret], NOW)


class TestExplain:
    @pytest.mark.parametrize(
        ("body", "words"),
        [
            (BODY + b"\n", "a line break was added at its end"),
            (b"\xef\xbb\xbf" + BODY, "a byte-order mark was added"),
        ],
        ids=["line break", "BOM"],
    )
    def test_a_changed_body_is_recognized(self, body: bytes, words: str) -> None:
        assert f"the body was changed: {words}" in found(body)

    @pytest.mark.parametrize(
        "style",
        [
            {"separators": (",", ":")},
            {"ensure_ascii": False},
            {"sort_keys": True},
            {"indent": 2},
            {"indent": 4, "sort_keys": True, "ensure_ascii": False},
        ],
        ids=str,
    )
    def test_json_that_was_written_again_is_recognized(self, style: dict[str, Any]) -> None:
        sent = json.dumps(json.loads(BODY), **style).encode()
        received = json.dumps(json.loads(BODY), indent=1).encode()
        assert found(received, sent=sent) == [PARSED]

    def test_json_as_php_writes_it_is_recognized(self) -> None:
        sent = BODY.replace(b"/", b"\\/")
        assert found(BODY, sent=sent) == [PARSED]

    def test_a_line_break_that_was_removed_is_recognized(self) -> None:
        assert found(b"text", sent=b"text\n") == [
            "the body was changed: the line break at its end was removed"
        ]

    def test_line_breaks_of_windows_are_recognized(self) -> None:
        changed = "the body was changed: its line breaks "
        assert found(b"a\r\nb", sent=b"a\nb") == [f"{changed}are those of Windows"]
        assert found(b"a\nb", sent=b"a\r\nb") == [f"{changed}were those of Windows"]

    @pytest.mark.parametrize(
        ("secret", "words"),
        [
            (f'"{SECRET}"', "quotation marks"),
            (f"whsec_{SECRET}", "is configured with `whsec_`"),
            (f"HOOK_SECRET={SECRET}", "with its name and `=`"),
        ],
    )
    def test_a_secret_that_was_copied_wrongly_is_recognized(self, secret: str, words: str) -> None:
        texts = found(BODY, secret=secret)
        assert any(words in text for text in texts)
        assert SECRET not in str(texts)

    def test_a_secret_without_its_beginning_is_recognized(self) -> None:
        texts = found(BODY, secret="abc", signed_with="whsec_abc")
        assert texts == ["the secret lacks `whsec_` before it"]

    def test_a_secret_with_white_space_is_recognized(self) -> None:
        headers = Headers.of(STRIPE.sign(BODY, SECRET, at=NOW))
        assert (
            "begins or ends with white space"
            in explain(STRIPE, headers, BODY, [f"{SECRET}\n"], NOW)[0]
        )

    def test_a_changed_body_of_an_old_call_is_recognized(self) -> None:
        old = NOW - dt.timedelta(days=3)
        assert "line break" in found(BODY + b"\n", signed_at=old)[0]

    def test_another_secret_is_not_explained(self) -> None:
        assert found(BODY, signed_with="another") == []

    def test_a_body_that_is_not_json_is_no_mistake_of_its_own(self) -> None:
        assert found(b"[" * 100_000) == []
        assert found(b"{") == []

    @pytest.mark.parametrize("encoding", ["hex", "base64"])
    def test_an_undocumented_signature_is_recognized(self, encoding: str) -> None:
        from subhub_mijnklantportaal.webhooks import WEBHOOKS  # noqa: PLC0415

        digest = hmac.digest(SECRET.encode(), BODY, "sha256")
        text = digest.hex() if encoding == "hex" else base64.b64encode(digest).decode()
        headers = Headers.of({"X-Webhook-Signature": text})
        [why] = explain(WEBHOOKS.scheme, headers, BODY, [SECRET], NOW)
        assert "x-webhook-signature is the HMAC (sha256) of the body" in why

    def test_the_secret_in_another_form_or_place_is_recognized(self) -> None:
        from subhub_mijnklantportaal.webhooks import WEBHOOKS  # noqa: PLC0415

        digest = hashlib.sha256(SECRET.encode()).hexdigest().encode()
        headers = Headers.of([(b"X-Webhook-Signature", digest)])
        [why] = explain(WEBHOOKS.scheme, headers, BODY, [SECRET], NOW)
        assert "is a digest of the secret" in why
        headers = Headers.of({"Authorization": f"Bearer {SECRET}"})
        [why] = explain(WEBHOOKS.scheme, headers, BODY, [SECRET], NOW)
        assert why == "the header authorization holds the secret"

    def test_a_secret_that_cannot_be_one_is_not_the_end(self) -> None:
        scheme = standard()
        headers = Headers.of(scheme.sign(BODY, "whsec_c2VjcmV0", at=NOW, event_id="evt_1"))
        assert explain(scheme, headers, BODY, ["'whsec_c2VjcmV0'"], NOW)


PARSED = (
    "the body was changed: the JSON was parsed and written again. Pass the bytes as they arrived"
)


class TestVerify:
    @pytest.fixture
    def body(self, tmp_path: Path) -> str:
        path = tmp_path / "body.json"
        _ = path.write_bytes(b'{"id":"cst_1"}')
        return str(path)

    def call(self, body: str, secret: str, *words: str) -> Result:
        given = ("--secret", SECRET, "--header", f"X-Webhook-Signature: {secret}")
        return run("verify", body, *PORTAL, *given, "--path", "/hooks/customer-created", *words)

    def test_an_accepted_call_shows_its_events(self, body: str) -> None:
        result = self.call(body, SECRET)
        assert result.exit_code == 0
        assert "accepted (proof: secret)\ncustomer created sha256:" in result.stdout
        shown = json.loads(self.call(body, SECRET, "--json").stdout)
        assert (shown["accepted"], shown["events"][0]["about"]) == (True, "customer")

    def test_a_refused_one_says_why(self, body: str) -> None:
        digest = hmac.digest(SECRET.encode(), b'{"id":"cst_1"}', "sha256").hex()
        result = self.call(body, digest)
        assert result.exit_code == 1
        assert "refused with 401: the header X-Webhook-Signature holds another secret" in (
            result.stdout
        )
        assert "found: the header x-webhook-signature is the HMAC (sha256)" in result.stdout
        shown = json.loads(self.call(body, "other", "--json").stdout)
        assert (shown["accepted"], shown["status"], shown["found"]) == (False, 401, [])

    def test_a_missing_header_shows_those_that_are_there(self, body: str) -> None:
        given = ("--secret", SECRET, "--header", "Host: a")
        result = run("verify", body, *PORTAL, *given)
        assert "the header X-Webhook-Signature is missing" in result.stdout
        assert "the headers given are: Host. A proxy may drop" in result.stdout
        assert "are: none." in run("verify", body, *PORTAL, "--secret", SECRET).stdout

    def test_it_reads_stdin_and_the_environment(self) -> None:
        given = ("--header", f"X-Webhook-Signature:{SECRET}", "--at", "2026-01-31T12:00:00Z")
        environment = {"SUBHUB_WEBHOOK_SECRET": SECRET}
        result = run("verify", "-", *PORTAL, *given, input=b"{}", env=environment)
        assert result.exit_code == 0, result.output

    def test_mollie_signs_nothing_and_needs_no_secret(self, tmp_path: Path) -> None:
        path = tmp_path / "body"
        _ = path.write_bytes(b"id=tr_1")
        result = run("verify", str(path), "--provider", "mollie")
        assert "accepted (proof: refetch)\npayment changed tr_1" in result.stdout

    @pytest.mark.parametrize(
        ("words", "message"),
        [
            (("--header", "nothing"), "invalid `--header`: expected NAME:VALUE"),
            (("--at", "today"), "invalid `--at` 'today': expected for example 2026-01-31T12"),
            (("--at", "2026-01-31T12:00:00"), "invalid `--at` '2026-01-31T12:00:00'"),
        ],
    )
    def test_mistakes_are_usage_errors(
        self, body: str, words: tuple[str, ...], message: str
    ) -> None:
        result = run("verify", body, *PORTAL, "--secret", SECRET, *words)
        assert (result.exit_code, message in result.stderr) == (2, True), result.stderr

    def test_what_is_needed_is_named(self, body: str) -> None:
        result = run("verify", body, *PORTAL)
        assert "`--secret` is required, or the variable SUBHUB_WEBHOOK_SECRET" in result.stderr
        missing = run("verify", "nowhere", *PORTAL, "--secret", SECRET)
        assert "cannot read nowhere: No such file" in missing.stderr
        none = run("verify", body, "--provider", "afternoon")
        assert (none.exit_code, "no webhooks" in none.stderr) == (3, True)


class TestSend:
    @pytest.fixture
    def shop(self) -> Iterator[tuple[Listener, list[ReceivedCall], list[int]]]:
        calls, statuses = list[ReceivedCall](), list[int]()

        def answer(call: ReceivedCall) -> int:
            calls.append(call)
            return statuses.pop(0) if statuses else 204

        listener = Listener(0, answer)
        thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield listener, calls, statuses
        listener.shutdown()
        thread.join()
        listener.server_close()

    def test_a_call_is_signed_as_the_provider_signs(
        self, shop: tuple[Listener, list[ReceivedCall], list[int]], tmp_path: Path
    ) -> None:
        listener, calls, _ = shop
        path = tmp_path / "body.json"
        _ = path.write_bytes(b'["a"]')
        url = f"{listener.url}/hooks/customer-created"
        result = run("send", url, *PORTAL, "--secret", SECRET, "--body", f"@{path}")
        assert (result.exit_code, result.stdout) == (0, f"{url} answered 204\n")
        headers = {name.lower(): value for name, value in calls[0].headers}
        assert headers["x-webhook-signature"] == SECRET
        assert headers["content-type"] == "application/json"
        assert (calls[0].path, calls[0].body) == ("/hooks/customer-created", b'["a"]')

    def test_every_copy_must_be_accepted(
        self, shop: tuple[Listener, list[ReceivedCall], list[int]]
    ) -> None:
        listener, calls, statuses = shop
        statuses.extend((200, 401))
        words = ("--provider", "mollie", "--body", "id=tr_1", "--copies", "2", "--json")
        result = run("send", listener.url, *words)
        assert result.exit_code == 1
        assert json.loads(result.stdout)["statuses"] == [200, 401]
        assert len(calls) == 2
        assert ("content-type", "application/x-www-form-urlencoded") in [
            (name.lower(), value) for name, value in calls[0].headers
        ]

    def test_only_this_machine_is_called(self) -> None:
        result = run("send", "http://192.0.2.1/hook", *PORTAL, "--secret", SECRET)
        assert (result.exit_code, "this machine only" in result.stderr) == (2, True)

    def test_a_receiver_that_does_not_run_is_named(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as closed:
            port = closed.getsockname()[1]
        result = run("send", f"http://127.0.0.1:{port}", *PORTAL, "--secret", SECRET)
        assert (result.exit_code, "nothing answers at" in result.stderr) == (2, True)


class TestListen:
    @pytest.fixture
    def listening(self) -> Iterator[Callable[..., tuple[int, Callable[[], Result]]]]:
        """Return a function that listens in a thread; it returns the port and awaits the end."""
        threads: list[threading.Thread] = []

        def start(*words: str) -> tuple[int, Callable[[], Result]]:
            with socket.create_server(("127.0.0.1", 0)) as free:
                port: int = free.getsockname()[1]
            results: list[Result] = []

            def listen() -> None:
                results.append(run("listen", "--port", str(port), *words))

            thread = threading.Thread(target=listen)
            threads.append(thread)
            thread.start()

            def await_end() -> Result:
                thread.join(20)
                [result] = results
                return result

            return port, await_end

        yield start
        for thread in threads:
            thread.join(20)

    def test_calls_are_printed_and_answered_as_verified(
        self, listening: Callable[..., tuple[int, Callable[[], Result]]]
    ) -> None:
        port, await_end = listening(*PORTAL, "--secret", SECRET, "--count", "2")
        path = "/hooks/customer-created"
        assert post(port, path, b"{}", {"X-Webhook-Signature": SECRET}) == 204
        assert post(port, path, b"\x1b[2J", {"X-Webhook-Signature": "x"}) == 401
        result = await_end()
        assert result.exit_code == 0
        assert f"POST {path}\n  accepted: customer created sha256:" in result.stdout
        assert "refused with 401: the header X-Webhook-Signature holds another" in result.stdout
        assert "\x1b" not in result.stdout
        assert SECRET not in result.output

    def test_json_is_one_line_for_each_call(
        self, listening: Callable[..., tuple[int, Callable[[], Result]]]
    ) -> None:
        port, await_end = listening(*PORTAL, "--secret", SECRET, "--count", "2", "--json")
        assert post(port, "/a", b"{}", {"X-Webhook-Signature": SECRET}) == 204
        assert post(port, "/a", b"{}", {}) == 400
        lines = [json.loads(line) for line in await_end().stdout.splitlines()]
        assert [line["refused"] for line in lines] == [
            None,
            "the header X-Webhook-Signature is missing",
        ]
        assert (lines[0]["path"], lines[0]["body"]) == ("/a", "{}")
        assert lines[0]["events"][0]["about"] == "unknown"

    def test_a_status_can_be_chosen_to_see_retries(
        self, listening: Callable[..., tuple[int, Callable[[], Result]]]
    ) -> None:
        port, await_end = listening("--status", "503", "--count", "1")
        assert post(port, "/", b"x", {}) == 503
        assert "POST /\n  x" in await_end().stdout

    def test_only_whole_calls_of_limited_size_are_read(self) -> None:
        calls = list[ReceivedCall]()

        def answer(call: ReceivedCall) -> int:
            calls.append(call)
            return 204

        listener = Listener(0, answer)
        port: int = listener.server_address[1]

        def listen() -> None:
            for _ in range(3):
                listener.handle_request()

        thread = threading.Thread(target=listen)
        thread.start()
        for length, status in (("2000000", 413), ("x", 413)):
            with socket.create_connection(("127.0.0.1", port)) as connection:
                connection.sendall(f"POST / HTTP/1.0\r\nContent-Length: {length}\r\n\r\n".encode())
                assert f" {status} ".encode() in connection.recv(1000)
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.sendall(b"POST / HTTP/1.0\r\nContent-Length: 5\r\n\r\nab")
            connection.shutdown(socket.SHUT_WR)
            assert connection.recv(1000) == b""
        thread.join()
        listener.server_close()
        assert calls == []

    def test_a_port_that_is_used_is_a_usage_error(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as used:
            number = str(used.getsockname()[1])
            result = run("listen", "--port", number, "--count", "1")
        assert result.exit_code == 2
        assert f"cannot listen on --port {number}" in result.stderr


def post(port: int, path: str, body: bytes, headers: dict[str, str]) -> int:
    """Send a call, as soon as there is somebody to take it."""
    for _ in range(200):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            connection.request("POST", path, body, headers)
            return connection.getresponse().status
        except ConnectionRefusedError:
            time.sleep(0.05)
        finally:
            connection.close()
    raise AssertionError(f"nothing listens on port {port}")
