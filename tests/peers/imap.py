"""A small IMAP4rev1 server on loopback (RFC 3501): one account, folders, literals, UIDs, flags."""

import re
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

PASSWORD = "canary-imap-password"


@dataclass
class Stored:
    uid: int
    data: bytes
    seen: bool = False


@dataclass
class ImapServer:
    """`mails` are what INBOX holds; `commands` what was asked, without the password."""

    port: int = 0
    mails: list[Stored] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    uid_validity: int = 7

    def put(self, data: bytes) -> Stored:
        stored = Stored(len(self.mails) + 1, data)
        self.mails.append(stored)
        return stored


class _Session(socketserver.StreamRequestHandler):
    server: "_Server"

    def handle(self) -> None:
        self._say(b"* OK IMAP4rev1 ready")
        while line := self.rfile.readline():
            tag, _, rest = line.decode().strip().partition(" ")
            name, _, arguments = rest.partition(" ")
            if name.upper() == "UID":
                name, _, arguments = arguments.partition(" ")
                name = f"UID {name}"
            self.server.box.commands.append(f"{name.upper()} {arguments}".replace(PASSWORD, "…"))
            done = self._do(name.upper(), arguments)
            self._say(f"{tag} {done}".encode())
            if name.upper() == "LOGOUT":
                return

    def _do(self, name: str, arguments: str) -> str:
        box = self.server.box
        match name:
            case "CAPABILITY":
                self._say(b"* CAPABILITY IMAP4rev1")
            case "LOGIN":
                if arguments.replace('"', "") != f"dunghen {PASSWORD}":
                    return "NO [AUTHENTICATIONFAILED] wrong"
            case "SELECT":
                if arguments.strip('"') != "INBOX":
                    return "NO no such folder"
                self._say(f"* {len(box.mails)} EXISTS".encode())
                self._say(f"* OK [UIDVALIDITY {box.uid_validity}] valid".encode())
                return "OK [READ-WRITE] done"
            case "UID SEARCH":
                first = int(re.search(r"UID (\d+):\*", arguments)[1])  # type: ignore[index]
                last = max((mail.uid for mail in box.mails), default=0)
                wanted = [m.uid for m in box.mails if not m.seen and (m.uid >= first or m.uid == last)]
                self._say(("* SEARCH " + " ".join(map(str, wanted))).rstrip().encode())
            case "UID FETCH":
                uid, most = map(int, re.match(r"(\d+) \(BODY\.PEEK\[\]<0\.(\d+)>\)", arguments).groups())  # type: ignore[union-attr]
                data = next(mail.data for mail in box.mails if mail.uid == uid)[:most]
                self.wfile.write(f"* {uid} FETCH (UID {uid} BODY[]<0> {{{len(data)}}}\r\n".encode() + data + b")\r\n")
            case "UID STORE":
                uid = int(arguments.split(maxsplit=1)[0])
                next(mail for mail in box.mails if mail.uid == uid).seen = r"\Seen" in arguments
                self._say(f"* {uid} FETCH (FLAGS (\\Seen))".encode())
            case "LOGOUT":
                self._say(b"* BYE")
            case _:
                return "BAD unknown"
        return "OK done"

    def _say(self, line: bytes) -> None:
        self.wfile.write(line + b"\r\n")


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    box: ImapServer


@contextmanager
def imap_server() -> Iterator[ImapServer]:
    """A running server; the account is "dunghen"."""
    with _Server(("127.0.0.1", 0), _Session) as server:
        server.box = ImapServer(port=server.server_address[1])
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield server.box
        server.shutdown()
        thread.join(5)
