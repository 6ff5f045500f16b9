"""The routes for webhooks, which are an operator's."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from actor_ticketing.http.openapi import operation
from actor_ticketing.http.openapi.examples import WEBHOOK
from actor_ticketing.http.openapi.operation import Door, Operation
from actor_ticketing.http.schemas import EmptyBody
from actor_ticketing.http.webhook_schemas import ReplayBody, WebhookBody, WebhookPatch
from actor_ticketing.wire.shapes import Nothing, Success
from actor_ticketing.wire.webhooks import Tested, WebhookData, WebhooksData, WebhookSecretData

_guarded = partial(Operation, door=Door.GUARDED, proof=operation.ADMIN, tag="webhooks")
_one = partial(_guarded, path={"id": WEBHOOK})
_pressed = partial(_one, body=EmptyBody, body_is_optional=True, bodies={"nothing": {}}, keeps_answers=True)

TELLING: Mapping[str, Any] = {
    "summary": "Something has happened",
    "description": "Sent in order, at least once, and signed (https://www.standardwebhooks.com).",
    "tags": ["webhooks"],
    "parameters": [
        {"name": name, "in": "header", "required": True, "description": text, "schema": {"type": "string"}}
        for name, text in (
            ("webhook-id", "The same each time that a message is sent."),
            ("webhook-timestamp", "When it is sent this time, in seconds since the epoch."),
            ("webhook-signature", "One signature or more, with spaces between them."),
        )
    ],
    "responses": {
        "2XX": {"description": "It was taken."},
        "410": {"description": "The receiver is to be told nothing more."},
        "default": {"description": "It was not taken, and is sent again."},
    },
}
"""What the document says of the requests that go the other way, without their body."""

WEBHOOKS: Mapping[str, Operation] = {
    "GET /api/admin/webhooks": _guarded(
        id="listWebhooks",
        summary="Who is told what happens, and how that goes",
        answer=Success[WebhooksData],
    ),
    "POST /api/admin/webhooks": _guarded(
        id="createWebhook",
        summary="Have somebody told what happens from now on",
        body=WebhookBody,
        bodies={
            "all that happens": {"name": "Data warehouse", "url": "https://warehouse.example/tickets"},
            "purchases since the beginning": {
                "name": "Accounting",
                "url": "https://accounting.example/hooks/sales",
                "kinds": ["reservation.converted"],
                "fromSeq": 1,
            },
        },
        answer=Success[WebhookSecretData],
        status=201,
        keeps_answers=True,
        refusals=("too_many_webhooks", "seq_not_in_ledger"),
    ),
    "GET /api/admin/webhooks/{id}": _one(
        id="getWebhook",
        summary="One webhook",
        answer=Success[WebhookData],
        refusals=("webhook_not_found",),
    ),
    "PATCH /api/admin/webhooks/{id}": _one(
        id="changeWebhook",
        summary="Change a webhook, or switch it off and on; what is absent stays",
        body=WebhookPatch,
        bodies={"on again": {"enabled": True}},
        answer=Success[WebhookData],
        keeps_answers=True,
        refusals=("webhook_not_found", "webhook_is_configured"),
    ),
    "DELETE /api/admin/webhooks/{id}": _pressed(
        id="deleteWebhook",
        summary="Tell it nothing more, and forget it",
        answer=Success[Nothing],
        refusals=("webhook_not_found", "webhook_is_configured"),
    ),
    "POST /api/admin/webhooks/{id}/replay": _one(
        id="replayWebhook",
        summary="Go on from another position of the ledger, back or ahead",
        body=ReplayBody,
        bodies={"from the beginning": {"fromSeq": 1}},
        answer=Success[WebhookData],
        keeps_answers=True,
        refusals=("webhook_not_found", "seq_not_in_ledger"),
    ),
    "POST /api/admin/webhooks/{id}/rotate-secret": _pressed(
        id="rotateWebhookSecret",
        summary="Another secret; the one before signs as well for a day",
        answer=Success[WebhookSecretData],
        refusals=("webhook_not_found", "webhook_is_configured"),
    ),
    "POST /api/admin/webhooks/{id}/test": _pressed(
        id="testWebhook",
        summary="Send a message that tells of nothing",
        answer=Success[Tested],
        refusals=("webhook_not_found", "webhooks_off"),
    ),
}
