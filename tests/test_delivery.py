"""Alerts reach a webhook and a mail server of this machine, each once, whatever fails in between."""

from __future__ import annotations

import re
import ssl
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import trustme
from mail_server import mail_server
from programs import free_port
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from overheard.delivery import deliver, slack
from overheard.insight.alerts import AlertEntry, list_alerts
from overheard.insight.quotes import Quote
from overheard.insight.scope import Scope
from overheard.report.alerts import message
from overheard.settings import AlertSettings, Settings
from overheard.store.alerts import add_alert, find_alert, set_delivery
from overheard.store.brands import add_brand, find_brand
from overheard.store.database import Store

NOW = datetime(2026, 11, 1, 3, tzinfo=UTC)
SECRET = "/services/T0/B0/s3cr3tw0rd"


def write(store: Store, *subjects: str, brand: str = "Nord & <Wind>") -> list[int]:
    """Write an open alert for each subject; return their numbers."""
    with store.session() as session:
        owner = add_brand(session, brand)
        facts = {
            "kind": "spike", "measure": "pain", "since": "2026-10-30", "day": "2026-10-31", "window": 2,
            "observed": 31, "expected": 10.2, "p": 3e-7, "q": 4e-6,
        }  # fmt: skip
        return [
            add_alert(
                session, owner.id, "spike", f"pain:{name}", date(2026, 10, 30), date(2026, 10, 31), NOW, version=None,
                findings=[{**facts, "dimension": name}], cause={},
            ).id
            for name in subjects
        ]  # fmt: skip


def delivered(store: Store) -> list[dict[str, str]]:
    with store.reading() as session:
        return [alert.delivered for alert in list_alerts(session, None, Scope(), history=True).alerts]


def using(settings: Settings, *channels: str, **chosen: Any) -> Settings:
    return settings.model_copy(update={"alerts": AlertSettings(channels=channels, **chosen)})


