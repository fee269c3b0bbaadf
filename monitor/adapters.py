"""What becomes of a table of the configuration: a connector, a channel, the rules of a source or of a list."""

from datetime import time

from connectors.base import Connector
from connectors.kit.settings import HttpSourceSettings, SourceSettings
from monitor.alerts.digests import DigestRule, parse_moment
from monitor.alerts.outgoing import Channel
from monitor.clock import Clock
from monitor.pull import SourceRules
from monitor.settings import DigestSettings, Settings
from monitor.source_kinds import build_connector


def digest_rule(wanted: DigestSettings) -> DigestRule:
    """A list of the configuration as planning sees it."""
    weekday, at = parse_moment(wanted.at)
    return DigestRule(wanted.kind, at, wanted.tell, weekday or 0)


def source_rules(source: SourceSettings) -> SourceRules:
    """How a configured source is read."""
    lookups = source.lookups_per_pull
    if isinstance(source, HttpSourceSettings):
        # what the peer's budget does not allow before the next reading waits for that; the nearest promises go first
        lookups = min(lookups, source.calls_per_minute * max(source.every, 60) // 60)
    return SourceRules(
        name=source.name,
        kind=source.kind,
        role=source.role,
        overlap_s=source.overlap,
        full_every_s=source.full_every,
        full_at=time.fromisoformat(source.full_at) if source.full_at else None,
        lookups_per_pull=lookups,
        expect_drop_below=source.expect_drop_below,
        missing_after=source.missing_after,
    )


def make_connector(source: SourceSettings, clock: Clock, opened: list[object] | None = None) -> Connector:
    """The connector for a source's kind. What must be closed in the end is added to `opened`."""
    from connectors.kit.http import RequestsTransport

    made = build_connector(source, clock, lambda http: RequestsTransport(http, clock))
    if made.holds is not None and opened is not None:
        opened.append(made.holds)
    return made.connector


def make_channels(settings: Settings) -> dict[str, Channel]:
    """The channels that are switched on."""
    channels: dict[str, Channel] = {}
    if settings.channels.telegram.enabled:
        from monitor.alerts.telegram import TelegramChannel

        channels["telegram"] = TelegramChannel(settings.channels.telegram)
    if settings.channels.email.enabled:
        from monitor.alerts.email import EmailChannel

        channels["email"] = EmailChannel(settings.channels.email)
    if settings.channels.sms.enabled:
        from monitor.alerts.sms import SmsChannel

        channels["sms"] = SmsChannel(settings.channels.sms)
    if settings.channels.webhook.enabled:
        from monitor.alerts.webhook import WebhookChannel

        channels["webhook"] = WebhookChannel(settings.channels.webhook)
    for one in settings.channels.apprise:
        from monitor.alerts.through_apprise import ThroughApprise  # half a second, only for those who want it

        channels[one.name] = ThroughApprise(one)
    return channels
