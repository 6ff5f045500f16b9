"""The whole configuration, and what its keys have to agree on."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, NamedTuple, Self

from pydantic import BeforeValidator, Field, SecretStr, model_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from actor_ticketing.config.public_keys import fits, read_public_key
from actor_ticketing.config.sections import (
    AccountSettings,
    ActorSettings,
    AuthSettings,
    ExtensionSettings,
    HoldSettings,
    IssuerSettings,
    LedgerSettings,
    LogSettings,
    MailSettings,
    PrivacySettings,
    RateLimitSettings,
    ServerSettings,
    StorageSettings,
    SweepSettings,
    TelemetrySettings,
    WebhookSettings,
    WebSocketSettings,
)
from actor_ticketing.domain.destinations import problem_of_url


def _directory(value: object) -> object:
    if str(value) == "" or str(value).startswith("~"):
        raise ValueError("should be a path, neither empty nor with ~, which only a shell expands")
    return value


class Settings(BaseSettings):
    """The whole configuration, checked: `Settings()` is the defaults. Raises pydantic's `ValidationError`."""

    model_config = SettingsConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)

    data_dir: Annotated[Path, Field(strict=False), BeforeValidator(_directory)] = Path("data")
    server: ServerSettings = ServerSettings()
    holds: HoldSettings = HoldSettings()
    extensions: ExtensionSettings = ExtensionSettings()
    sweep: SweepSettings = SweepSettings()
    auth: AuthSettings = AuthSettings()
    accounts: AccountSettings = AccountSettings()
    issuer: IssuerSettings = IssuerSettings()
    rate_limit: RateLimitSettings = RateLimitSettings()
    websocket: WebSocketSettings = WebSocketSettings()
    mail: MailSettings = MailSettings()
    webhooks: WebhookSettings = WebhookSettings()
    privacy: PrivacySettings = PrivacySettings()
    ledger: LedgerSettings = LedgerSettings()
    storage: StorageSettings = StorageSettings()
    actors: ActorSettings = ActorSettings()
    telemetry: TelemetrySettings = TelemetrySettings()
    log: LogSettings = LogSettings()

    @classmethod
    def settings_customise_sources(cls, *_: Any, **sources: Any) -> tuple[PydanticBaseSettingsSource, ...]:
        """Leave the process's environment out: `load_settings` is handed one, and can say where a value came from."""
        return (sources["init_settings"],)

    @model_validator(mode="after")
    def _agree(self) -> Self:
        if conflicts := list(_conflicts(self)):
            text = "; ".join(f"{conflict.key}: {conflict.text}" for conflict in conflicts)
            raise PydanticCustomError("conflict", "{text}", {"text": text, "conflicts": conflicts})
        return self


class _Conflict(NamedTuple):
    key: str
    text: str
    other: str | None = None


def _conflicts(settings: Settings) -> Iterator[_Conflict]:
    holds, total, auth = settings.holds, settings.extensions.max_total_minutes, settings.auth
    default = f"{holds.default_minutes:g} minutes"
    if holds.default_minutes * 60 < holds.min_seconds:
        text = f"{default} is less than holds.min_seconds = {holds.min_seconds:g}"
        yield _Conflict("holds.default_minutes", text, "holds.min_seconds")
    if holds.default_minutes > holds.max_minutes:
        text = f"{default} is more than holds.max_minutes = {holds.max_minutes:g}"
        yield _Conflict("holds.default_minutes", text, "holds.max_minutes")
    if total < holds.default_minutes:
        text = f"{total:g} minutes is less than holds.default_minutes = {holds.default_minutes:g}"
        yield _Conflict("extensions.max_total_minutes", text, "holds.default_minutes")
    if not auth.jwt_algorithms:
        yield _Conflict("auth.jwt_algorithms", "should name at least one algorithm")
    yield from _key_conflicts("auth.jwt_secret", auth.jwt_secret, "auth.jwt_algorithms", auth.jwt_algorithms)
    yield from _issuer_conflicts(settings.issuer, auth)
    yield from _mail_conflicts(settings.mail)
    yield from _webhook_conflicts(settings.webhooks)


