"""The AsyncAPI document of the WebSocket, made of the models that its messages are held against."""

import json
from typing import get_args

from actor_ticketing import __version__
from actor_ticketing.http.live.actions import Action
from actor_ticketing.http.openapi.parameters import SESSION_ID
from actor_ticketing.http.openapi.schemas import Json, schemas_of
from actor_ticketing.wire.live import LiveMessage


def asyncapi() -> str:
    """Make the document, as JSON."""
    said = get_args(LiveMessage)
    references, schemas = schemas_of([Action, *said])
    messages = {model.__name__: {"payload": references[model], "summary": model.__doc__} for model in (*said, Action)}
    document: Json = {
        "asyncapi": "3.0.0",
        "info": {
            "title": "actor_ticketing, live",
            "version": __version__,
            "description": "What becomes of a session's reservations, and what is left of ticket types, as it happens. "
            "Ignore messages of a `type` that you do not know. The rest of the service is described at /openapi.json.",
        },
        "defaultContentType": "application/json",
        "channels": {
            "live": {
                "address": "/api/public/ws",
                "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
                "bindings": {
                    "ws": {
                        "method": "GET",
                        "query": {
                            "type": "object",
                            "required": ["sessionId"],
                            "properties": {
                                "sessionId": SESSION_ID,
                                "after": {
                                    "type": "string",
                                    "pattern": "^[0-9]{1,18}$",
                                    "description": "The `seq` of the last message that was seen.",
                                },
                            },
                        },
                    }
                },
            }
        },
        "operations": {
            "hear": {"action": "send", **_over([model.__name__ for model in said])},
            "ask": {"action": "receive", **_over([Action.__name__])},
        },
        "components": {"messages": messages, "schemas": schemas},
    }
    return json.dumps(document, ensure_ascii=False, indent=1).replace("``", "`") + "\n"


def _over(messages: list[str]) -> Json:
    channel = "#/channels/live"
    return {
        "channel": {"$ref": channel},
        "messages": [{"$ref": f"{channel}/messages/{name}"} for name in messages],
    }
