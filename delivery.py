"""Alerts told to people: on stdout, to a webhook, by e-mail; each at most once on each channel.

What is about to be sent is written down first, in a transaction of its own. A kill between sending and writing down
that it was sent leaves the alert as `sending`: it may have arrived, so it is shown as unknown and not sent again. What
a channel refuses is sent again the next night.
"""

from __future__ import annotations

import json
import smtplib
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from http.client import HTTPException
from typing import Any
from urllib.parse import urlsplit

from overheard.crawler.credentials import read_credentials, reason_of
from overheard.errors import OverheardError, SettingsError
from overheard.insight.alerts import AlertEntry, describe
from overheard.report.alerts import details, headline, message
from overheard.report.formats import to_json
from overheard.report.printable import printable
from overheard.settings import Settings
from overheard.store.alerts import set_delivery, undelivered
from overheard.store.database import Store

PAGE = "docs/alerts.md"

LONGEST = 2900
"""Characters of one block that Slack takes (3,000), less some for the signs that escape others."""

Send = Callable[[AlertEntry], None]


class DeliveryError(OverheardError):
    """A channel did not take an alert; the message says why, without secrets."""

    remedy = "what was not sent is tried again by the next refresh"


class UnknownDeliveryError(DeliveryError):
    """A channel fell silent when it had the alert: it may have arrived."""

    remedy = "it may have arrived, and is not sent again"


def deliver(store: Store, settings: Settings, out: Send) -> list[str]:
    """Tell every open alert on every channel that has not had it; return one line for each channel that failed.

    `out` takes what goes to stdout.
    """
    failed = []
    with store.lock("alerts"):
        for channel in settings.alerts.channels:
            try:
                _tell_all(store, settings, channel, out)
            except (DeliveryError, SettingsError) as error:
                remedy = getattr(error, "remedy", DeliveryError.remedy)
                failed.append(f"alerts by {channel}: {error}; {remedy}")
    return failed


def _tell_all(store: Store, settings: Settings, channel: str, out: Send) -> None:
    with store.reading() as session:
        waiting = describe(session, undelivered(session, channel))
    if not waiting:
        return
    with _opened(channel, settings, out) as send:
        for entry in waiting:
            with store.session() as session:
                set_delivery(session, entry.id, channel, "sending")
            try:
                send(entry)
            except DeliveryError as error:
                state = "sending" if isinstance(error, UnknownDeliveryError) else "failed"
                with store.session() as session:
                    set_delivery(session, entry.id, channel, state, str(error))
                raise
            with store.session() as session:
                set_delivery(session, entry.id, channel, "sent")


@contextmanager
def _opened(channel: str, settings: Settings, out: Send) -> Iterator[Send]:
    """Yield what sends one alert on a channel."""
    if channel == "webhook":
        yield _webhook(settings)
    elif channel == "email":
        with _mail(settings) as send:
            yield send
    else:
        yield out


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """The address is a secret: nobody sends it, or the customers' words, elsewhere."""

    def redirect_request(self, *_: Any) -> None:
        return None


def _webhook(settings: Settings) -> Send:
    url = read_credentials("webhook", ("url",), settings, PAGE)["url"]
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in ("localhost", "127.0.0.1", "::1")):
        raise SettingsError("the address of the webhook is neither https nor on this machine; give one that is")
    form = {"slack": slack, "generic": generic}[settings.alerts.webhook_format]
    opener = urllib.request.build_opener(_NoRedirect)

    def send(entry: AlertEntry) -> None:
        body = json.dumps(form(entry)).encode()
        request = urllib.request.Request(url, body, {"Content-Type": "application/json"}, method="POST")
        try:
            with opener.open(request, timeout=settings.alerts.timeout) as answer:
                answer.read(1000)
        except urllib.error.HTTPError as error:
            said = error.read(200).decode(errors="replace")
            raise DeliveryError(f"the webhook answered {error.code} {_safe(said, url)}".strip()) from None
        except (urllib.error.URLError, ValueError) as error:
            raise DeliveryError(f"the webhook cannot be reached ({_safe(str(error), url)})") from None
        except (OSError, HTTPException) as error:
            # urllib wraps what happens before the whole request is out; this came when an answer was waited for.
            raise UnknownDeliveryError(f"the webhook did not answer ({_safe(str(error), url)})") from None

    return send