def _mail_conflicts(mail: MailSettings) -> Iterator[_Conflict]:
    if not mail.enabled:
        return
    for name in ("host", "from_address"):
        if not getattr(mail, name):
            yield _Conflict(f"mail.{name}", "is needed to send mail", "mail.enabled")
    if bool(mail.username) != bool(mail.password):
        yield _Conflict("mail.username", "should come with a password", "mail.password")
    if mail.username and mail.tls == "none" and mail.host not in {"localhost", "127.0.0.1", "::1"}:
        yield _Conflict("mail.tls", "would send the password in the clear", "mail.username")


def _webhook_conflicts(webhooks: WebhookSettings) -> Iterator[_Conflict]:
    names = [each.name for each in webhooks.endpoints]
    for endpoint in webhooks.endpoints:
        problem = problem_of_url(endpoint.url, allow_private=webhooks.allow_private)
        if problem is not None:
            yield _Conflict(
                "webhooks.endpoints",
                f"url of {endpoint.name} {problem.replace('must', 'should')}",
                "webhooks.allow_private",
            )
        if names.count(endpoint.name) > 1:
            yield _Conflict("webhooks.endpoints", f"there is more than one {endpoint.name}")


def _issuer_conflicts(issuer: IssuerSettings, auth: AuthSettings) -> Iterator[_Conflict]:
    keys = {"secret": issuer.secret, "public_key": issuer.public_key, "jwks_url": issuer.jwks_url}
    given = [f"issuer.{name}" for name, value in keys.items() if value]
    if not issuer.name:
        for key in given:
            yield _Conflict(key, "has no effect without issuer.name", "issuer.name")
        return
    if issuer.name == auth.jwt_issuer:
        yield _Conflict("issuer.name", "should differ from our own", "auth.jwt_issuer")
    if len(given) != 1:
        yield _Conflict("issuer.name", "needs exactly one of issuer.secret, issuer.public_key and issuer.jwks_url")
    if not issuer.algorithms:
        yield _Conflict("issuer.algorithms", "should name at least one algorithm")
    # A public key that were also accepted as an HMAC secret would let anyone sign.
    shared = [algorithm for algorithm in issuer.algorithms if algorithm.startswith("HS")]
    if given == ["issuer.secret"] and len(shared) < len(issuer.algorithms):
        yield _Conflict("issuer.algorithms", "should be HS256, HS384 or HS512 with a secret", "issuer.secret")
    elif given and given != ["issuer.secret"] and shared:
        yield _Conflict("issuer.algorithms", "should not be HS256, HS384 or HS512 with a public key", given[0])
    elif given == ["issuer.public_key"]:
        yield from _public_key_conflicts(issuer)
    yield from _key_conflicts("issuer.secret", issuer.secret, "issuer.algorithms", tuple(shared))


def _public_key_conflicts(issuer: IssuerSettings) -> Iterator[_Conflict]:
    try:
        key = read_public_key(issuer.public_key)
    except ValueError as error:
        yield _Conflict("issuer.public_key", str(error))
        return
    for algorithm in issuer.algorithms:
        if not fits(algorithm, key):
            text = f"{algorithm} needs another kind of key, or a longer one"
            yield _Conflict("issuer.algorithms", text, "issuer.public_key")


def _key_conflicts(
    key: str, secret: SecretStr | None, algorithms_key: str, algorithms: Sequence[str]
) -> Iterator[_Conflict]:
    # RFC 7518, 3.2: an HMAC key is no shorter than the hash that it signs with.
    needed = max((int(algorithm[2:]) // 8 for algorithm in algorithms), default=0)
    if secret and len(secret.get_secret_value().encode()) < needed:
        text = f"should be at least {needed} bytes long for {algorithms_key} = {', '.join(algorithms)}"
        yield _Conflict(key, text, algorithms_key)
