"""What an admin does for a person who asks: tell them what is known of them, and forget it.

The address comes in a body, so that it is in no access log.
"""

from aiohttp import web

from actor_ticketing.actors.privacy import Forgotten
from actor_ticketing.http import present_people
from actor_ticketing.http.answers import Answer, respond, success, to_json
from actor_ticketing.http.context import backend_of, doors_of
from actor_ticketing.http.idempotency import perform
from actor_ticketing.http.parsing import read_model
from actor_ticketing.http.responses import WholeResponse
from actor_ticketing.http.schemas import PersonBody


async def erase(request: web.Request) -> WholeResponse:
    """``POST /api/admin/privacy/erase``: forget a person. Again, there is nothing left to forget."""
    admin = await doors_of(request).authenticator.admin(request)
    backend = backend_of(request)
    body, raw = await read_model(request, PersonBody)

    def render(forgotten: Forgotten) -> Answer:
        return success(to_json(present_people.forgotten(forgotten)), message="The person was forgotten")

    return await perform(
        request,
        raw,
        admin.caller,
        lambda keep: backend.privacy.erase(body.email, by=admin.alias, asked_by=keep.asked_by),
        render,
    )


async def export(request: web.Request) -> WholeResponse:
    """``POST /api/admin/privacy/export``: all that is known of a person. It changes nothing, and is kept nowhere."""
    await doors_of(request).authenticator.admin(request)
    backend = backend_of(request)
    body, _ = await read_model(request, PersonBody)
    known = await backend.privacy.export(body.email)
    return respond(success(to_json(present_people.known_of(body.email, known, backend.clock.now()))))
