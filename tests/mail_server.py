"""A mail server on loopback that keeps what it is given, asks for a login where it should, and can refuse."""

from __future__ import annotations

import base64
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import cast


@dataclass
class MailServer:
    """`login` is the user and the password that it wants; `refusal` is what it says to a mail that it refuses.

    `words` are the commands that it was given, each with whether it came in secret.
    """

    port: int = 0
    login: tuple[str, str] | None = None
    refusal: str | None = None
    mails: list[EmailMessage] = field(default_factory=list)
    logins: list[tuple[str, str]] = field(default_factory=list)
    words: list[tuple[str, bool]] = field(default_factory=list)


@contextmanager
def mail_server(
    login: tuple[str, str] | None = None, *, secret: ssl.SSLContext | None = None, at_once: bool = False
) -> Iterator[MailServer]:
    """Run a server for the length of a test; what is `secret` begins `at_once`, or when STARTTLS asks for it."""
    state = MailServer(login=login)

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            if at_once and not self._hide():
                return
            self._say("220 mail.example")
            while line := self.rfile.readline():
                if not self._answer(line.decode().strip()):
                    return

        def finish(self) -> None:
            super().finish()
            self.connection.close()  # the server closes that which it had before it was hidden

        def _hide(self) -> bool:
            assert secret is not None
            try:
                self.connection = secret.wrap_socket(self.connection, server_side=True)
            except OSError:  # who does not trust the certificate goes away
                return False
            self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb", buffering=0)
            return True

        def _say(self, text: str) -> None:
            self.wfile.write(f"{text}\r\n".encode())

        def _answer(self, line: str) -> bool:
            word = line.split()[0].upper() if line else ""
            hidden = isinstance(self.connection, ssl.SSLSocket)
            state.words.append((word, hidden))
            if word == "EHLO":
                offers = [*(["STARTTLS"] if secret and not hidden else []), *(["AUTH PLAIN"] if state.login else [])]
                self._say("\r\n".join(["250-mail.example", *(f"250-{offer}" for offer in offers), "250 SIZE"]))
            elif word == "STARTTLS" and secret:
                self._say("220 go ahead")
                return self._hide()
            elif word == "AUTH":
                _, user, password = base64.b64decode(line.split()[2]).decode().split("\0")
                state.logins.append((user, password))
                self._say("235 welcome" if (user, password) == state.login else f"535 not with {password}")
            elif word == "DATA":
                self._say("354 go on")
                lines = []
                while (given := self.rfile.readline()) not in (b".\r\n", b""):
                    lines.append(given)
                if state.refusal is None:
                    state.mails.append(cast(EmailMessage, message_from_bytes(b"".join(lines), policy=policy.default)))
                self._say(state.refusal or "250 kept")
            else:
                self._say("221 bye" if word == "QUIT" else "250 fine")
            return word != "QUIT"

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        state.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield state
        server.shutdown()
        thread.join()
