import difflib
import json
import re
import reprlib
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, Self, get_args, get_origin

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_core import ErrorDetails, PydanticCustomError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

DEFAULT_PATH = Path("config.toml")
ENV_PREFIX = "ACTOR_TICKETING_"

_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}
_OPTIONS = {"host": "server.host", "port": "server.port", "data_dir": "data_dir"}
_PLAIN = {"tuple_type": "should be a list", "path_type": "should be a path", "string_too_short": "should not be empty"}
_YEAR_MINUTES = 366 * 24 * 60


class ConfigurationError(Exception):
    """The configuration cannot be used. The message has a line for each problem: the key, its origin, what is wrong."""


def _origin(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*://[^/\s?#@]+", text):
        raise ValueError("should be scheme://host or scheme://host:port, without a path, as a browser sends it")
    return text.lower()


def _directory(value: object) -> object:
    if str(value) == "" or str(value).startswith("~"):
        raise ValueError("should be a path, neither empty nor with ~, which only a shell expands")
    return value


def _bearer_secret(secret: SecretStr | None) -> SecretStr | None:
    if secret and not re.fullmatch(r"[!-~]{8,}", secret.get_secret_value()):
        raise ValueError("should be at least 8 visible ASCII characters without spaces, as it travels in a header")
    return secret


# A list in the file becomes a tuple here, so that a frozen section is frozen all the way down.
_List = Field(strict=False)
_Minutes = Annotated[float, Field(gt=0, le=_YEAR_MINUTES, allow_inf_nan=False)]
_Seconds = Annotated[float, Field(gt=0, le=_YEAR_MINUTES * 60, allow_inf_nan=False)]
_Count = Annotated[int, Field(ge=0)]
_Text = Annotated[str, Field(min_length=1)]
_Secret = Annotated[SecretStr | None, AfterValidator(lambda secret: secret or None)]
_BearerSecret = Annotated[_Secret, AfterValidator(_bearer_secret)]
_Algorithm = Literal["HS256", "HS384", "HS512"]
_Level = Annotated[Literal["debug", "info", "warning", "error"], BeforeValidator(lambda level: str(level).lower())]


class _Section(BaseModel):
    model_config = SettingsConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)


class ServerSettings(_Section):
    """Where the service listens and how it stops. Port 0 takes a free one."""

    host: _Text = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8080
    shutdown_seconds: Annotated[_Seconds, Field(le=3600)] = 10.0
    allowed_origins: Annotated[tuple[Annotated[str, AfterValidator(_origin)], ...], _List] = ()
    max_body_bytes: Annotated[int, Field(ge=1024, le=16 * 1024 * 1024)] = 262_144


class HoldSettings(_Section):
    """Length, size and number of holds. A `max_active_*` of 0 is no limit."""

    default_minutes: _Minutes = 10.0
    min_seconds: _Seconds = 1.0
    max_minutes: _Minutes = 60.0
    max_quantity: Annotated[int, Field(ge=1, le=10_000)] = 50
    max_active_per_session: _Count = 0
    max_active_per_user: _Count = 0
    warn_seconds: Annotated[tuple[_Seconds, ...], _List] = (60.0,)


class ExtensionSettings(_Section):
    """How often a hold may be extended, and how long it may last counted from its reservation."""

    max_count: _Count = 3
    max_total_minutes: _Minutes = 60.0


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


class RateLimitSettings(_Section):
    """Limits on frequency; limits on stock and size hold whatever stands here."""

    enabled: bool = True


class StorageSettings(_Section):
    """How the embedded database is driven. `commit_interval_ms` 0 commits as soon as the disk is free."""

    synchronous: Literal["FULL", "NORMAL"] = "FULL"
    commit_interval_ms: Annotated[int, Field(ge=0, le=1000)] = 0
    readers: Annotated[int, Field(ge=1, le=16)] = 2
    busy_timeout_ms: Annotated[int, Field(ge=0, le=60_000)] = 5000


class ActorSettings(_Section):
    """Admission limit of one actor's mailbox, in messages, and how long an idle actor stays in memory."""

    mailbox_limit: Annotated[int, Field(ge=1)] = 10_000
    passivate_after_seconds: _Seconds = 60.0


class LogSettings(_Section):
    """What is logged, and in which shape."""

    level: _Level = "info"
    format: Literal["console", "json"] = "console"


