import base64
import fcntl
import hashlib
import json
import os
import secrets
import stat
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import SecretStr

from actor_ticketing.domain.problems import Problem
from actor_ticketing.vault import KEY_BYTES, DataKey

FILE_NAME = "secrets.json"

_SHORTEST = {"adminToken": 16, "cronSecret": 16, "jwtSecret": 32}
_MODE_OF_OTHERS = 0o077


class CredentialsError(Problem):
    """The secrets file cannot be used. The message names the file and what to do, and shows no secret."""


class AuthSecrets(Protocol):
    """What the configuration may settle itself; None leaves a secret to the file."""

    @property
    def admin_token(self) -> SecretStr | None:
        """Bearer token of the admin routes."""

    @property
    def cron_secret(self) -> SecretStr | None:
        """Bearer token of the cron route."""

    @property
    def jwt_secret(self) -> SecretStr | None:
        """Signs and checks user tokens."""


@dataclass(frozen=True, slots=True)
class TicketKey:
    """An Ed25519 key for tickets. `kid` names it inside a ticket; `seed` is the 32 bytes of the private key."""

    kid: str
    seed: bytes = field(repr=False)

    def private_key(self) -> Ed25519PrivateKey:
        """Return the key to sign with; its `public_key()` verifies."""
        return Ed25519PrivateKey.from_private_bytes(self.seed)


@dataclass(frozen=True, slots=True)
class Credentials:
    """All secrets of the service. The first ticket key signs, the first data key seals; every one verifies or opens.

    `generated` names what this start made (`adminToken`, `cronSecret`, `jwtSecret`, `ticketKeys`, `dataKeys`) and wrote
    to `path`; empty when all was there.
    """

    admin_token: str = field(repr=False)
    cron_secret: str = field(repr=False)
    jwt_secret: str = field(repr=False)
    ticket_keys: tuple[TicketKey, ...]
    data_keys: tuple[DataKey, ...]
    path: Path
    generated: tuple[str, ...] = ()


def load_credentials(auth: AuthSecrets, data_dir: Path) -> Credentials:
    """Return the configured secrets, with those of `DATA_DIR/secrets.json` for the rest; make what neither has.

    The directory is created with mode 0700, the file with 0600. Two processes that start at once end with the same
    secrets. Raises `CredentialsError` when the file is broken, open to others, or cannot be read or written; such a
    file is never overwritten.
    """
    settled = {"adminToken": auth.admin_token, "cronSecret": auth.cron_secret, "jwtSecret": auth.jwt_secret}
    configured = {name: secret.get_secret_value() for name, secret in settled.items() if secret is not None}
    path = data_dir / FILE_NAME
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        stored, generated = _complete(path, configured.keys())
    except OSError as error:
        raise CredentialsError(f"{path}: cannot be read or written: {error.strerror}") from error
    values = stored | configured
    return Credentials(
        admin_token=values["adminToken"],
        cron_secret=values["cronSecret"],
        jwt_secret=values["jwtSecret"],
        ticket_keys=_ticket_keys(path, stored["ticketKeys"]),
        data_keys=_data_keys(path, stored["dataKeys"]),
        path=path,
        generated=generated,
    )


def read_data_keys(path: Path) -> tuple[DataKey, ...]:
    """Return the data keys of a secrets file; none where there is no such file, or none in it. It makes nothing.

    Raises `CredentialsError` when the file is broken, open to others, or cannot be read.
    """
    try:
        stored = _read(path)
    except OSError as error:
        raise CredentialsError(f"{path}: cannot be read: {error.strerror}") from error
    return _data_keys(path, stored["dataKeys"]) if stored is not None and "dataKeys" in stored else ()


def add_data_key(path: Path) -> tuple[DataKey, ...]:
    """Make a data key, put it first in an existing secrets file, and return all that are in it now."""
    with _locked(path):
        stored = _read(path) or {}
        stored["dataKeys"] = [*_new_data_keys(), *stored.get("dataKeys", ())]
        _publish(path, stored, os.replace)
    return _data_keys(path, stored["dataKeys"])


def keep_first_data_key(path: Path) -> None:
    """Take every data key but the first out of an existing secrets file."""
    with _locked(path):
        stored = _read(path) or {}
        stored["dataKeys"] = stored["dataKeys"][:1]
        _publish(path, stored, os.replace)


