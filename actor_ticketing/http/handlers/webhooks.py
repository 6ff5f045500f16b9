"""Webhooks, for an operator. Who changes what is no entry of the ledger, so the log says it."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, TypeVar

import structlog
from aiohttp import web

from actor_ticketing.actors.journaling import Keep
from actor_ticketing.domain.asking import Asker, request_of
from actor_ticketing.domain.instants import rfc3339
from actor_ticketing.http import present
from actor_ticketing.http.answers import Answer, respond, success, to_json
from actor_ticketing.http.context import Backend, backend_of, doors_of
from actor_ticketing.http.fields import Body
from actor_ticketing.http.idempotency import perform
from actor_ticketing.http.parsing import read_model
from actor_ticketing.http.present import Json
from actor_ticketing.http.responses import WholeResponse
from actor_ticketing.http.schemas import EmptyBody
from actor_ticketing.http.webhook_schemas import ReplayBody, WebhookBody, WebhookPatch
from actor_ticketing.webhooks.endpoints import Endpoint
from actor_ticketing.webhooks.service import Webhooks

log = structlog.get_logger(__name__)

M = TypeVar("M", bound=Body)


async def index(request: web.Request) -> WholeResponse:
    """``GET /api/admin/webhooks``: all of them, and how each is doing."""
    await doors_of(request).authenticator.admin(request)
    backend = backend_of(request)
    hooks = backend.webhooks
    data = {"enabled": hooks.is_enabled, "webhooks": [_webhook(backend, each) for each in hooks.endpoints]}
    return respond(success(to_json(data)))


async def show(request: web.Request) -> WholeResponse:
    """``GET /api/admin/webhooks/{id}``."""
    await doors_of(request).authenticator.admin(request)
    backend = backend_of(request)
    return respond(_one(backend, backend.webhooks.endpoint(_id(request))))


async def create(request: web.Request) -> WholeResponse:
    """``POST /api/admin/webhooks``: add one. Its secret is in this answer and in no other."""
    return await _perform(
        request,
        WebhookBody,
        "created",
        lambda hooks, body, asked_by: hooks.create(
            name=body.name, url=body.url, kinds=body.kinds, from_seq=body.from_seq, asked_by=asked_by
        ),
        partial(_with_secret, status=201),
    )


async def change(request: web.Request) -> WholeResponse:
    """``PATCH /api/admin/webhooks/{id}``: what is absent stays."""
    return await _perform(
        request,
        WebhookPatch,
        "changed",
        lambda hooks, body, asked_by: hooks.change(
            _id(request), body.changes(), enabled=body.changed_enabled(), asked_by=asked_by
        ),
        _one,
    )


async def replay(request: web.Request) -> WholeResponse:
    """``POST /api/admin/webhooks/{id}/replay``: go on from another position of the ledger."""
    return await _perform(
        request,
        ReplayBody,
        "replayed",
        lambda hooks, body, asked_by: hooks.replay(_id(request), body.from_seq, asked_by=asked_by),
        _one,
    )


async def rotate(request: web.Request) -> WholeResponse:
    """``POST /api/admin/webhooks/{id}/rotate-secret``: another secret, beside the one before for a day."""
    return await _perform(
        request,
        EmptyBody,
        "rotated",
        lambda hooks, _, asked_by: hooks.rotate(_id(request), asked_by=asked_by),
        _with_secret,
    )


async def delete(request: web.Request) -> WholeResponse:
    """``DELETE /api/admin/webhooks/{id}``: tell it nothing more, and forget it."""
    return await _perform(
        request,
        EmptyBody,
        "deleted",
        lambda hooks, _, asked_by: hooks.delete(_id(request), asked_by=asked_by),
        lambda *_: success("{}", message="The webhook was deleted"),
    )


async def test(request: web.Request) -> WholeResponse:
    """``POST /api/admin/webhooks/{id}/test``: send a message that tells of nothing."""
    return await _perform(
        request,
        EmptyBody,
        "tested",
        lambda hooks, _body, _asked_by: hooks.test(_id(request)),
        lambda _, delivery: success(to_json({"delivered": delivery.failure is None, "reason": delivery.failure})),
    )


async def _perform(
    request: web.Request,
    model: type[M],
    what: str,
    action: Callable[[Webhooks, M, Asker | None], Awaitable[Any]],
    render: Callable[[Backend, Any], Answer],
) -> WholeResponse:
    """Do what an admin asks for, once, and say in the log who it was."""
    admin = await doors_of(request).authenticator.admin(request)
    backend = backend_of(request)
    body, raw = await read_model(request, model, may_be_empty=model is EmptyBody)

    async def act(keep: Keep) -> Any:
        outcome = await action(backend.webhooks, body, keep.asked_by)
        webhook = _id(request) or outcome.webhook.id
        log.info("webhook_changed", webhook=webhook, change=what, by=admin.alias, **request_of(keep.asked_by))
        return outcome

    return await perform(request, raw, admin.caller, act, lambda outcome: render(backend, outcome))


def _id(request: web.Request) -> str:
    return request.match_info.get("id", "")


def _one(backend: Backend, endpoint: Endpoint) -> Answer:
    return success(to_json({"webhook": _webhook(backend, endpoint)}))


def _with_secret(backend: Backend, endpoint: Endpoint, *, status: int = 200) -> Answer:
    data = {"webhook": _webhook(backend, endpoint), "secret": endpoint.webhook.secrets[0].text}
    return success(to_json(data), status=status)


def _webhook(backend: Backend, endpoint: Endpoint) -> Json:
    """An endpoint without its secrets, and of its answers nothing but their status."""
    webhook, state = endpoint.webhook, endpoint.state
    failed_at, missed = state.last_failure_at, state.missed
    return {
        "id": webhook.id,
        "name": webhook.name,
        "url": webhook.url,
        "kinds": webhook.kinds,
        "source": "config" if webhook.is_configured else "admin",
        "createdAt": present.instant_or_none(webhook.created_at),
        "enabled": state.is_enabled,
        "disabledAt": present.instant_or_none(state.disabled_at),
        "disabledBecause": state.disabled_because,
        "cursor": state.cursor,
        "behind": backend.webhooks.behind(endpoint),
        "lastSuccessAt": present.instant_or_none(state.last_success_at),
        "lastFailure": None if failed_at is None else {"at": rfc3339(failed_at), "reason": state.last_failure},
        "failingSince": present.instant_or_none(state.failing_since),
        "nextTryAt": present.instant_or_none(endpoint.next_try_at),
        "missed": None if missed is None else {"fromSeq": missed[0], "toSeq": missed[1]},
    }
