"""A real CUPS server on loopback, in a folder of its own, with one raw queue that leads to a socket which keeps the bytes."""

import os
import pwd
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

CUPSD = shutil.which("cupsd") or ("/usr/sbin/cupsd" if Path("/usr/sbin/cupsd").is_file() else "")
PRINTER = "mot-cua"
_SERVER = """Listen 127.0.0.1:{port}
Browsing Off
DefaultShared No
LogLevel info
<Location />
Order allow,deny
Allow from 127.0.0.1
</Location>
<Policy default>
<Limit All>
Order allow,deny
Allow from 127.0.0.1
</Limit>
</Policy>
"""
_FILES = """ServerRoot {folder}
RequestRoot {folder}/spool
CacheDir {folder}/cache
StateDir {folder}/state
TempDir {folder}/tmp
AccessLog {folder}/access.log
ErrorLog {folder}/error.log
PageLog {folder}/page.log
{user}"""
_PRINTERS = """<DefaultPrinter mot-cua>
DeviceURI socket://127.0.0.1:{device}
State Idle
Accepting Yes
Shared No
</DefaultPrinter>
<Printer tu-choi>
DeviceURI socket://127.0.0.1:{device}
State Idle
Accepting No
Shared No
</Printer>
"""


@dataclass
class Device:
    """The printer behind the queue: takes one job after the other as it comes."""

    listening: socket.socket
    jobs: list[bytes] = field(default_factory=list)
    _came: threading.Condition = field(default_factory=threading.Condition)

    @property
    def port(self) -> int:
        return int(self.listening.getsockname()[1])

    def run(self) -> None:
        while True:
            try:
                peer, _ = self.listening.accept()
            except OSError:
                return
            with peer:
                data = peer.makefile("rb").read()
            with self._came:
                self.jobs.append(data)
                self._came.notify_all()

    def printed(self, number: int, within: float = 20) -> list[bytes]:
        """The first so many jobs, waited for."""
        with self._came:
            assert self._came.wait_for(lambda: len(self.jobs) >= number, within), "the job did not arrive"
            return self.jobs[:number]


@dataclass(frozen=True)
class Cups:
    """The server's address and the device behind its queue."""

    server: str
    device: Device


@contextmanager
def running(folder: Path) -> Iterator[Cups]:
    """Starts the server; stops it and the device at the end."""
    for name in ("spool", "cache", "state", "tmp"):
        (folder / name).mkdir(parents=True)
    device = Device(socket.create_server(("127.0.0.1", 0)))
    threading.Thread(target=device.run, daemon=True).start()
    port = _free_port()
    as_root = os.geteuid() == 0
    user = "User lp\nGroup lp\n" if as_root else f"User {pwd.getpwuid(os.geteuid()).pw_name}\n"
    (folder / "cupsd.conf").write_text(_SERVER.format(port=port))
    (folder / "cups-files.conf").write_text(_FILES.format(folder=folder, user=user))
    (folder / "printers.conf").write_text(_PRINTERS.format(device=device.port))
    if as_root:  # the server drops its rights to this user and must still reach its folders
        for place in (*folder.parents, folder):
            if place.stat().st_uid == 0 and place != Path("/"):
                place.chmod(place.stat().st_mode | 0o011)
        for path in (folder, *folder.rglob("*")):
            shutil.chown(path, "lp", "lp")
    command = [CUPSD, "-f", "-c", str(folder / "cupsd.conf"), "-s", str(folder / "cups-files.conf")]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_for(port, server)
        yield Cups(f"http://127.0.0.1:{port}", device)
    finally:
        server.terminate()
        server.wait(10)
        device.listening.close()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def _wait_for(port: int, server: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + 20
    while time.monotonic() < end and server.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError("cupsd did not start")
