"""`dunghen run`: one process that reads, judges, writes, tells and shows, until it is told to stop.

Threads of the engine do the jobs, so a slow source holds up nobody; one asyncio loop carries the pages and the bot.
"""

import asyncio
import contextlib
import gc
import ipaddress
import os
import signal
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

import uvicorn

from monitor import logs
from monitor.bot.needs import BotNeeds
from monitor.engine import JobLog, LocalEngine
from monitor.judge import last_judged
from monitor.one_instance import AlreadyRunning, OneInstance
from monitor.settings import Settings
from monitor.steady import ClockJumped, ClockWatch
from monitor.systemd import Notifier
from monitor.web import ical, webhook
from monitor.web.app import make_app
from monitor.web.listening import listen
from monitor.web.needs import WebNeeds

if TYPE_CHECKING:
    from monitor.polling import Polling

_STOP_S = 8.0  # for jobs under way; with the web server's own second it stays below the 10 s promised
_WEB_STOP_S = 1.0
_DAY_S = 86_400
_THREADS_BESIDE_PULLS = 6

log = logs.get("daemon")


class ProgramLike(WebNeeds, BotNeeds, Protocol):
    """What the daemon needs of the wired program. Every method is one bounded pass, called from any thread."""

    def pull(self, names: Sequence[str] | None = None) -> Any: ...

    def judge(self) -> Any: ...

    def write_letters(self) -> Any: ...

    def plan_and_send(self) -> Any: ...

    def read_bounces(self) -> Any: ...

    def back_up(self) -> Any: ...

    def release_leases(self) -> Any: ...

    def let_go_of_raw(self) -> Any: ...

    def request_stop(self) -> None:
        """No new claim from now on; what is being sent is finished."""


@dataclass(frozen=True, slots=True)
class Options:
    """How one run differs from another: `speed` of the site's clock, and whether the process may be ended hard."""

    speed: float = 1.0
    exit_hard: bool = True  # at the end of a stop that a hanging job would hold up
    on_ready: Callable[[str], None] | None = None  # told the address of the pages


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers: the daemon has its own."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


def run(program: ProgramLike, options: Options | None = None) -> int:
    """Runs until SIGTERM or SIGINT.

    Returns the exit code: 0 a clean stop, 1 no port or a broken web server, 2 a host on which passwords would cross
    the network in the clear, 5 the data is held by another daemon.
    """
    chosen = Options() if options is None else options
    notifier = Notifier()
    settings = program.settings
    if not is_loopback(settings.web.host) and not is_encrypted(settings):
        log.error("web_host_refused", host=settings.web.host, reason="passwords would cross the network in the clear")
        return 2
    try:
        with OneInstance(settings.site.data_dir, program.engine):
            program.release_leases()  # what an earlier run had claimed is nobody's now: we hold the lock
            return asyncio.run(_serve(program, chosen, notifier))
    except AlreadyRunning:
        log.error("daemon_refused", reason="already_running", folder=str(settings.site.data_dir))
        return 5


async def _serve(program: ProgramLike, options: Options, notifier: Notifier) -> int:
    stop = asyncio.Event()
    _on_signals(stop, notifier)
    try:
        listening = listen(program.settings.web.host, program.settings.web.port)
    except OSError as wrong:
        log.error("web_port_refused", port=program.settings.web.port, exc_info=wrong)
        return 1
    engine = LocalEngine(
        program.clock,
        JobLog(program.sessions),
        threads=len(program.settings.sources) + _THREADS_BESIDE_PULLS,
        speed=options.speed,
    )
    plan_jobs(engine, program, notifier, options.speed)
    bot_ear = make_ear(program)
    server = _Server(_web_config(program, engine, bot_ear))
    web = asyncio.create_task(server.serve(sockets=[listening]))
    bot = asyncio.create_task(_listen_to_bot(bot_ear, stop))
    while not server.started and not web.done():
        await asyncio.sleep(0.01)
    address = "http://{}:{}".format(*listening.getsockname()[:2])
    log.info("daemon_started", port=listening.getsockname()[1], count=len(program.settings.sources))
    notifier.ready(f"Đang chạy tại {address}")
    _settle_memory()
    engine.start()  # after it: the first cycle feeds the watchdog of a service that said it is ready
    if options.on_ready is not None:
        options.on_ready(address)
    watched = asyncio.create_task(stop.wait())
    await asyncio.wait({watched, web}, return_when=asyncio.FIRST_COMPLETED)
    broke = web.done() and not stop.is_set()
    if broke:
        log.error("web_server_ended")
    stop.set()
    notifier.stopping()
    still_running = await _stop(engine, server, web, bot, program)
    watched.cancel()
    log.info("daemon_stopped", count=len(still_running))
    if still_running:
        # a pull waits for a dead peer: its pages are stored each in its own transaction, so nothing is torn
        log.warning("jobs_abandoned", jobs=still_running)
        if options.exit_hard:
            os._exit(1 if broke else 0)
    return 1 if broke else 0