def _complete(path: Path, configured: Collection[str]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return the file's content, with what it lacked made and added, and the names of what was made."""
    needed = [name for name in _MAKERS if name not in configured]
    stored = _read(path)
    if stored is None:
        stored = {name: _MAKERS[name]() for name in needed}
        try:
            _publish(path, stored, os.link)
        except FileExistsError:
            # Another process was first, and may already use its secrets: they count.
            pass
        else:
            return stored, tuple(needed)
    elif all(name in stored for name in needed):
        return stored, ()
    with _locked(path):
        stored = _read(path) or {}
        made = {name: _MAKERS[name]() for name in needed if name not in stored}
        stored |= made
        if made:
            _publish(path, stored, os.replace)
    return stored, tuple(made)


def _read(path: Path) -> dict[str, Any] | None:
    try:
        stream = path.open("rb")
    except FileNotFoundError:
        return None
    with stream:
        mode = stat.S_IMODE(os.fstat(stream.fileno()).st_mode)
        if mode & _MODE_OF_OTHERS:
            raise CredentialsError(f"{path}: is open to other users (mode {mode:04o}); run: chmod 600 {path}")
        content = stream.read()
    try:
        stored = json.loads(content)
    except (ValueError, RecursionError) as error:
        # The decoder's exception carries the whole text, so it must not be chained into a traceback or a log.
        raise _broken(path, f"is not valid JSON ({error})") from None
    if not isinstance(stored, dict):
        raise _broken(path, "should hold a JSON object")
    for name, shortest in _SHORTEST.items():
        value = stored.get(name, "-" * shortest)
        if not isinstance(value, str) or len(value.encode(errors="replace")) < shortest:
            raise _broken(path, f"{name} should be a string of at least {shortest} bytes")
    for name, read in (("ticketKeys", _ticket_keys), ("dataKeys", _data_keys)):
        if name in stored:
            read(path, stored[name])
    return stored


def _broken(path: Path, problem: str) -> CredentialsError:
    return CredentialsError(f"{path}: {problem}; restore it from a backup, or move it away to have new secrets made")


def _ticket_keys(path: Path, entries: object) -> tuple[TicketKey, ...]:
    return tuple(TicketKey(kid, seed) for kid, seed in _named_keys(path, "ticketKeys", "seed", entries))


def _data_keys(path: Path, entries: object) -> tuple[DataKey, ...]:
    return tuple(DataKey(kid, secret) for kid, secret in _named_keys(path, "dataKeys", "secret", entries))


def _named_keys(path: Path, name: str, member: str, entries: object) -> list[tuple[str, bytes]]:
    keys = [_named_key(entry, member) for entry in entries] if isinstance(entries, list) else []
    found = [key for key in keys if key is not None]
    if not found or len(found) < len(keys) or len({kid for kid, _ in found}) < len(found):
        shape = f'{{"kid": "…", "{member}": "…"}}'
        raise _broken(path, f"{name} should list keys {shape}, each kid once, each {member} 32 bytes in base64url")
    return found


def _named_key(entry: object, member: str) -> tuple[str, bytes] | None:
    kid, text = (entry.get("kid"), entry.get(member)) if isinstance(entry, dict) else (None, None)
    if not kid or not isinstance(kid, str) or not isinstance(text, str):
        return None
    try:
        key = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError:
        return None
    return (kid, key) if len(key) == KEY_BYTES else None


def _publish(path: Path, stored: dict[str, Any], put: Callable[[Path, Path], None]) -> None:
    """Write a complete, synced file aside and put it in place in one step: `os.link` only if the name is free."""
    aside = path.with_name(f"{path.name}.{secrets.token_hex(8)}.tmp")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            json.dump(stored, stream, indent=2)
            stream.write("\n")
            stream.flush()
            os.fsync(descriptor)
        put(aside, path)
    finally:
        aside.unlink(missing_ok=True)
    directory = os.open(path.parent, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    while True:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            # Whoever held the lock before may have put a new file in place; its lock is the one that counts then.
            if os.path.samestat(os.fstat(descriptor), path.stat()):
                yield
                return
        finally:
            os.close(descriptor)


def _new_ticket_keys() -> list[dict[str, str]]:
    key = Ed25519PrivateKey.generate()
    digest = hashlib.sha256(key.public_key().public_bytes_raw()).digest()
    # The id goes into every ticket's QR code, so it is short; it only has to tell a few keys apart.
    return [{"kid": _base64url(digest[:6]), "seed": _base64url(key.private_bytes_raw())}]


def _new_data_keys() -> list[dict[str, str]]:
    return [{"kid": secrets.token_hex(4), "secret": _base64url(secrets.token_bytes(KEY_BYTES))}]


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


_MAKERS: dict[str, Callable[[], object]] = {
    "adminToken": lambda: secrets.token_urlsafe(32),
    "cronSecret": lambda: secrets.token_urlsafe(32),
    # 64 bytes, so that it serves HS512 as well.
    "jwtSecret": lambda: secrets.token_urlsafe(64),
    "ticketKeys": _new_ticket_keys,
    "dataKeys": _new_data_keys,
}
