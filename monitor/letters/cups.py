"""A CUPS printer by name over IPP: hand over a PDF, ask what became of it."""

import struct
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import requests

from monitor.clock import Clock
from monitor.words import Words

_TIMEOUT_S = (5.0, 60.0)  # to connect, between two packets
_LAST_OK = 0x00FF  # RFC 8010: every status up to here is a success
_NOT_FOUND = 0x0406
_PRINT_JOB, _GET_JOB_ATTRIBUTES = 0x0002, 0x0009  # operations of RFC 8011 §5.4.15
# job states of RFC 8011 §5.3.7
_CANCELED, _ABORTED, _COMPLETED = 7, 8, 9


class PrinterTrouble(Exception):
    """The printer does not take or did not print the job. No word of a letter is in it."""

    def __init__(self, vi: str, en: str) -> None:
        self.words = Words(vi, en)
        super().__init__(en)


@dataclass(frozen=True, slots=True)
class Queue:
    """One queue of a CUPS server, `http://127.0.0.1:631` and its printer's name."""

    server: str
    printer: str

    def send(self, data: bytes, job_name: str, user: str) -> int:
        """Hands a PDF over and returns the job's number; CUPS keeps it from then on. Raises `PrinterTrouble`."""
        answer = self._ask(
            _PRINT_JOB,
            {"requesting-user-name": user, "job-name": job_name, "document-format": "application/pdf"},
            data,
        )
        return int(answer["jobs"][0]["job-id"])

    def wait(self, job: int, clock: Clock, seconds: int) -> bool:
        """Whether the job has left for the device within so many seconds; False while it still waits in the queue.

        Raises `PrinterTrouble` where it was cancelled or given up.
        """
        for _ in range(2 * seconds + 1):
            found = self._ask(_GET_JOB_ATTRIBUTES, {"job-id": job})["jobs"][0]
            state = int(found["job-state"])
            if state == _COMPLETED:
                return True
            if state in (_CANCELED, _ABORTED):
                why = str(found.get("job-printer-state-message") or found.get("job-state-reasons") or state)
                raise PrinterTrouble(
                    f'máy in "{self.printer}" đã bỏ lệnh in {job} ({why}).',
                    f'printer "{self.printer}" gave up job {job} ({why}).',
                )
            clock.sleep(0.5)
        return False

    def _ask(self, operation: int, attributes: dict[str, Any], data: bytes = b"") -> Any:
        # half a second with all it brings, and few processes ever print
        from pyipp.enums import IppOperation
        from pyipp.exceptions import IPPError
        from pyipp.parser import parse
        from pyipp.serializer import encode_dict

        address = f"{self.server.rstrip('/')}/printers/{quote(self.printer, safe='')}"
        said = {
            "attributes-charset": "utf-8",
            "attributes-natural-language": "vi",
            "printer-uri": "ipp://" + address.partition("://")[2],
            **attributes,
        }
        message: dict[str, Any] = {
            "version": (2, 0),
            "operation": IppOperation(operation),
            "operation-attributes-tag": said,
        }
        if data:
            # letters of different people never share a sheet
            message |= {"job-attributes-tag": {"sides": "one-sided"}, "data": data}
        try:
            with requests.Session() as session:
                session.trust_env = False  # a proxy of the environment has no business with the office's printer
                answer = session.post(
                    address,
                    data=encode_dict(message),
                    headers={"Content-Type": "application/ipp"},
                    timeout=_TIMEOUT_S,
                    allow_redirects=False,
                )
            found = parse(answer.content) if answer.ok else {}
        except requests.RequestException:
            raise PrinterTrouble(
                f"không kết nối được máy chủ in {self.server}.", f"the print server {self.server} cannot be reached."
            ) from None
        except (IPPError, struct.error, ValueError, LookupError, TypeError) as error:
            raise self._strange(type(error).__name__) from None
        status = found.get("status-code")
        if status == _NOT_FOUND:
            raise PrinterTrouble(
                f'máy chủ in {self.server} không có máy in "{self.printer}".',
                f'the print server {self.server} has no printer "{self.printer}".',
            )
        if status is None or not 0 <= status <= _LAST_OK or not found.get("jobs"):
            shown = f"HTTP {answer.status_code}" if status is None else f"IPP 0x{status:04x}"
            raise PrinterTrouble(
                f'máy in "{self.printer}" không nhận lệnh in ({shown}).',
                f'printer "{self.printer}" does not take the job ({shown}).',
            )
        return found

    def _strange(self, what: str) -> PrinterTrouble:
        return PrinterTrouble(
            f"{self.server} trả lời không đúng giao thức IPP ({what}).", f"{self.server} does not speak IPP ({what})."
        )
