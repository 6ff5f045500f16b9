"""Idempotency-Key: the same request again gets the first answer, byte for byte, also after a crash.

A key is claimed in memory before the first await, so that duplicates under way share one answer; the answer of a
request that changed something goes into the transaction of its effect, so that there is never one without the other.
"""

import asyncio
import hashlib
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from aiohttp import web
from multidict import istr

from actor_ticketing.actors.journaling import Keep
from actor_ticketing.domain.errors import Invalid, KeyReused, Refusal
from actor_ticketing.domain.ports import StoredAnswer
from actor_ticketing.http.answers import Answer, respond
from actor_ticketing.http.context import backend_of
from actor_ticketing.http.request_ids import asker_of
from actor_ticketing.http.responses import WholeResponse

HEADER = istr("Idempotency-Key")
_KEY = re.compile(r"[!-~]{1,255}")

Action = Callable[[Keep], Awaitable[Any]]
Render = Callable[[Any], Answer]


_Slot = tuple[bytes, str]


@dataclass(slots=True)
class _Claim:
    fingerprint: bytes
    answer: asyncio.Future[Answer]
    task: asyncio.Task[None] | None = None


_CLAIMS = web.AppKey("idempotency_claims", dict[_Slot, _Claim])


def install(app: web.Application) -> None:
    """Give an application its table of keys under way."""
    app[_CLAIMS] = {}


async def perform(request: web.Request, body: bytes, caller: str, action: Action, render: Render) -> WholeResponse:
    """Carry out an unsafe request once, and answer it.

    :param caller: whose key it is: two callers may use the same key.
    :param action: changes something; it hands what it is given down to where the change is committed.
    :param render: makes the answer from the action's outcome; it must be pure, since it may run before the commit.
    :raises KeyReused: when the key came before with another body or route.
    """
    key = request.headers.get(HEADER)
    if key is None:
        keep = Keep(asked_by=asker_of(request))
        answer = render(await action(keep))
        return respond(answer, keep.seq)
    if not _KEY.fullmatch(key):
        raise Invalid.field(HEADER, "must be 1 to 255 visible ASCII characters")
    fingerprint = hashlib.sha256(b"\0".join([request.method.encode(), request.path.encode(), body])).digest()
    slot = (hashlib.sha256(caller.encode()).digest(), key)
    claims = request.app[_CLAIMS]
    first = claims.get(slot)
    if first is not None:
        if first.fingerprint != fingerprint:
            raise KeyReused("This Idempotency-Key was used for another request.")
        return respond(await asyncio.shield(first.answer))
    claim = claims[slot] = _Claim(fingerprint, asyncio.get_running_loop().create_future())
    work = partial(_first_time, request, slot, claim, action, render)
    # In a task of its own: a caller who is cut off cannot free the key while the command is still on its way.
    claim.task = asyncio.create_task(_carry_out(claims, slot, work))
    return respond(await asyncio.shield(claim.answer))


async def _carry_out(claims: dict[_Slot, _Claim], slot: _Slot, work: Callable[[], Awaitable[Answer]]) -> None:
    """Settle a claim: whoever waits gets the same answer or the same refusal, and the key is free again."""
    answer = claims[slot].answer
    try:
        answer.set_result(await work())
    except Exception as error:  # noqa: BLE001 - it goes to those who wait.
        answer.set_exception(error)
        answer.exception()
    finally:
        del claims[slot]


async def _first_time(request: web.Request, slot: _Slot, claim: _Claim, action: Action, render: Render) -> Answer:
    caller, key = slot
    backend = backend_of(request)
    stored = await backend.answers.find(caller, key)
    if stored is not None:
        if stored.fingerprint != claim.fingerprint:
            raise KeyReused("This Idempotency-Key was used for another request.")
        return Answer(status=stored.status, body=stored.body, seq=stored.seq)
    kept: list[StoredAnswer] = []

    def store(outcome: Any) -> StoredAnswer:
        answer = render(outcome)
        kept.append(
            StoredAnswer(
                caller=caller,
                key=key,
                fingerprint=claim.fingerprint,
                status=answer.status,
                body=answer.body,
                created_at=backend.clock.now(),
            )
        )
        return kept[-1]

    keep = Keep(store, asked_by=asker_of(request))
    try:
        outcome = await action(keep)
    except Refusal:
        raise
    except Exception:
        # A defect may strike after the change was journaled. Whoever asks again is to be told what came of it.
        await backend.answers.settled()
        raise
    if not kept:
        # It is not with one actor's decision, so it is kept on its own.
        await backend.answers.keep(replace(store(outcome), seq=keep.seq), asked_by=keep.asked_by)
    return Answer(status=kept[-1].status, body=kept[-1].body, seq=keep.seq)
