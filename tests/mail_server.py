"""A mail server on loopback that keeps what it is given, asks for a login where it should, and can refuse."""

from __future__ import annotations

import base64
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import cast


@dataclass
class MailServer:
    """`login` is the user and the password that it wants; `refusal` is what it says to a mail that it refuses."""

    port: int = 0
    login: tuple[str, str] | None = None
    refusal: str | None = None
    mails: list[EmailMessage] = field(default_factory=list)
    logins: list[tuple[str, str]] = field(default_factory=list)


@contextmanager
def mail_server(login: tuple[str, str] | None = None) -> Iterator[MailServer]:
    """Run a server for the length of a test."""
    state = MailServer(login=login)

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self._say("220 mail.example")
            while line := self.rfile.readline():
                if not self._answer(line.decode().strip()):
                    return

        def _say(self, text: str) -> None:
            self.wfile.write(f"{text}\r\n".encode())

        def _answer(self, line: str) -> bool:
            word = line.split()[0].upper() if line else ""
            if word == "EHLO":
                self._say("250-mail.example\r\n250 AUTH PLAIN" if state.login else "250 mail.example")
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
