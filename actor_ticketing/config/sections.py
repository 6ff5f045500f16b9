"""What can be configured: a model for each section of ``config.toml``, with its defaults and bounds."""

import ipaddress
import re
from email.utils import parseaddr
from typing import Annotated, Literal

import limits
from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, SecretStr
from pydantic_settings import SettingsConfigDict

from actor_ticketing.domain.extensions import ExtensionPolicy
from actor_ticketing.domain.webhooks import KINDS, WEBHOOKS_MAX

_YEAR_MINUTES = 366 * 24 * 60


def _origin(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*://[^/\s?#@]+", text):
        raise ValueError("should be scheme://host or scheme://host:port, without a path, as a browser sends it")
    return text.lower()


def _bearer_secret(secret: SecretStr | None) -> SecretStr | None:
    if secret and not re.fullmatch(r"[!-~]{8,}", secret.get_secret_value()):
        raise ValueError("should be at least 8 visible ASCII characters without spaces, as it travels in a header")
    return secret


def _network(text: str) -> str:
    try:
        return str(ipaddress.ip_network(text))
    except ValueError:
        raise ValueError("should be an IP address or a network, such as 10.0.0.0/8") from None


def _rate(text: str) -> str:
    if text:
        try:
            [rate] = limits.parse_many(text)
        except ValueError:
            raise ValueError('should be a rate, such as "60/minute" or "10/15 minutes", or "" for none') from None
        if rate.amount < 1 or re.search(r"(/|per)\s*0", text):
            raise ValueError("should allow at least one use in some time")
    return text


def _https(text: str) -> str:
    """Keys fetched in the clear could be anybody's; on this machine there is nobody in between."""
    if text and not re.fullmatch(r"https://\S+|http://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?(/\S*)?", text):
        raise ValueError("should be an https:// URL")
    return text


def _mailbox(text: str) -> str:
    """An address as in a From header, with a name or without: `City Hall <tickets@example.com>`."""
    if text:
        _, address = parseaddr(text)
        try:
            text.encode("ascii")
            validate_email(address, check_deliverability=False, test_environment=True, allow_smtputf8=False)
        except (EmailNotValidError, UnicodeEncodeError):
            raise ValueError("should be an e-mail address in ASCII, such as City Hall <tickets@example.com>") from None
        if re.search(r"[\x00-\x1f\x7f]", text):
            raise ValueError("should have no control characters")
    return text


def _web_address(text: str) -> str:
    if text and not re.fullmatch(r"https?://[!-~]+", text):
        raise ValueError("should be an http:// or https:// URL")
    return text.rstrip("/")


def _signing_secret(secret: SecretStr) -> SecretStr:
    if not re.fullmatch(
        r"whsec_(?:[A-Za-z0-9+/]{4}){8,22}(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?", secret.get_secret_value()
    ):
        raise ValueError("should be whsec_ and then 24 to 64 bytes in base64")
    return secret


def _some(secrets: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
    if not secrets:
        raise ValueError("should be at least one")
    return secrets


def _kind(text: str) -> str:
    if text not in KINDS:
        raise ValueError(f"should be one of {', '.join(KINDS)}")
    return text


# A list in the file becomes a tuple here, so that a frozen section is frozen all the way down.
_List = Field(strict=False)
_Minutes = Annotated[float, Field(gt=0, le=_YEAR_MINUTES, allow_inf_nan=False)]
_Seconds = Annotated[float, Field(gt=0, le=_YEAR_MINUTES * 60, allow_inf_nan=False)]
_Count = Annotated[int, Field(ge=0)]
_Text = Annotated[str, Field(min_length=1)]
_Secret = Annotated[SecretStr | None, AfterValidator(lambda secret: secret or None)]
_BearerSecret = Annotated[_Secret, AfterValidator(_bearer_secret)]
_Algorithm = Literal["HS256", "HS384", "HS512"]
_ExternalAlgorithm = Literal[
    "HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"
]
_Notice = Literal["purchased", "expiring", "expired", "cancelled", "extended"]
_Rate = Annotated[str, AfterValidator(_rate)]
_Level = Annotated[Literal["debug", "info", "warning", "error"], BeforeValidator(lambda level: str(level).lower())]


class _Section(BaseModel):
    model_config = SettingsConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)


class ServerSettings(_Section):
    """Where the service listens and how it stops. Port 0 takes a free one."""

    host: _Text = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8080
    shutdown_seconds: Annotated[_Seconds, Field(le=3600)] = 10.0
    allowed_origins: Annotated[tuple[Annotated[str, AfterValidator(_origin)], ...], _List] = ()
    trusted_proxies: Annotated[tuple[Annotated[str, AfterValidator(_network)], ...], _List] = ()
    max_body_bytes: Annotated[int, Field(ge=1024, le=16 * 1024 * 1024)] = 262_144
    body_seconds: Annotated[_Seconds, Field(le=3600)] = 20.0
    idle_seconds: Annotated[_Seconds, Field(ge=5, le=3600)] = 75.0


class HoldSettings(_Section):
    """Length, size and number of holds. A `max_active_*` of 0 is no limit."""

    default_minutes: _Minutes = 10.0
    min_seconds: _Seconds = 1.0
    max_minutes: _Minutes = 60.0
    max_quantity: Annotated[int, Field(ge=1, le=10_000)] = 50
    max_active_per_session: _Count = 0
    max_active_per_user: _Count = 0
    max_active_per_address: _Count = 0
    warn_seconds: Annotated[tuple[_Seconds, ...], _List] = (60.0,)


class ExtensionSettings(_Section):
    """How often a hold may be extended, and how long it may last counted from its reservation."""

    policy: Annotated[ExtensionPolicy, Field(strict=False)] = ExtensionPolicy.STANDARD
    max_count: _Count = 3
    max_total_minutes: _Minutes = 60.0
    waiting_minutes: _Minutes = 2.0


class SweepSettings(_Section):
    """The periodic search for holds that a timer missed."""

    interval_seconds: Annotated[_Seconds, Field(le=86400)] = 300.0


class AuthSettings(_Section):
    """Who may do what. A secret that is None is made by the service itself (`credentials.load_credentials`)."""

    purchase: Literal["required", "optional"] = "required"
    admin_token: _BearerSecret = None
    cron_secret: _BearerSecret = None
    jwt_secret: _Secret = None
    jwt_issuer: _Text = "actor-ticketing"
    jwt_audience: _Text = "actor-ticketing"
    jwt_algorithms: Annotated[tuple[_Algorithm, ...], _List] = ("HS256",)
    jwt_leeway_seconds: Annotated[int, Field(ge=0, le=60)] = 5


class IssuerSettings(_Section):
    """An identity provider whose tokens are accepted beside our own. Without a `name`, which is its `iss`, there is
    none; with one, exactly one of `secret`, `public_key` (PEM) and `jwks_url` says how its tokens are checked.
    """

    name: str = ""
    audience: _Text = "actor-ticketing"
    algorithms: Annotated[tuple[_ExternalAlgorithm, ...], _List] = ("RS256",)
    secret: _Secret = None
    public_key: str = ""
    jwks_url: Annotated[str, AfterValidator(_https)] = ""
    jwks_cache_seconds: Annotated[_Seconds, Field(ge=10, le=86_400)] = 600.0


class AccountSettings(_Section):
    """Accounts of our own, for a deployment without an identity provider."""

    enabled: bool = True
    access_minutes: Annotated[_Minutes, Field(ge=1, le=24 * 60)] = 15.0
    refresh_days: Annotated[float, Field(gt=0, le=366, allow_inf_nan=False)] = 30.0
    min_password_length: Annotated[int, Field(ge=8, le=64)] = 8


class RateLimitSettings(_Section):
    """Limits on frequency, as `60/minute`, or empty for none; limits on stock and size hold whatever stands here."""

    enabled: bool = True
    read_per_address: _Rate = "3000/minute"
    read_per_session: _Rate = "600/minute"
    read_per_user: _Rate = "600/minute"
    reserve_per_address: _Rate = "600/minute"
    reserve_per_session: _Rate = "120/minute"
    reserve_per_user: _Rate = "120/minute"
    purchase_per_address: _Rate = "240/minute"
    purchase_per_session: _Rate = "60/minute"
    purchase_per_user: _Rate = "60/minute"
    sign_in_per_address: _Rate = "120/minute"
    sign_in_per_account: _Rate = "100/15 minutes"
    sign_in_per_account_and_address: _Rate = "10/15 minutes"
    operator_per_address: _Rate = "60/minute"
    abandon_per_address: _Rate = "600/10 minutes"
    abandon_per_session: _Rate = "100/hour"
    abandon_per_user: _Rate = "100/hour"


class WebSocketSettings(_Section):
    """How many sockets may be open at a time, and how far one may fall behind before it is closed."""

    max_connections: Annotated[int, Field(ge=1)] = 10_000
    max_per_address: Annotated[int, Field(ge=1)] = 200
    max_per_session: Annotated[int, Field(ge=1)] = 10
    max_subscriptions: Annotated[int, Field(ge=1, le=10_000)] = 200
    max_queued_messages: Annotated[int, Field(ge=16)] = 1_000
    availability_per_second: Annotated[float, Field(gt=0, le=100, allow_inf_nan=False)] = 10.0


class MailSettings(_Section):
    """Mails about what happens to reservations, and the server that takes them. `warn_seconds`: how long before a hold
    ends there is one; `send`: what is told at all. A mail that was not taken in `give_up_hours` is dead.
    """

    enabled: bool = False
    host: str = ""
    port: Annotated[int, Field(ge=1, le=65535)] = 587
    tls: Literal["starttls", "tls", "none"] = "starttls"
    username: str = ""
    password: _Secret = None
    from_address: Annotated[str, AfterValidator(_mailbox)] = ""
    public_url: Annotated[str, AfterValidator(_web_address)] = ""
    language: Literal["en", "id"] = "en"
    templates_dir: str = ""
    send: Annotated[tuple[_Notice, ...], _List] = ("purchased", "expiring", "expired", "cancelled", "extended")
    warn_seconds: Annotated[tuple[_Seconds, ...], _List] = (180.0,)
    timeout_seconds: Annotated[_Seconds, Field(le=600)] = 30.0
    retry_first_seconds: Annotated[_Seconds, Field(le=3600)] = 10.0
    retry_max_seconds: Annotated[_Seconds, Field(le=86_400)] = 3600.0
    give_up_hours: Annotated[float, Field(gt=0, le=24 * 30, allow_inf_nan=False)] = 48.0
    keep_days: Annotated[int, Field(ge=1, le=3_660)] = 30


class WebhookEndpoint(_Section):
    """One that is told what happens. Each of its `secrets` signs, so that one can be changed without a gap; `kinds` is
    what it is told, or nothing for all.
    """

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
    url: _Text
    secrets: Annotated[tuple[Annotated[SecretStr, AfterValidator(_signing_secret)], ...], _List, AfterValidator(_some)]
    kinds: Annotated[tuple[Annotated[str, AfterValidator(_kind)], ...], _List] = ()


class WebhookSettings(_Section):
    """Who is told over HTTP what happens, beside those of the admin API. `allow_private`: also in our own network, and
    without TLS. An endpoint that has failed for `disable_after_hours` is told nothing more.
    """

    enabled: bool = True
    allow_private: bool = False
    timeout_seconds: Annotated[_Seconds, Field(le=60)] = 10.0
    retry_first_seconds: Annotated[_Seconds, Field(le=3600)] = 5.0
    retry_max_seconds: Annotated[_Seconds, Field(le=86_400)] = 900.0
    disable_after_hours: Annotated[float, Field(gt=0, le=24 * 366, allow_inf_nan=False)] = 120.0
    endpoints: Annotated[tuple[WebhookEndpoint, ...], _List, Field(max_length=WEBHOOKS_MAX)] = ()


class PrivacySettings(_Section):
    """How many days after an event's start its buyers and ticket holders are forgotten. 0: never by itself."""

    retention_days: Annotated[int, Field(ge=0, le=36_600)] = 0


class LedgerSettings(_Section):
    """How many days of the ledger stay in the database, and where the files go that have what is older. 0: all stays.

    :ivar archive_dir: empty is `archives` in the data directory.
    """

    keep_days: Annotated[int, Field(ge=0, le=36_600)] = 0
    archive_dir: str = ""


class StorageSettings(_Section):
    """How the embedded database is driven. `commit_interval_ms` 0 commits as soon as the disk is free.

    :ivar replicated: Litestream copies the database, and checkpoints it; the service never does.
    """

    synchronous: Literal["FULL", "NORMAL"] = "FULL"
    commit_interval_ms: Annotated[int, Field(ge=0, le=1000)] = 0
    readers: Annotated[int, Field(ge=1, le=16)] = 2
    busy_timeout_ms: Annotated[int, Field(ge=0, le=60_000)] = 5000
    replicated: bool = False


class ActorSettings(_Section):
    """Admission limit of one actor's mailbox, in messages, and how long an idle actor stays in memory."""

    mailbox_limit: Annotated[int, Field(ge=1)] = 10_000
    passivate_after_seconds: _Seconds = 60.0


class TelemetrySettings(_Section):
    """Traces by OpenTelemetry. Where they go, and how many, say the `OTEL_…` variables."""

    enabled: bool = False


class LogSettings(_Section):
    """What is logged, and in which shape."""

    level: _Level = "info"
    format: Literal["console", "json"] = "console"