@pytest.fixture
def hook(httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> HTTPServer:
    monkeypatch.setenv("OVERHEARD_WEBHOOK_URL", httpserver.url_for(SECRET))
    return httpserver


def test_each_alert_is_told_once_on_each_channel(any_store: Store, settings: Settings, hook: HTTPServer) -> None:
    write(any_store, "speed", "ease")
    hook.expect_request(SECRET, method="POST").respond_with_data("ok")
    said: list[AlertEntry] = []
    for _ in range(2):
        assert deliver(any_store, using(settings, "stdout", "webhook"), said.append) == []
    assert len(said) == 2
    bodies = [request.get_json() for request, _ in hook.log]
    assert [body["text"].split(": ")[1].split(" (")[0] for body in bodies] == ["pain in speed up", "pain in ease up"]
    assert delivered(any_store) == [{"stdout": "sent", "webhook": "sent"}] * 2


def test_slack_gets_text_that_calls_nobody(any_store: Store, settings: Settings, hook: HTTPServer) -> None:
    write(any_store, "speed", brand="<!channel> & <https://x.example|Nord>")
    hook.expect_request(SECRET).respond_with_data("ok")
    assert deliver(any_store, using(settings, "webhook"), print) == []
    body = hook.log[0][0].get_json()
    assert "<" not in body["text"]
    assert "&lt;!channel&gt; &amp;" in body["text"]
    assert {block["text"]["type"] for block in body["blocks"]} == {"plain_text"}
    told = body["blocks"][1]["text"]["text"]
    assert "31 mentions in 2 days to 2026-10-31, 10.2 expected\n" in told
    assert re.search(r"^overheard alerts ack \d+: somebody", told, re.MULTILINE)
    assert "p 3e-07" not in told


def test_slack_gets_the_address_of_the_proof(any_store: Store) -> None:
    write(any_store, "speed")
    with any_store.reading() as session:
        (entry,) = list_alerts(session, None, Scope()).alerts
    quotes = [
        Quote("Late.", number, 0, 5, "shop", url, NOW, 0.9, "text", "en", None)
        for number, url in enumerate(["https://shop.example/1?a=1&b=2", "https://x.example/|<!channel>", None])
    ]
    told = replace(entry, quotes=tuple(quotes), delivered={"stdout": "sent"})
    link = slack(told)["blocks"][-1]["text"]
    assert link == {"type": "mrkdwn", "text": "<https://shop.example/1?a=1&amp;b=2|mention 0>"}
    assert "“Late.” (mention 0, shop, " in message(told)
    assert ", https://shop.example/1?a=1&b=2)" in message(told)
    assert "told:" not in message(told)


def test_another_program_gets_the_alert_as_data(any_store: Store, settings: Settings, hook: HTTPServer) -> None:
    (number,) = write(any_store, "speed")
    hook.expect_request(SECRET).respond_with_data("ok")
    assert deliver(any_store, using(settings, "webhook", webhook_format="generic"), print) == []
    alert = hook.log[0][0].get_json()["alert"]
    assert (alert["id"], alert["figures"][0]["p"], alert["since"]) == (number, 3e-7, "2026-10-30")


@pytest.mark.parametrize("answer", [(500, "no_service"), (404, "{path}"), (302, "moved")])
def test_what_a_webhook_refuses_is_tried_again_the_next_night(
    any_store: Store, settings: Settings, hook: HTTPServer, answer: tuple[int, str]
) -> None:
    write(any_store, "speed", "ease")
    status, said = answer
    where = {"Location": hook.url_for("/elsewhere")} if status == 302 else {}
    hook.expect_ordered_request(SECRET).respond_with_response(Response(said.format(path=SECRET), status, where))
    hook.expect_request(SECRET).respond_with_data("ok")
    (line,) = deliver(any_store, using(settings, "webhook"), print)
    assert line.startswith(f"alerts by webhook: the webhook answered {status}")
    assert "s3cr3tw0rd" not in line
    assert delivered(any_store)[-1] == {"webhook": "failed"}
    assert deliver(any_store, using(settings, "webhook"), print) == []
    assert delivered(any_store) == [{"webhook": "sent"}] * 2
    assert [request.path for request, _ in hook.log] == [SECRET] * 3


def test_a_webhook_that_is_not_there_is_one_line(
    any_store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(any_store, "speed")
    for url, words in (
        (f"http://127.0.0.1:{free_port()}{SECRET}", "cannot be reached"),
        ("http://elsewhere.example/x", "neither https nor on this machine"),
        ("ftp://127.0.0.1/x", "neither https"),
        ("https://hooks.example/s3cr3t word", "cannot be called"),
        ("https://hooks.example/s3cr3tä", "cannot be called"),
        ("https://[s3cr3t/x", "cannot be called"),
        ("https:///s3cr3t", "cannot be called"),
        ("", "OVERHEARD_WEBHOOK_URL"),
    ):
        monkeypatch.setenv("OVERHEARD_WEBHOOK_URL", url)
        (line,) = deliver(any_store, using(settings, "webhook"), print)
        assert words in line
        assert "\n" not in line
        assert "s3cr3t" not in line
    assert delivered(any_store) == [{"webhook": "failed"}]


def refusing(*refused: int, status: int) -> Callable[[Request], Response]:
    """Return what answers `status` to the alerts with these numbers, and takes the others."""

    def answer(request: Request) -> Response:
        number = request.get_json()["alert"]["id"]
        return Response("no" if number in refused else "ok", status if number in refused else 200)

    return answer


def numbers_told(hook: HTTPServer) -> list[int]:
    told = [request.get_json()["alert"]["id"] for request, _ in hook.log]
    hook.clear_log()
    return told


def test_an_alert_that_is_refused_stops_no_other(any_store: Store, settings: Settings, hook: HTTPServer) -> None:
    first, other, last = write(any_store, "speed", "ease", "design")
    chosen = using(settings, "webhook", webhook_format="generic")
    hook.expect_request(SECRET).respond_with_handler(refusing(first, other, status=400))
    for _ in range(2):
        (line,) = deliver(any_store, chosen, print)
        assert "answered 400 no (and 1 more); what was not sent is tried again" in line
        assert delivered(any_store) == [{"webhook": "sent"}, {"webhook": "failed"}, {"webhook": "failed"}]
    assert numbers_told(hook) == [first, other, last, first, other]


def test_what_failed_comes_after_what_a_channel_has_not_seen(
    any_store: Store, settings: Settings, hook: HTTPServer
) -> None:
    poison = write(any_store, *("speed", "ease", "design"))
    (healthy,) = write(any_store, "service", brand="South")
    chosen = using(settings, "webhook", webhook_format="generic")
    hook.expect_request(SECRET).respond_with_handler(refusing(*poison, status=503))
    told = []
    for _ in range(3):
        assert len(deliver(any_store, chosen, print)) == 1
        told.append(numbers_told(hook))
    assert told == [poison[:2], [poison[2], healthy, *poison[:2]], [poison[2], poison[0]]]


def test_what_nobody_foresaw_leaves_no_alert_unknown(any_store: Store, settings: Settings) -> None:
    write(any_store, "speed", "ease")
    said = []

    def broken(entry: AlertEntry) -> None:
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        deliver(any_store, using(settings, "stdout"), broken)
    assert delivered(any_store) == [{}, {"stdout": "failed"}]
    deliver(any_store, using(settings, "stdout"), said.append)
    assert delivered(any_store) == [{"stdout": "sent"}] * 2


def test_a_gateway_may_have_passed_an_alert_on(any_store: Store, settings: Settings, hook: HTTPServer) -> None:
    write(any_store, "speed")
    hook.expect_request(SECRET).respond_with_data("too slow", 504)
    (line,) = deliver(any_store, using(settings, "webhook"), print)
    assert "504" in line
    assert "may have arrived" in line
    assert deliver(any_store, using(settings, "webhook"), print) == []
    assert delivered(any_store) == [{"webhook": "unknown"}]


def test_a_kill_while_sending_does_not_send_twice(any_store: Store, settings: Settings, hook: HTTPServer) -> None:
    class KilledError(BaseException):
        pass

    write(any_store, "speed")
    hook.expect_request(SECRET).respond_with_data("ok")
    said = []

    def killed(entry: AlertEntry) -> None:
        said.append(entry)
        raise KilledError

    with pytest.raises(KilledError):
        deliver(any_store, using(settings, "stdout"), killed)
    assert delivered(any_store) == [{"stdout": "unknown"}]
    assert deliver(any_store, using(settings, "stdout", "webhook"), said.append) == []
    assert (len(said), len(hook.log)) == (1, 1)
    assert delivered(any_store) == [{"stdout": "unknown", "webhook": "sent"}]


def test_what_a_silent_webhook_may_have_is_not_sent_again(
    any_store: Store, settings: Settings, hook: HTTPServer
) -> None:  # fmt: skip
    write(any_store, "speed")

    def sleep(_: Request) -> Response:
        time.sleep(1.5)
        return Response("ok")

    hook.expect_request(SECRET).respond_with_handler(sleep)
    chosen = using(settings, "webhook", timeout=0.3)
    (line,) = deliver(any_store, chosen, print)
    assert "did not answer" in line
    assert "may have arrived, and is not sent again" in line
    assert deliver(any_store, chosen, print) == []
    assert delivered(any_store) == [{"webhook": "unknown"}]


def test_only_open_alerts_are_told(any_store: Store, settings: Settings) -> None:
    numbers = write(any_store, "speed", "ease", "design", "service")
    with any_store.session() as session:
        for number, state in zip(numbers, ("acked", "snoozed", "resolved"), strict=False):
            find_alert(session, number).state = state
        set_delivery(session, numbers[3], "stdout", "failed", "why not")
    said: list[AlertEntry] = []
    deliver(any_store, using(settings, "stdout"), said.append)
    assert [entry.id for entry in said] == numbers[3:]


def mailing(settings: Settings, port: int, *, login: bool = False) -> Settings:
    return using(
        settings, "email", email_from="overheard@nord.example", email_to=("cx@nord.example", "ceo@nord.example"),
        smtp_host="127.0.0.1", smtp_port=port, smtp_security="none", smtp_login=login, timeout=5,
    )  # fmt: skip


def test_a_mail_has_a_subject_on_one_line_and_the_figures(any_store: Store, settings: Settings) -> None:
    write(any_store, "speed", brand="Nörd")
    with mail_server() as server:
        assert deliver(any_store, mailing(settings, server.port), print) == []
        assert deliver(any_store, mailing(settings, server.port), print) == []
        (mail,) = server.mails
    assert mail["Subject"].startswith("Overheard: #")
    assert "Nörd: pain in speed up" in mail["Subject"]
    assert mail["To"] == "cx@nord.example, ceo@nord.example"
    assert "31 mentions in 2 days" in mail.get_content()


def test_a_mail_server_that_refuses_is_asked_again(any_store: Store, settings: Settings) -> None:
    write(any_store, "speed")
    with mail_server() as server:
        server.refusal = "554 too much mail"
        (line,) = deliver(any_store, mailing(settings, server.port), print)
        assert "554" in line
        assert "too much mail" in line
        server.refusal = None
        assert deliver(any_store, mailing(settings, server.port), print) == []
        assert len(server.mails) == 1
    (line,) = deliver_to_nobody(any_store, settings)
    assert "refuses" in line


def deliver_to_nobody(store: Store, settings: Settings) -> Sequence[str]:
    with store.session() as session:
        brand = find_brand(session, "Nord & <Wind>")
        add_alert(
            session, brand.id, "stale", "source:1", date(2026, 10, 1), date(2026, 10, 1), NOW, version=None,
            findings=[], cause={"text": "the shop is blocked"},
        )  # fmt: skip
    return deliver(store, mailing(settings, free_port()), print)


def test_a_login_is_used_and_kept_out_of_what_is_said(
    any_store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(any_store, "speed")
    monkeypatch.setenv("OVERHEARD_SMTP_USER", "cx")
    with mail_server(("cx", "pass w+rd")) as server:
        (line,) = deliver(any_store, mailing(settings, server.port, login=True), print)
        assert "OVERHEARD_SMTP_PASSWORD" in line
        for unsendable in ("wröng w+rd", "wrong w+rd"):
            monkeypatch.setenv("OVERHEARD_SMTP_PASSWORD", unsendable)
            (line,) = deliver(any_store, mailing(settings, server.port, login=True), print)
        assert "535" in line
        assert "wrong" not in line
        monkeypatch.setenv("OVERHEARD_SMTP_PASSWORD", "pass w+rd")
        assert deliver(any_store, mailing(settings, server.port, login=True), print) == []
        assert server.logins[-1] == ("cx", "pass w+rd")
        assert len(server.mails) == 1


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_mail_goes_in_secret_to_a_server_that_is_trusted(
    any_store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, security: str
) -> None:
    write(any_store, "speed")
    for name, value in {"USER": "cx", "PASSWORD": "pass w+rd"}.items():
        monkeypatch.setenv(f"OVERHEARD_SMTP_{name}", value)
    authority, secret = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(secret)
    with mail_server(("cx", "pass w+rd"), secret=secret, at_once=security == "tls") as server:
        chosen = mailing(settings, server.port, login=True)
        chosen = chosen.model_copy(update={"alerts": chosen.alerts.model_copy(update={"smtp_security": security})})
        (line,) = deliver(any_store, chosen, print)
        assert "certificate verify failed" in line
        assert (server.logins, server.mails) == ([], [])
        authority.cert_pem.write_to_path(tmp_path / "authority.pem")
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
        assert deliver(any_store, chosen, print) == []
        assert len(server.mails) == 1
    assert {word for word, hidden in server.words if not hidden} <= {"EHLO", "STARTTLS"}
    assert ("AUTH", True) in server.words


def test_a_server_without_starttls_gets_nothing(any_store: Store, settings: Settings) -> None:
    write(any_store, "speed")
    with mail_server() as server:
        chosen = mailing(settings, server.port)
        chosen = chosen.model_copy(update={"alerts": chosen.alerts.model_copy(update={"smtp_security": "starttls"})})
        (line,) = deliver(any_store, chosen, print)
    assert "STARTTLS" in line
    assert server.mails == []


def test_a_password_goes_nowhere_in_the_clear(
    any_store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(any_store, "speed")
    for name in ("USER", "PASSWORD"):
        monkeypatch.setenv(f"OVERHEARD_SMTP_{name}", "x")
    chosen = mailing(settings, 25, login=True)
    away = chosen.model_copy(update={"alerts": chosen.alerts.model_copy(update={"smtp_host": "mail.example"})})
    (line,) = deliver(any_store, away, print)
    assert "without encryption" in line