def slack(entry: AlertEntry) -> dict[str, Any]:
    """Return an alert as Slack reads it: what customers wrote is plain text there, which mentions and links nobody."""
    text = headline(entry).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    quotes = "\n".join(f"“{printable(quote.text)}”" for quote in entry.quotes)
    shown = [part for part in (headline(entry), "\n".join(details(entry)), quotes) if part]
    blocks = [
        {"type": "section", "text": {"type": "plain_text", "text": part[:LONGEST], "emoji": False}} for part in shown
    ]
    return {"text": text[:LONGEST], "blocks": blocks}


def generic(entry: AlertEntry) -> dict[str, Any]:
    """Return an alert as data, with its text."""
    return {"text": message(entry), "alert": json.loads(to_json([entry]))[0]}


@contextmanager
def _mail(settings: Settings) -> Iterator[Send]:
    chosen = settings.alerts
    login = read_credentials("smtp", ("user", "password"), settings, PAGE) if chosen.smtp_login else {}
    secrets = login.get("password", "")
    if login and chosen.smtp_security == "none" and chosen.smtp_host not in ("localhost", "127.0.0.1", "::1"):
        raise SettingsError("a password is not sent without encryption; set alerts.smtp_security to starttls or tls")
    try:
        server = _connected(settings)
    except (OSError, smtplib.SMTPException) as error:
        raise DeliveryError(f"{chosen.smtp_host}:{chosen.smtp_port} refuses ({_safe(str(error), secrets)})") from None
    try:
        if login:
            server.login(login["user"], login["password"])
        yield lambda entry: _post(server, settings, entry, secrets)
    except (smtplib.SMTPException, OSError) as error:
        raise DeliveryError(f"{chosen.smtp_host}:{chosen.smtp_port} refuses ({_safe(str(error), secrets)})") from None
    finally:
        server.close()


def _connected(settings: Settings) -> smtplib.SMTP:
    chosen = settings.alerts
    if chosen.smtp_security == "tls":
        context = ssl.create_default_context()
        return smtplib.SMTP_SSL(chosen.smtp_host, chosen.smtp_port, timeout=chosen.timeout, context=context)
    server = smtplib.SMTP(chosen.smtp_host, chosen.smtp_port, timeout=chosen.timeout)
    if chosen.smtp_security == "starttls":
        try:
            server.starttls(context=ssl.create_default_context())
        except BaseException:
            server.close()
            raise
    return server


def _post(server: smtplib.SMTP, settings: Settings, entry: AlertEntry, secrets: str) -> None:
    mail = EmailMessage()
    mail["Subject"] = f"Overheard: {headline(entry)}"[:200]
    mail["From"], mail["To"] = settings.alerts.email_from, ", ".join(settings.alerts.email_to)
    mail["Date"], mail["Message-ID"] = formatdate(), make_msgid(domain="overheard.invalid")
    mail.set_content(message(entry))
    try:
        refused = server.send_message(mail)
    except (smtplib.SMTPResponseException, smtplib.SMTPRecipientsRefused, smtplib.SMTPNotSupportedError) as error:
        raise DeliveryError(f"the mail server refuses ({_safe(str(error), secrets)})") from None
    except OSError as error:
        raise UnknownDeliveryError(f"the mail server fell silent ({_safe(str(error), secrets)})") from None
    if refused:
        raise UnknownDeliveryError(f"the mail server refuses {', '.join(refused)}; the others have it")


def _safe(said: str, secret: str) -> str:
    return printable(reason_of(said, [secret, urlsplit(secret).path] if secret else []))
