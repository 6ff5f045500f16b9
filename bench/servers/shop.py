"""What the FastAPI contenders have in common: what they take, what they answer, and how they are served."""

import base64
import secrets
import socket
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

import uvicorn
from fastapi import FastAPI, Response
from pydantic import BaseModel, ConfigDict, EmailStr, Field, StringConstraints
from pydantic.alias_generators import to_camel
from pydantic_core import to_json

EXTENSIONS_MAX = 3
HOLD = timedelta(minutes=10)

_LOOK_ALIKES = str.maketrans("IO", "89")

Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._~-]{1,128}$")]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Phone = Annotated[str, StringConstraints(pattern=r"^\+?[0-9 ().\-/]{5,30}$")]


class Body(BaseModel):
    """Base of all bodies: camelCase on the wire, strict types, nothing unknown."""

    model_config = ConfigDict(strict=True, extra="forbid", alias_generator=to_camel, frozen=True)


class Reserve(Body):
    """``POST /api/public/reservations``."""

    ticket_type_id: Id
    quantity: Annotated[int, Field(ge=1, le=50)]
    session_id: Id
    expiration_minutes: Annotated[float, Field(gt=0, le=60)] | None = None

    @property
    def hold(self) -> timedelta:
        """How long it is to last."""
        return HOLD if self.expiration_minutes is None else timedelta(minutes=self.expiration_minutes)


class Cancel(Body):
    """``DELETE /api/public/reservations/{id}``."""

    session_id: Id


class Extend(Body):
    """``PATCH /api/public/reservations/{id}``."""

    additional_minutes: Annotated[float, Field(gt=0, le=60)]
    session_id: Id


class Holder(Body):
    """A ticket holder."""

    full_name: Text
    identity_type: Text
    identity_number: Text
    email: EmailStr | None = None
    whatsapp: Phone | None = None


class Buyer(Holder):
    """A buyer, of whom everything is needed."""

    email: EmailStr
    whatsapp: Phone


class Purchase(Body):
    """``POST /api/public/reservations/{id}/purchase``."""

    session_id: Id
    buyer_info: Buyer
    ticket_holders: Annotated[list[Holder], Field(min_length=1, max_length=50)]


def now() -> datetime:
    """The present, in UTC."""
    return datetime.now(UTC)


def new_code() -> str:
    """A code for people: fifteen characters without look-alikes, in groups, with 75 random bits."""
    drawn = base64.b32encode(secrets.token_bytes(10)).decode().translate(_LOOK_ALIKES)
    return f"{drawn[:5]}-{drawn[5:10]}-{drawn[10:15]}"


def answer(document: Mapping[str, Any], status: int = 200) -> Response:
    """A JSON answer, encoded by the fastest encoder at hand."""
    return Response(to_json(document), status, media_type="application/json")


def refusal(status: int, code: str, message: str, **details: Any) -> Response:
    """An answer that says no."""
    error = {"code": code, "details": details} if details else {"code": code}
    return answer({"success": False, "message": message, "error": error}, status)


def not_enough(requested: int, available: int) -> Response:
    """There are not that many tickets left."""
    return refusal(
        409, "not_enough_tickets", "There are not enough tickets left.", requested=requested, available=available
    )


def about(row: Mapping[str, Any], present: datetime, message: str, status: int = 200) -> Response:
    """The answer about one reservation, of the columns of its row, its ticket type's and its event's."""
    event = {
        "id": row["event_id"],
        "title": row["title"],
        "venue": row["venue"],
        "startDate": row["start_date"],
    }
    ticket_type = {
        "id": row["ticket_type_id"],
        "name": row["name"],
        "price": row["unit_price"],
        "currency": row["currency"],
        "event": event,
    }
    remaining = max(0, int((row["expires_at"] - present).total_seconds())) if row["status"] == "ACTIVE" else 0
    reservation = {
        "id": row["id"],
        "code": row["code"],
        "sessionId": row["session_id"],
        "ticketTypeId": row["ticket_type_id"],
        "quantity": row["quantity"],
        "reservedAt": row["reserved_at"],
        "expiresAt": row["expires_at"],
        "remainingSeconds": remaining,
        "isExpired": False,
        "status": row["status"],
        "extensions": row["extensions"],
        "metadata": None,
        "ticketType": ticket_type,
    }
    data = {
        "reservation": reservation,
        "expiresAt": row["expires_at"],
        "remainingSeconds": remaining,
        "serverTime": present,
    }
    return answer({"success": True, "data": data, "message": message}, status)


def bought(
    transaction: UUID,
    row: Mapping[str, Any],
    body: Purchase,
    tickets: Sequence[tuple[UUID, str]],
    present: datetime,
) -> Response:
    """The answer about a purchase."""
    data = {
        "transaction": {
            "id": transaction,
            "reservationId": row["id"],
            "quantity": row["quantity"],
            "totalPrice": row["quantity"] * row["unit_price"],
            "currency": row["currency"],
            "buyerInfo": body.buyer_info.model_dump(by_alias=True, exclude_none=True),
            "createdAt": present,
        },
        "tickets": [
            {
                "id": ticket,
                "code": code,
                "transactionId": transaction,
                "ticketTypeId": row["ticket_type_id"],
                "ticketHolder": holder.model_dump(by_alias=True, exclude_none=True),
                "qrUrl": f"/api/public/tickets/{code}/qr.svg",
            }
            for (ticket, code), holder in zip(tickets, body.ticket_holders, strict=True)
        ],
    }
    return answer({"success": True, "data": data, "message": "Purchase completed"}, 201)


def serve(app: FastAPI, listener: socket.socket) -> None:
    """Serve until SIGTERM: one worker, httptools, uvloop where it is installed, no access log."""
    config = uvicorn.Config(app, http="httptools", loop="auto", log_level="warning", access_log=False, ws="none")
    uvicorn.Server(config).run(sockets=[listener])


def listen() -> socket.socket:
    """A socket on a free port. Connections wait on it until the application has started."""
    return socket.create_server(("127.0.0.1", 0), backlog=1024)


def announce(listener: socket.socket) -> None:
    """Say where it listens, as the service does."""
    print(f"listening on http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
