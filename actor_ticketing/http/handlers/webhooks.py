"""Webhooks, for an operator."""

from aiohttp import web

from actor_ticketing.domain.instants import rfc3339
from actor_ticketing.http import present
from actor_ticketing.http.answers import Answer, respond, success, to_json
from actor_ticketing.http.context import Backend, backend_of, doors_of
from actor_ticketing.http.idempotency import Action, Render, perform
from actor_ticketing.http.parsing import read_model
from actor_ticketing.http.present import Json
from actor_ticketing.http.responses import WholeResponse
from actor_ticketing.http.schemas import EmptyBody
from actor_ticketing.http.webhook_schemas import ReplayBody, WebhookBody, WebhookPatch
from actor_ticketing.webhooks.endpoints import Endpoint


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
    return respond(_one(backend, backend.webhooks.endpoint(request.match_info["id"])))


async def create(request: web.Request) -> WholeResponse:
    """``POST /api/admin/webhooks``: add one. Its secret is in this answer and in no other."""
    admin = await doors_of(request).authenticator.admin(request)
    backend = backend_of(request)
    body, raw = await read_model(request, WebhookBody)
    return await perform(
        request,
        raw,
        admin.caller,
        lambda _: backend.webhooks.create(name=body.name, url=body.url, kinds=body.kinds, from_seq=body.from_seq),
        lambda endpoint: _with_secret(backend, endpoint, status=201),
    )


async def change(request: web.Request) -> WholeResponse:
    """``PATCH /api/admin/webhooks/{id}``: what is absent stays."""
    admin = await doors_of(request).authenticator.admin(request)
    backend = backend_of(request)
    body, raw = await read_model(request, WebhookPatch)
    return await perform(
        request,
        raw,
        admin.caller,
        lambda _: backend.webhooks.change(request.match_info["id"], body.changes(), enabled=body.changed_enabled()),
        lambda endpoint: _one(backend, endpoint),
    )


async def replay(request: web.Request) -> WholeResponse:
    """``POST /api/admin/webhooks/{id}/replay``: go on from another position of the ledger."""
    admin = await doors_of(request).authenticator.admin(request)
    backend = backend_of(request)
    body, raw = await read_model(request, ReplayBody)
    return await perform(
        request,
        raw,
        admin.caller,
        lambda _: backend.webhooks.replay(request.match_info["id"], body.from_seq),
        lambda endpoint: _one(backend, endpoint),
    )


async def rotate(request: web.Request) -> WholeResponse:
    """``POST /api/admin/webhooks/{id}/rotate-secret``: another secret, beside the one before for a day."""
    return await _pressed(
        request,
        lambda _: backend_of(request).webhooks.rotate(request.match_info["id"]),
        lambda endpoint: _with_secret(backend_of(request), endpoint),
    )


async def delete(request: web.Request) -> WholeResponse:
    """``DELETE /api/admin/webhooks/{id}``: tell it nothing more, and forget it."""
    return await _pressed(
        request,
        lambda _: backend_of(request).webhooks.delete(request.match_info["id"]),
        lambda _: success("{}", message="The webhook was deleted"),
    )


async def test(request: web.Request) -> WholeResponse:
    """``POST /api/admin/webhooks/{id}/test``: send a message that tells of nothing."""
    return await _pressed(
        request,
        lambda _: backend_of(request).webhooks.test(request.match_info["id"]),
        lambda delivery: success(to_json({"delivered": delivery.failure is None, "reason": delivery.failure})),
    )


async def _pressed(request: web.Request, action: Action, render: Render) -> WholeResponse:
    """Do something for which nothing needs to be sent."""
    admin = await doors_of(request).authenticator.admin(request)
    _, raw = await read_model(request, EmptyBody, may_be_empty=True)
    return await perform(request, raw, admin.caller, action, render)


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