def _settle_memory() -> None:
    """What is loaded by now stays: a full collection would walk through all of it, 180 ms in the middle of a page."""
    gc.collect()
    gc.freeze()


def plan_jobs(engine: LocalEngine, program: ProgramLike, notifier: Notifier, speed: float = 1.0) -> None:
    """Puts every job on the engine. What one finds wakes the next, so nobody waits for a full interval.

    While the machine's clock cannot be believed, readings go on and nothing is judged, worded or sent.
    """
    settings = program.settings
    watch = ClockWatch(program.clock, speed)

    def steady(job: Callable[[], object]) -> None:
        watch.check(last_judged(program.sessions))
        job()

    def judge() -> None:
        try:
            steady(program.judge)
        except ClockJumped as jump:
            log.error("clock_not_believed", reason=str(jump))
            notifier.alive(f"Đồng hồ của máy không đáng tin, tạm dừng rà soát: {jump}")  # a restart would believe it
            raise
        notifier.alive(f"Rà soát xong lúc {program.clock.now():%Y-%m-%d %H:%M:%S} UTC")
        engine.nudge("letters")
        engine.nudge("send")

    def pull(name: str) -> None:
        program.pull([name])
        engine.nudge("judge")

    for source in settings.sources:
        engine.every(f"pull:{source.name}", source.every, partial(pull, source.name))
    judge_every: float = settings.daemon.judge_every
    if notifier.watchdog_s is not None:
        # three chances before the service manager loses patience
        judge_every = min(judge_every, notifier.watchdog_s / 3)
    engine.every("judge", judge_every, judge)
    engine.every("letters", settings.daemon.letters_every, partial(steady, program.write_letters))
    engine.every("send", settings.daemon.send_every, partial(steady, program.plan_and_send))
    engine.every("evidence", _DAY_S, program.let_go_of_raw)
    engine.every("backup", settings.daemon.backup_every, program.back_up)


async def _stop(
    engine: LocalEngine,
    server: uvicorn.Server,
    web: "asyncio.Task[None]",
    bot: "asyncio.Task[None]",
    program: ProgramLike,
) -> list[str]:
    """First no new work, then what is under way, then the pages. Returns the jobs that did not end in time."""
    program.request_stop()
    still_running = await asyncio.to_thread(engine.stop, _STOP_S)
    server.should_exit = True
    _done, pending = await asyncio.wait({web, bot}, timeout=_WEB_STOP_S)
    for task in pending:
        task.cancel()
    await asyncio.gather(web, bot, return_exceptions=True)
    return still_running


def _on_signals(stop: asyncio.Event, notifier: Notifier) -> None:
    loop = asyncio.get_running_loop()

    def heard(number: int) -> None:
        if stop.is_set():
            log.warning("daemon_forced_out", signal=number)
            os._exit(128 + number)
        log.info("stop_requested", signal=number)
        notifier.stopping()
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, heard, number)


def make_ear(program: ProgramLike) -> "Polling | None":
    """What listens to the bot; None where nobody does. The library is loaded only then."""
    telegram = program.settings.channels.telegram
    if not telegram.enabled or telegram.token is None or not (telegram.polling or telegram.webhook_secret):
        return None
    from monitor.alerts.buttons import Signer
    from monitor.bot.desk import Desk
    from monitor.polling import Polling

    desk = Desk(program, Signer(telegram.token.get_secret_value().strip()))
    return Polling(telegram, desk, site_url=program.settings.site.base_url if telegram.webhook_secret else "")


async def _listen_to_bot(ear: "Polling | None", stop: asyncio.Event) -> None:
    if ear is not None:
        await ear.run(stop)


def _web_config(program: ProgramLike, engine: LocalEngine, ear: "Polling | None") -> uvicorn.Config:
    app = make_app(program, engine)
    app.router.routes.insert(0, ical.route(program))
    secret = program.settings.channels.telegram.webhook_secret
    if ear is not None and secret is not None:
        app.router.routes.insert(0, webhook.route(ear.path, secret.get_secret_value(), ear.feed))
    return uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=1,
        lifespan="off",
        limit_concurrency=200,
    )


def is_encrypted(settings: Settings) -> bool:
    """Whether what the network sees is TLS: the pages' address is https, and a proxy we know of speaks it for us."""
    return settings.site.base_url.startswith("https://") and bool(settings.web.trusted_proxies)


def is_loopback(host: str) -> bool:
    """Whether nobody but this machine can reach an address to listen on. A name other than localhost is not trusted."""
    if host == "localhost":
        return True
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return False


__all__ = ["Options", "ProgramLike", "is_encrypted", "is_loopback", "plan_jobs", "run"]
