"""Alerts told to people: on stdout, to a webhook, by e-mail; each at most once on each channel.

What is about to be sent is written down first, in a transaction of its own. A kill between sending and writing down
that it was sent leaves the alert as `sending`: it may have arrived, so it is shown as unknown and not sent again. What
a channel refuses is sent again the next night, after what it has not seen yet.
"""

from __future__ import annotations

import json
import re
import smtplib
import ssl
import urllib.error
import urllib.request
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from http.client import HTTPException
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session

from overheard.crawler.credentials import read_credentials, reason_of
from overheard.errors import OverheardError, SettingsError
from overheard.insight.alerts import AlertEntry, describe
from overheard.report.alerts import headline, message, quoted, told
from overheard.report.formats import to_json
from overheard.report.printable import printable
from overheard.settings import Settings
from overheard.store.alerts import Alert, AlertDelivery, set_delivery, undelivered
from overheard.store.database import Store

PAGE = "docs/alerts.md"

LINK = re.compile(r"https?://[^\s<>|\\]{1,900}")
"""An address that Slack takes for nothing else; three of them fit into a block."""

LONGEST = 2900
"""Characters of one block that Slack takes (3,000), less some for the signs that escape others."""

PATIENCE = 2
"""Failures in a row after which a channel is left alone until the next night; refusals of single alerts are none."""

LATER = (408, 429)
"""Answers of 4xx that are about the moment; the others refuse the alert that was sent, or the address."""

PERHAPS = (502, 504)
"""Answers of a gateway that may have passed on what it was sent."""

Send = Callable[[AlertEntry], None]


class DeliveryError(OverheardError):
    """A channel did not take an alert; the message says why, without secrets.

    `refused` says that it works and will not have this one alert: the next may pass.
    """

    remedy = "what was not sent is tried again by the next refresh"

    def __init__(self, message: str, *, refused: bool = False) -> None:
        super().__init__(message)
        self.refused = refused


class UnknownDeliveryError(DeliveryError):
    """A channel fell silent when it had the alert: it may have arrived."""

    remedy = "it may have arrived, and is not sent again"


def deliver(store: Store, settings: Settings, out: Send) -> list[str]:
    """Tell every open alert on every channel that has not had it; return what failed, in lines that name the channel.

    `out` takes what goes to stdout. An alert that a channel refuses does not keep the others from it.
    """
    lines = []
    with store.lock("alerts"):
        for channel in settings.alerts.channels:
            failed: defaultdict[str, list[OverheardError]] = defaultdict(list)
            for error in _tell_all(store, settings, channel, out):
                failed[getattr(error, "remedy", DeliveryError.remedy)].append(error)
            for remedy, errors in failed.items():
                more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
                lines.append(f"alerts by {channel}: {errors[0]}{more}; {remedy}")
    return lines


def _tell_all(store: Store, settings: Settings, channel: str, out: Send) -> list[DeliveryError | SettingsError]:
    """Tell what a channel has not had, until it fails `PATIENCE` times in a row; return what failed."""
    with store.reading() as session:
        waiting = describe(session, _in_turn(session, channel))
    failed: list[DeliveryError | SettingsError] = []
    in_a_row = 0
    if not waiting:
        return failed
    try:
        with _opened(channel, settings, out) as send:
            for entry in waiting:
                try:
                    _tell(store, entry, channel, send)
                    in_a_row = 0
                except DeliveryError as error:
                    failed.append(error)
                    in_a_row = 0 if error.refused else in_a_row + 1
                if in_a_row == PATIENCE:
                    break
    except (DeliveryError, SettingsError) as error:
        failed.append(error)
    return failed


def _in_turn(session: Session, channel: str) -> Sequence[Alert]:
    """Return what a channel has not had: the oldest first, and last what failed, the longest ago first."""
    tried = select(AlertDelivery.alert_id, AlertDelivery.at).where(AlertDelivery.channel == channel)
    failed = {row.alert_id: row.at for row in session.execute(tried.where(AlertDelivery.state == "failed"))}
    waiting = undelivered(session, channel)
    again = sorted((alert for alert in waiting if alert.id in failed), key=lambda alert: failed[alert.id])
    return [alert for alert in waiting if alert.id not in failed] + again