class Settings(BaseSettings):
    """The whole configuration, checked: `Settings()` is the defaults. Raises pydantic's `ValidationError`."""

    model_config = SettingsConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)

    data_dir: Annotated[Path, Field(strict=False), BeforeValidator(_directory)] = Path("data")
    server: ServerSettings = ServerSettings()
    holds: HoldSettings = HoldSettings()
    extensions: ExtensionSettings = ExtensionSettings()
    sweep: SweepSettings = SweepSettings()
    auth: AuthSettings = AuthSettings()
    rate_limit: RateLimitSettings = RateLimitSettings()
    storage: StorageSettings = StorageSettings()
    actors: ActorSettings = ActorSettings()
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
    # RFC 7518, 3.2: an HMAC key is no shorter than the hash that it signs with.
    needed = max((int(algorithm[2:]) // 8 for algorithm in auth.jwt_algorithms), default=0)
    if auth.jwt_secret and len(auth.jwt_secret.get_secret_value().encode()) < needed:
        text = f"should be at least {needed} bytes long for auth.jwt_algorithms = {', '.join(auth.jwt_algorithms)}"
        yield _Conflict("auth.jwt_secret", text, "auth.jwt_algorithms")


_SECTIONS = {name: type(field.default) for name, field in Settings.model_fields.items() if name != "data_dir"}
_TYPES: dict[str, object] = {"data_dir": Path} | {
    f"{section}.{name}": field.annotation
    for section, model in _SECTIONS.items()
    for name, field in model.model_fields.items()
}
KEYS = frozenset(_TYPES)
SECRET_KEYS = frozenset(key for key, kind in _TYPES.items() if kind == SecretStr | None)


class _Given(NamedTuple):
    value: object
    origin: str


def load_settings(path: Path | None, environ: Mapping[str, str], **overrides: object) -> Settings:
    """Read the TOML file, then the environment, then the command line's options; what comes later wins.

    Without a path, `config.toml` in the working directory is read if it is there. Overrides are `host`, `port` and
    `data_dir`; one that is None was not given. Raises `ConfigurationError`, which lists the problems of all sources.
    """
    problems: list[str] = []
    given = _from_file(path, problems) | _from_environment(environ, problems)
    for name, value in overrides.items():
        if value is not None:
            given[_OPTIONS[name]] = _Given(value, f"--{name.replace('_', '-')}")
    nested: dict[str, Any] = {}
    for key, item in given.items():
        section, _, name = key.rpartition(".")
        (nested.setdefault(section, {}) if section else nested)[name] = item.value
    try:
        settings = Settings(**nested)
    except ValidationError as error:
        problems += [line for detail in error.errors() for line in _describe(detail, given)]
    else:
        if not problems:
            return settings
    # Raised out here, so that no traceback drags along the validation error, which holds the values.
    raise ConfigurationError("\n".join(problems))


def _from_file(path: Path | None, problems: list[str]) -> dict[str, _Given]:
    file = path or DEFAULT_PATH
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        if path or not isinstance(error, FileNotFoundError):
            reason = error.strerror if isinstance(error, OSError) else f"invalid TOML: {error}"
            problems.append(f"{file}: cannot be read: {reason}")
        return {}
    entries: dict[str, object] = {}
    for name, value in document.items():
        table = value if name in _SECTIONS and isinstance(value, dict) else None
        entries |= {name: value} if table is None else {f"{name}.{key}": inner for key, inner in table.items()}
    for key in [key for key in entries if key not in KEYS]:
        fault = f"should be a section, written [{key}]" if key in _SECTIONS else "unknown key" + _hint(key, _TYPES)
        if isinstance(entries[key], dict):
            fault = "unknown section" + _hint(key, _SECTIONS)
        problems.append(f"{key} ({file}): {fault}")
    return {key: _Given(value, str(file)) for key, value in entries.items() if key in KEYS}


def _from_environment(environ: Mapping[str, str], problems: list[str]) -> dict[str, _Given]:
    names = {ENV_PREFIX + key.upper().replace(".", "__"): key for key in _TYPES}
    given = {}
    for name, text in environ.items():
        if name in names and text.encode(errors="ignore").decode() != text:
            problems.append(f"{names[name]} ({name}): is not UTF-8")
        elif name in names:
            given[names[name]] = _Given(_from_text(_TYPES[names[name]], text), name)
        elif name.upper().startswith(ENV_PREFIX):
            problems.append(f"{name}: unknown environment variable{_hint(name.upper(), names)}")
    return given


def _from_text(kind: object, text: str) -> object:
    """Read text as the field's type; what cannot be read stays text, and the strict validation says what is wrong."""
    kind = get_args(kind)[0] if get_origin(kind) is Annotated else kind
    is_list = get_origin(kind) is tuple
    if is_list and not text.lstrip().startswith("["):
        return [_from_text(get_args(kind)[0], part.strip()) for part in text.split(",") if part.strip()]
    try:
        if kind is int or kind is float:
            return int(text) if kind is int else float(text)
        return json.loads(text) if is_list else _BOOLEANS.get(text.strip().lower(), text) if kind is bool else text
    except (ValueError, RecursionError):
        return text


def _describe(detail: ErrorDetails, given: Mapping[str, _Given]) -> Iterator[str]:
    origin = {key: given[key].origin if key in given else "default" for key in _TYPES}
    for conflict in detail.get("ctx", {}).get("conflicts", ()):
        against = f" ({origin[conflict.other]})" if conflict.other else ""
        yield f"{conflict.key} ({origin[conflict.key]}): {conflict.text}{against}"
    if detail["loc"]:
        key = ".".join(map(str, detail["loc"][:2]))
        problem = _PLAIN.get(detail["type"]) or detail["msg"].removeprefix("Value error, ").removeprefix("Input ")
        got = "" if key in SECRET_KEYS else f", got {reprlib.repr(detail['input'])}"
        yield f"{key} ({origin[key]}): {problem}{got}"


def _hint(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.8)
    return f"; did you mean {close[0]}?" if close else ""
