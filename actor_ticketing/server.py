"""The running process: lock, doors, storage, service, and an orderly end."""

import asyncio
import gc
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog
from aiohttp import web

from actor_ticketing.app import open_backend, open_storage, watched
from actor_ticketing.catalogue.demo import demo_catalogue
from actor_ticketing.catalogue.importer import DeskTarget, import_catalogue
from actor_ticketing.clock import Clock, SystemClock
from actor_ticketing.config import ConfigurationError, Settings
from actor_ticketing.config.public_keys import read_public_key
from actor_ticketing.credentials import Credentials
from actor_ticketing.hooks import NO_HOOKS, Hooks
from actor_ticketing.http.addresses import Addresses
from actor_ticketing.http.application import create_application
from actor_ticketing.http.auth import Authenticator
from actor_ticketing.http.context import Backend, Doors
from actor_ticketing.http.cors import Cors
from actor_ticketing.http.inspection import tell_on_signal
from actor_ticketing.http.jwks import JwksKeys
from actor_ticketing.http.limits import RateLimits
from actor_ticketing.http.runner import Runner
from actor_ticketing.http.tokens import FixedKey, Issuer, Keys, TokenChecker, TokenMinter, shared_key
from actor_ticketing.logs import report_unhandled
from actor_ticketing.persistence.connections import DATABASE
from actor_ticketing.persistence.lock import DataDirLock
from actor_ticketing.tickets.papers import TicketPapers
from actor_ticketing.tickets.qr import QrCodes
from actor_ticketing.tickets.signing import SigningKey, TicketSigner
from actor_ticketing.vault import Vault

if TYPE_CHECKING:
    from actor_ticketing.notifications.office import Stationery
    from actor_ticketing.notifications.wording import Templates

log = structlog.get_logger(__name__)

BACKLOG = 4_096
"""Connections the kernel may queue: at the start of an on-sale everyone connects at once."""


def doors_of(settings: Settings, credentials: Credentials) -> Doors:
    """What the HTTP side needs before there is a service."""
    tokens = TokenChecker(issuers_of(settings, credentials), leeway_seconds=settings.auth.jwt_leeway_seconds)
    return Doors(
        authenticator=Authenticator(tokens, admin_token=credentials.admin_token, cron_secret=credentials.cron_secret),
        minter=minter_of(settings, credentials, minutes=settings.accounts.access_minutes),
        signer=TicketSigner([SigningKey(key.kid, key.seed) for key in credentials.ticket_keys]),
        qr_codes=QrCodes(),
        papers=TicketPapers(),
        addresses=Addresses(settings.server.trusted_proxies),
        limits=RateLimits(settings.rate_limit) if settings.rate_limit.enabled else None,
        cors=Cors(settings.server.allowed_origins) if settings.server.allowed_origins else None,
        body_seconds=settings.server.body_seconds,
        purchase_needs_user=settings.auth.purchase == "required",
        has_accounts=settings.accounts.enabled,
    )


def issuers_of(settings: Settings, credentials: Credentials) -> list[Issuer]:
    """Whose tokens are accepted: our own, and those of the identity provider if there is one."""
    auth, issuer = settings.auth, settings.issuer
    ours = Issuer(
        name=auth.jwt_issuer,
        audience=auth.jwt_audience,
        algorithms=auth.jwt_algorithms,
        keys=FixedKey(shared_key(credentials.jwt_secret, auth.jwt_algorithms)),
        is_ours=True,
    )
    if not issuer.name:
        return [ours]
    keys: Keys
    if issuer.jwks_url:
        keys = JwksKeys(issuer.jwks_url, issuer.algorithms, cache_seconds=issuer.jwks_cache_seconds)
    elif issuer.secret is not None:
        keys = FixedKey(shared_key(issuer.secret.get_secret_value(), issuer.algorithms))
    else:
        keys = FixedKey(read_public_key(issuer.public_key))
    return [ours, Issuer(name=issuer.name, audience=issuer.audience, algorithms=issuer.algorithms, keys=keys)]


