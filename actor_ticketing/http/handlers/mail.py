"""The outbox, for an operator: what could not be sent, and another try."""

from aiohttp import web

from actor_ticketing.domain.ids import generate_reservation_code
from actor_ticketing.domain.instants import rfc3339
from actor_ticketing.domain.mail import Mail
from actor_ticketing.http import present
from actor_ticketing.http.answers import Answer, list_meta, respond, success, to_json
from actor_ticketing.http.context import backend_of, doors_of
from actor_ticketing.http.idempotency import perform
from actor_ticketing.http.parsing import page_of, read_model
from actor_ticketing.http.present import Json
from actor_ticketing.http.responses import WholeResponse
from actor_ticketing.http.schemas import EmptyBody


async def overview(request: web.Request) -> WholeResponse:
    """``GET /api/admin/mail``: how many mails there are in each state, and the dead letters."""
    await doors_of(request).authenticator.admin(request)
    outbox = backend_of(request).outbox
    page, limit = page_of(request)
    counts = await outbox.counts()
    dead = await outbox.dead(offset=(page - 1) * limit, limit=limit)
    data = {
        "enabled": outbox.is_enabled,
        "waiting": counts.waiting,
        "sent": counts.sent,
        "dropped": counts.dropped,
        "dead": counts.dead,
        "deadLetters": [_mail(each) for each in dead],
    }
    return respond(success(to_json(data), meta=list_meta(page=page, limit=limit, total=counts.dead)))


async def retry(request: web.Request) -> WholeResponse:
    """``POST /api/admin/mail/{id}/retry``: have a dead letter tried again."""
    admin = await doors_of(request).authenticator.admin(request)
    backend = backend_of(request)
    _, raw = await read_model(request, EmptyBody, may_be_empty=True)

    def render(mail: Mail) -> Answer:
        return success(to_json({"mail": _mail(mail)}), message="The mail will be tried again")

    return await perform(
        request,
        raw,
        admin.caller,
        lambda keep: backend.outbox.retry(request.match_info["id"], asked_by=keep.asked_by),
        render,
    )


def _mail(mail: Mail) -> Json:
    """Nobody's name or address is in it: whoever needs one looks the reservation up."""
    return {
        "id": mail.id,
        "kind": mail.kind.value,
        "state": mail.state.value,
        "reservationId": mail.reservation_id,
        "reservationCode": generate_reservation_code(mail.reservation_id),
        "createdAt": rfc3339(mail.created_at),
        "settledAt": present.instant_or_none(mail.settled_at),
        "tries": mail.tries,
        "reason": mail.reason,
    }
