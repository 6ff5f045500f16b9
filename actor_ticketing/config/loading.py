"""Where the configuration comes from: a TOML file, then the environment, then the command line."""

import difflib
import json
import reprlib
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, NamedTuple, get_args, get_origin

from pydantic import SecretStr, ValidationError
from pydantic_core import ErrorDetails

from actor_ticketing.config.settings import Settings
from actor_ticketing.domain.problems import Problem

DEFAULT_PATH = Path("config.toml")
ENV_PREFIX = "ACTOR_TICKETING_"

_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}
_OPTIONS = {"host": "server.host", "port": "server.port", "data_dir": "data_dir"}
_PLAIN = {"tuple_type": "should be a list", "path_type": "should be a path", "string_too_short": "should not be empty"}


class ConfigurationError(Problem):
    """The configuration cannot be used. The message has a line for each problem: the key, its origin, what is wrong."""


_SECTIONS = {name: type(field.default) for name, field in Settings.model_fields.items() if name != "data_dir"}
_TYPES: dict[str, object] = {"data_dir": Path} | {
    f"{section}.{name}": field.annotation
    for section, model in _SECTIONS.items()
    for name, field in model.model_fields.items()
}
KEYS = frozenset(_TYPES)
SECRET_KEYS = frozenset(key for key, kind in _TYPES.items() if kind == SecretStr | None)
TABLES = frozenset({"webhooks.endpoints"})
"""Lists of tables, which have no default to show; secrets are in them."""


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
        named = ".".join(map(str, detail["loc"])) if key in TABLES else key
        problem = _PLAIN.get(detail["type"]) or detail["msg"].removeprefix("Value error, ").removeprefix("Input ")
        got = "" if key in SECRET_KEYS | TABLES else f", got {reprlib.repr(detail['input'])}"
        yield f"{named} ({origin[key]}): {problem}{got}"


def _hint(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.8)
    return f"; did you mean {close[0]}?" if close else ""
