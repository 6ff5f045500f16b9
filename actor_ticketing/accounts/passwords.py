"""Hashing passwords: argon2id in a few threads of its own, so that nobody else waits for it."""

import asyncio
import secrets
from base64 import b64encode
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from actor_ticketing.domain.errors import Draining, Overloaded

T = TypeVar("T")

WORKERS = 2
WAITING_MAX = 64
"""Passwords that may wait. Some 30 a second are checked, so the last of them waits for two seconds."""

# The OWASP Password Storage Cheat Sheet's first choice for argon2id. Of one lane, so that a rush of logins leaves the
# event loop its share of the processor.
_MEMORY_KIB, _PASSES, _LANES = 47_104, 1, 1


class Passwords:
    """Hashes and verifies. Passwords come prepared (:func:`prepared_password`)."""

    def __init__(self, *, workers: int = WORKERS, waiting_max: int = WAITING_MAX) -> None:
        self.hasher = Argon2Hasher(time_cost=_PASSES, memory_cost=_MEMORY_KIB, parallelism=_LANES)
        self._scheme = PasswordHash((self.hasher,))
        self._executor = ThreadPoolExecutor(workers, thread_name_prefix="password")
        self._most = workers + waiting_max
        self._pending: set[asyncio.Future[object]] = set()
        self._closed = False
        self._of_nobody = _unmatched()

    async def hash(self, password: str) -> str:
        """Return the hash to keep.

        :raises Overloaded: when too many are waiting.
        """
        return await self._run(lambda: self._scheme.hash(password))

    async def verify(self, password: str, hashed: str | None) -> tuple[bool, str | None]:
        """Return whether it matches and, if hashes are made otherwise by now, the new hash to keep.

        None, for an account that does not exist, costs the same work and never matches.

        :raises Overloaded: when too many are waiting.
        """
        return await self._run(lambda: self._scheme.verify_and_update(password, hashed or self._of_nobody))

    async def close(self) -> None:
        """Refuse what has not begun, wait for what has, and end the threads."""
        self._closed = True
        if self._pending:
            await asyncio.wait(list(self._pending))
        self._executor.shutdown()

    async def _run(self, work: Callable[[], T]) -> T:
        if self._closed:
            raise Draining
        if len(self._pending) >= self._most:
            raise Overloaded

        def in_thread() -> T:
            if self._closed:
                raise Draining
            return work()

        job = asyncio.get_running_loop().run_in_executor(self._executor, in_thread)
        self._pending.add(job)  # type: ignore[arg-type]
        job.add_done_callback(self._finished)
        return await asyncio.shield(job)

    def _finished(self, job: asyncio.Future[T]) -> None:
        self._pending.discard(job)
        if not job.cancelled():
            job.exception()  # Seen, even if whoever asked is gone.


def _unmatched() -> str:
    """A hash like all others, of no password that anybody knows."""
    salt, digest = (b64encode(secrets.token_bytes(size)).rstrip(b"=").decode() for size in (16, 32))
    return f"$argon2id$v=19$m={_MEMORY_KIB},t={_PASSES},p={_LANES}${salt}${digest}"