def minter_of(settings: Settings, credentials: Credentials, *, minutes: float) -> TokenMinter:
    """What makes tokens of our own."""
    return TokenMinter(
        secret=credentials.jwt_secret,
        issuer=settings.auth.jwt_issuer,
        audience=settings.auth.jwt_audience,
        algorithm=settings.auth.jwt_algorithms[0],
        seconds=minutes * 60,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Fittings:
    """What the configuration names, and can be judged only by loading it.

    :ivar templates: of mails; None while mail is off.
    """

    templates: "Templates | None"
    hooks: Hooks


def fittings_of(settings: Settings) -> Fittings:
    """Look whether all of it can be used. Nothing on the disk is touched.

    :raises ConfigurationError: when something cannot.
    """
    return Fittings(templates=templates_of(settings), hooks=hooks_of(settings))


def templates_of(settings: Settings) -> "Templates | None":
    """What mails say, or None while mail is off.

    :raises ConfigurationError: when a template cannot be used.
    """
    if not settings.mail.enabled:
        return None
    from actor_ticketing.notifications import office  # noqa: PLC0415 - it takes 0.2 s, and mail is off by default.

    return office.templates_of(settings.mail)


def stationery_of(settings: Settings, templates: "Templates | None", doors: Doors) -> "Stationery | None":
    """What mails are made of, or None while mail is off."""
    if templates is None:
        return None
    from actor_ticketing.notifications.office import Stationery  # noqa: PLC0415 - as above.

    return Stationery(settings=settings.mail, templates=templates, papers=doors.papers, signer=doors.signer)


def hooks_of(settings: Settings) -> Hooks:
    """What traces the service, if that is wanted.

    :raises ConfigurationError: when the packages for it are not installed.
    """
    if not settings.telemetry.enabled:
        return NO_HOOKS
    try:
        from actor_ticketing.telemetry.exporting import exporting_hooks  # noqa: PLC0415 - an extra.
    except ModuleNotFoundError as error:
        hint = "needs packages that are not installed: pip install 'actor_ticketing[otel]'"
        raise ConfigurationError(f"telemetry.enabled: {hint} ({error.name} is missing)") from error
    return exporting_hooks()


async def serve(
    settings: Settings, credentials: Credentials, fittings: Fittings, *, demo: bool, announce: Callable[[str], None]
) -> None:
    """Serve until SIGTERM or SIGINT.

    :param announce: told the address, once, when requests are taken.
    :raises DataDirInUse: when another process works on the data directory.
    :raises OSError: when the address cannot be listened on.
    """
    stop = asyncio.Event()

    def stop_in_time() -> None:
        if not stop.is_set():
            stop.set()
            log.info("stopping", seconds=settings.server.shutdown_seconds)
            _end_in_time(settings.server.shutdown_seconds)

    asyncio.get_running_loop().set_exception_handler(report_unhandled)
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop_in_time)
    lock = DataDirLock(settings.data_dir)
    try:
        await _serve_locked(settings, credentials, fittings, demo=demo, announce=announce, stop=stop)
    finally:
        lock.release()


async def _serve_locked(
    settings: Settings,
    credentials: Credentials,
    fittings: Fittings,
    *,
    demo: bool,
    announce: Callable[[str], None],
    stop: asyncio.Event,
) -> None:
    hooks = fittings.hooks
    doors = doors_of(settings, credentials)
    stationery = stationery_of(settings, fittings.templates, doors)
    application = create_application(doors, max_body_bytes=settings.server.max_body_bytes)
    # Of the time for stopping, three eighths are for bodies that are still arriving, half is for what else is in
    # flight, and the rest for the journal and the database.
    body_seconds, in_flight_seconds = (settings.server.shutdown_seconds * share for share in (3 / 8, 1 / 2))
    runner = Runner(
        application,
        idle_seconds=settings.server.idle_seconds,
        around_requests=hooks.around_requests,
        access_log=None,
        shutdown_timeout=in_flight_seconds,
    )
    await runner.setup()
    tell_on_signal(asyncio.get_running_loop(), doors)
    try:
        # The doors open before recovery, so that /livez answers and everything else says 503.
        # Recovery makes objects by the million and frees none, so every collection would be in vain.
        gc.disable()
        site = web.TCPSite(runner, settings.server.host, settings.server.port, backlog=BACKLOG)
        await site.start()
        clock = SystemClock()
        database = settings.data_dir / DATABASE
        async with (
            open_storage(database, settings, Vault(credentials.data_keys)) as storage,
            watched(database, clock),
            open_backend(storage, settings, clock, serving=True, stationery=stationery, hooks=hooks) as backend,
        ):
            if demo:
                await _load_demo(backend, clock)
            if not stop.is_set():
                doors.open(backend)
                _spare_the_collector()
                address = _address(settings.server.host, runner)
                log.info("ready", address=address)
                announce(address)
            await stop.wait()
            await site.stop()
            doors.drain(body_grace_seconds=body_seconds)
            # aiohttp throws away what arrives once its cleanup has begun, so the bodies under way come first.
            await doors.bodies_read()
            await runner.cleanup()
    finally:
        gc.enable()
        await runner.cleanup()
        await doors.close()
        hooks.close()
    log.info("stopped")


def _spare_the_collector() -> None:
    """Collect seldom: nearly everything made here is either freed by its count or lives as long as a hold does.

    With Python's own thresholds, full collections walk all live holds again and again while the sale stands still.
    """
    gc.freeze()
    gc.set_threshold(50_000, 50, 100)
    gc.enable()


async def _load_demo(backend: Backend, clock: Clock) -> None:
    if not backend.desk.board.events:
        await import_catalogue(demo_catalogue(clock.now()), DeskTarget(backend.desk, clock))


def _address(host: str, runner: web.AppRunner) -> str:
    port = runner.addresses[0][1]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def _end_in_time(seconds: float) -> None:
    """End without finishing, if the time is up first. Nothing that was acknowledged is lost by that."""

    def give_up() -> None:
        log.error("stopped_unfinished", seconds=seconds)
        os._exit(1)

    asyncio.get_running_loop().call_later(seconds * 0.95, give_up)
