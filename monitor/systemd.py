"""Speaks to the service manager: readiness, a status line, the watchdog. Without one it says nothing."""

import os
import socket
from collections.abc import Mapping


class Notifier:
    """Sends `sd_notify(3)` datagrams to the socket named in NOTIFY_SOCKET ("@…" is an abstract one)."""

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        env = os.environ if environment is None else environment
        self._address = env.get("NOTIFY_SOCKET", "")
        microseconds = env.get("WATCHDOG_USEC", "")
        meant_for_us = env.get("WATCHDOG_PID") in (None, "", str(os.getpid()))
        self.watchdog_s: float | None = int(microseconds) / 1e6 if microseconds.isdigit() and meant_for_us else None

    def ready(self, status: str) -> None:
        self._send(f"READY=1\nSTATUS={_line(status)}")

    def status(self, status: str) -> None:
        self._send(f"STATUS={_line(status)}")

    def alive(self, status: str) -> None:
        """Feeds the watchdog. Call it only when real work was finished."""
        self._send(f"WATCHDOG=1\nSTATUS={_line(status)}")

    def stopping(self) -> None:
        self._send("STOPPING=1")

    def _send(self, text: str) -> None:
        if not self._address:
            return
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as out:
                out.connect(address)
                out.send(text.encode())
        except OSError:
            # a service manager that went away is no reason to stop watching dossiers
            return


def _line(text: str) -> str:
    return " ".join(text.split())
