"""Any of the services that Apprise knows (Zalo OA gateways, Teams, Mattermost, ntfy …), one address of Apprise's each.

Apprise only says whether it worked, so a failure is of unknown outcome: tried again as a possible repeat, then given to
the next channel. Its own log would show addresses with their secrets and is kept silent.
"""

import logging

import apprise

from monitor.alerts.outgoing import ChannelUnavailable, Outcome, Outgoing, Result
from monitor.alerts.wording import clean_text, render, whole_list
from monitor.settings import AppriseChannel

_LINES_SHOWN = 15
_PLACE = "{address}"


class ThroughApprise:
    """Sends over one configured address; `{address}` in it stands for the person's own."""

    def __init__(self, settings: AppriseChannel) -> None:
        logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
        self.name = settings.name
        self._url = settings.url.get_secret_value()

    def send(self, message: Outgoing) -> Outcome:
        """Subject and text; a list that is too long says how many more there are."""
        try:
            service = self._service(message.address)
        except ChannelUnavailable as error:
            return Outcome(Result.NOT_SENT, detail=str(error), channel_down=True)
        text = render("email.txt.j2", message, _LINES_SHOWN)
        if whole_list(message, _LINES_SHOWN) is not None:
            text = text.replace("trong tệp danh sách kèm theo", "trên trang của Đúng Hẹn")
        title = clean_text(render("subject.txt.j2", message, 0))
        sent = service.notify(body=text, title=title, body_format=apprise.NotifyFormat.TEXT)
        if sent:
            return Outcome(Result.SENT, receipt=self.name)
        return Outcome(Result.UNKNOWN, detail=f"{self.name}: Apprise báo không gửi được")

    def check(self) -> str:
        """Whether Apprise understands the address; nobody is asked. Raises `ChannelUnavailable`."""
        service = self._service("84900000000")
        return ", ".join(sorted({str(server.service_name) for server in service}))

    def close(self) -> None:
        """Nothing is kept open."""

    def _service(self, address: str) -> apprise.Apprise:
        service = apprise.Apprise()
        if not service.add(self._url.replace(_PLACE, address)):
            raise ChannelUnavailable(f"{self.name}: Apprise không hiểu địa chỉ đã khai báo")
        return service
