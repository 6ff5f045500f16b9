"""This project's service."""

import secrets
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import jwt

from actor_ticketing.config.sections import RateLimitSettings
from bench.contenders import Place, Server, complete, launch

NAME = "actor-ticketing"
ADMIN_TOKEN = secrets.token_urlsafe(32)

_JWT_SECRET = secrets.token_urlsafe(64)
_TOKEN_SECONDS = 3600

# All that a generator sends comes from one address. Every limit is checked as in a deployment, and none is reached.
_NEVER_REACHED = {
    f"ACTOR_TICKETING_RATE_LIMIT__{name.upper()}": "1000000000/minute"
    for name in RateLimitSettings.model_fields
    if name != "enabled"
}


@contextmanager
def actor_ticketing(
    place: Place, catalogue: Path | None, *, settings: Mapping[str, str] | None = None, data: Path | None = None
) -> Iterator[Server]:
    """The service as a deployment runs it: its defaults, so every answer is on the disk before it is sent.

    :param catalogue: the file that is imported before it starts.
    :param settings: what differs from the defaults, as environment variables.
    :param data: a data directory that is there already.
    """
    directory = place.make("actor-ticketing")
    environment = {
        **place.environment(),
        "ACTOR_TICKETING_AUTH__ADMIN_TOKEN": ADMIN_TOKEN,
        "ACTOR_TICKETING_AUTH__JWT_SECRET": _JWT_SECRET,
        **_NEVER_REACHED,
        **(settings or {}),
    }
    command = [sys.executable, "-m", "actor_ticketing"]
    place_of_data = ["--data-dir", str(data or directory / "data")]
    if catalogue is not None:
        complete([*command, "import", str(catalogue), *place_of_data], directory, environment)
    serve = [*command, "serve", "--port", "0", *place_of_data]
    with launch(NAME, serve, directory, environment, place) as server:
        yield server


def database_of(server: Server) -> Path:
    """The database of a service that was given no data directory."""
    return server.data / "data" / "tickets.db"


def buyer_token(user: str) -> str:
    """A bearer token, as the service's own accounts get them."""
    now = int(time.time())
    claims = {"sub": user, "iss": "actor-ticketing", "aud": "actor-ticketing", "iat": now, "exp": now + _TOKEN_SECONDS}
    return jwt.encode(claims, _JWT_SECRET, algorithm="HS256")