def _tell(store: Store, entry: AlertEntry, channel: str, send: Send) -> None:
    """Tell one alert, and write down before and after how far it is; raises DeliveryError."""
    _write(store, entry, channel, "sending")
    try:
        send(entry)
    except UnknownDeliveryError as error:
        _write(store, entry, channel, "sending", str(error))
        raise
    except Exception as error:
        # Also what nobody foresaw: nothing but silence after sending leaves an alert as unknown.
        reason = str(error) if isinstance(error, DeliveryError) else type(error).__name__
        _write(store, entry, channel, "failed", reason)
        raise
    _write(store, entry, channel, "sent")


def _write(store: Store, entry: AlertEntry, channel: str, state: str, reason: str | None = None) -> None:
    with store.session() as session:
        set_delivery(session, entry.id, channel, state, reason)


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
    url = _address(settings)
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
            answered = f"the webhook answered {error.code} {_safe(said, url)}".strip()
            if error.code in PERHAPS:
                raise UnknownDeliveryError(answered) from None
            raise DeliveryError(answered, refused=400 <= error.code < 500 and error.code not in LATER) from None
        except (urllib.error.URLError, ValueError) as error:
            raise DeliveryError(f"the webhook cannot be reached ({_safe(str(error), url)})") from None
        except (OSError, HTTPException) as error:
            # urllib wraps what happens before the whole request is out; this came when an answer was waited for.
            raise UnknownDeliveryError(f"the webhook did not answer ({_safe(str(error), url)})") from None

    return send


def _address(settings: Settings) -> str:
    """Return the address of the webhook; raises SettingsError, which does not quote it, for what cannot be called."""
    url = read_credentials("webhook", ("url",), settings, PAGE)["url"]
    try:
        parts = urlsplit(url)
        is_usable = re.fullmatch("[!-~]+", url) and parts.hostname and parts.port != 0
    except ValueError:
        is_usable = False
    if not is_usable:
        raise SettingsError(
            "the address of the webhook cannot be called; expected such as https://hooks.example/services/T0, in ASCII "
            "and without blanks"
        )
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in ("localhost", "127.0.0.1", "::1")):
        raise SettingsError("the address of the webhook is neither https nor on this machine; give one that is")
    return url


def slack(entry: AlertEntry) -> dict[str, Any]:
    """Return an alert as Slack reads it: what customers wrote is plain text there, which mentions and links nobody."""
    text = headline(entry).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    quotes = "\n".join(quoted(quote, None) for quote in entry.quotes)
    shown = [part for part in (headline(entry), "\n".join(told(entry)), quotes) if part]
    blocks: list[dict[str, Any]] = [
        {"type": "section", "text": {"type": "plain_text", "text": part[:LONGEST], "emoji": False}} for part in shown
    ]
    # Only what we wrote ourselves is read as Slack's own markup: addresses, in which nothing can end a link.
    links = [f"<{quote.url.replace('&', '&amp;')}|mention {quote.mention_id}>" for quote in entry.quotes
             if quote.url and LINK.fullmatch(quote.url)]  # fmt: skip
    if links:
        blocks.append({"type": "section", "text": {"type": "mrkdwn", "text": " ".join(links[:3])}})
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
    with ExitStack() as stack:
        try:
            server = stack.enter_context(closing(_connected(settings)))
            if login:
                server.login(login["user"], login["password"])
        except (OSError, ValueError) as error:  # a name or a password that cannot be encoded is a ValueError
            said = f"{chosen.smtp_host}:{chosen.smtp_port} refuses ({_safe(str(error), secrets)})"
            raise DeliveryError(said) from None
        yield lambda entry: _post(server, settings, entry, secrets)


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
        # A line that is dead before the mail begins has carried nothing.
        server.noop()
    except OSError as error:
        raise DeliveryError(f"the mail server is gone ({_safe(str(error), secrets)})") from None
    try:
        refused = server.send_message(mail)
    except (smtplib.SMTPResponseException, smtplib.SMTPRecipientsRefused, smtplib.SMTPNotSupportedError) as error:
        raise DeliveryError(f"the mail server refuses ({_safe(str(error), secrets)})", refused=True) from None
    except OSError as error:
        raise UnknownDeliveryError(f"the mail server fell silent ({_safe(str(error), secrets)})") from None
    if refused:
        told = f"the mail server refuses {', '.join(refused)}; the others have it"
        raise UnknownDeliveryError(told, refused=True)


def _safe(said: str, secret: str) -> str:
    return printable(reason_of(said, [secret, urlsplit(secret).path] if secret else []))
