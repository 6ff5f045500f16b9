"""What a storefront does with the service."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

import aiohttp

from actor_ticketing.client.live import listen
from actor_ticketing.client.retries import Retries
from actor_ticketing.client.transport import Transport
from actor_ticketing.wire.accounts import SignedIn
from actor_ticketing.wire.live import LiveMessage
from actor_ticketing.wire.reservations import (
    Bought,
    BoughtTogether,
    Claimed,
    Extended,
    Held,
    HeldTogether,
    Person,
    Reservation,
    Shown,
)
from actor_ticketing.wire.shapes import Listed, LiveMeta, Meta, Nothing, Success
from actor_ticketing.wire.shop import Availability, EventData, EventWithTypes, NewSession

_RESERVATIONS = "/api/public/reservations"
_AUTH = "/api/public/auth"
SECONDS = 30.0


class TicketClient:
    """One buyer: a guest's session, a signed-in user, or both.

    Every call raises :class:`Refused` when the service says no, :class:`Unavailable` when it is busy for too long, and
    :class:`Unreachable` when it does not answer. Whatever changes something is done once, however often it is sent.

    :param url: of the service, without a path.
    :param session_id: of the guest; :meth:`start_session` gets one.
    :param token: of the user; :meth:`register` and :meth:`sign_in` get one.
    :param http: to be used instead of one of its own, which ends with the client.
    """

    def __init__(
        self,
        url: str,
        *,
        session_id: str | None = None,
        token: str | None = None,
        http: aiohttp.ClientSession | None = None,
        retries: Retries | None = None,
    ) -> None:
        self._is_ours = http is None
        http = http or aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=SECONDS))
        self._transport = Transport(http, url, retries or Retries())
        self._transport.token = token
        self.session_id = session_id

    async def __aenter__(self) -> Self:
        """Begin."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End."""
        if self._is_ours:
            await self._transport.http.close()

    @property
    def token(self) -> str | None:
        """The user token that calls are made with."""
        return self._transport.token

    @token.setter
    def token(self, token: str | None) -> None:
        self._transport.token = token

    async def start_session(self) -> str:
        """Become a guest, and return the session's id."""
        answer = await self._transport.call(Success[NewSession], "POST", "/api/public/sessions")
        self.session_id = answer.data.session_id
        return answer.data.session_id

    async def events(self, *, page: int = 1, limit: int = 100) -> Listed[EventWithTypes, Meta]:
        """What is on sale, and what will be."""
        query = {"page": str(page), "limit": str(limit)}
        return await self._transport.call(Listed[EventWithTypes, Meta], "GET", "/api/public/events", query=query)

    async def event(self, event_id: str) -> EventWithTypes:
        """One event with its ticket types."""
        return (await self._transport.call(Success[EventData], "GET", f"/api/public/events/{event_id}")).data.event

    async def availability(self, ticket_type_id: str) -> Availability:
        """What is left of a ticket type."""
        path = f"/api/public/availability/{ticket_type_id}"
        return (await self._transport.call(Success[Availability], "GET", path)).data

    async def reserve(
        self,
        ticket_type_id: str,
        quantity: int = 1,
        *,
        minutes: float | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> Held:
        """Hold tickets of one type."""
        body = {"ticketTypeId": ticket_type_id, "quantity": quantity, **_options(minutes, metadata)}
        return (await self._transport.call(Success[Held], "POST", _RESERVATIONS, self._with_session(body))).data

    async def reserve_together(
        self,
        quantities: Mapping[str, int],
        *,
        minutes: float | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> HeldTogether:
        """Hold tickets of several types, all or none: how many, by ticket type."""
        lines = [{"ticketTypeId": each, "quantity": quantity} for each, quantity in quantities.items()]
        body = {"reservations": lines, **_options(minutes, metadata)}
        return (await self._transport.call(Success[HeldTogether], "POST", _RESERVATIONS, self._with_session(body))).data

    async def reservations(self, *, page: int = 1, limit: int = 10) -> Listed[Reservation, LiveMeta]:
        """What is held, oldest first."""
        query = {"page": str(page), "limit": str(limit), **self._with_session({})}
        return await self._transport.call(Listed[Reservation, LiveMeta], "GET", _RESERVATIONS, query=query)

    async def reservation(self, reservation_id: str) -> Shown:
        """One reservation in any state, a purchased one with its tickets."""
        path = f"{_RESERVATIONS}/{reservation_id}"
        return (await self._transport.call(Success[Shown], "GET", path, query=self._with_session({}))).data

    async def extend(self, reservation_id: str, minutes: float) -> Extended:
        """Hold it longer, by so many minutes."""
        path, body = f"{_RESERVATIONS}/{reservation_id}", self._with_session({"additionalMinutes": minutes})
        return (await self._transport.call(Success[Extended], "PATCH", path, body)).data

    async def cancel(self, reservation_id: str) -> Held:
        """Give it back."""
        path = f"{_RESERVATIONS}/{reservation_id}"
        return (await self._transport.call(Success[Held], "DELETE", path, self._with_session({}))).data

    async def purchase(self, reservation_id: str, buyer: Person, holders: Sequence[Person]) -> Bought:
        """Turn a hold into tickets, one for each holder."""
        body = self._with_session({"buyerInfo": _sent(buyer), "ticketHolders": [_sent(each) for each in holders]})
        return (
            await self._transport.call(Success[Bought], "POST", f"{_RESERVATIONS}/{reservation_id}/purchase", body)
        ).data

    async def purchase_together(self, holders: Mapping[str, Sequence[Person]], buyer: Person) -> BoughtTogether:
        """Turn several holds into tickets, all or none: the holders, by reservation."""
        body = {
            "reservationIds": list(holders),
            "buyerInfo": _sent(buyer),
            "ticketHolders": [[_sent(each) for each in some] for some in holders.values()],
        }
        call = self._transport.call
        return (await call(Success[BoughtTogether], "POST", "/api/public/purchases", self._with_session(body))).data

    async def claim_session(self) -> Claimed:
        """Make what the guest held the user's who has signed in."""
        body = self._with_session({})
        return (await self._transport.call(Success[Claimed], "POST", "/api/public/sessions/claim", body)).data

    async def register(self, email: str, password: str) -> SignedIn:
        """Make an account, and be signed in. When the answer was lost, sign in."""
        return await self._sign_in("register", {"email": email, "password": password}, may_repeat=False)

    async def sign_in(self, email: str, password: str) -> SignedIn:
        """Sign in."""
        return await self._sign_in("login", {"email": email, "password": password})

    async def refresh(self, refresh_token: str) -> SignedIn:
        """Get the next token. The refresh token serves once, so when the answer was lost, sign in."""
        return await self._sign_in("refresh", {"refreshToken": refresh_token}, may_repeat=False)

    async def sign_out(self, refresh_token: str) -> None:
        """End all that came of one signing in."""
        await self._transport.call(Success[Nothing], "POST", f"{_AUTH}/logout", {"refreshToken": refresh_token})
        self.token = None

    def live(self, *ticket_type_ids: str, after: int | None = None) -> AsyncGenerator[LiveMessage]:
        """Hear what becomes of the session's reservations, and what is left of these ticket types, for as long as
        anybody wants to know: when the connection is lost, another takes its place, and tells what was missed.

        :param after: the ``seq`` of the last message that was seen, if any was.
        """
        return listen(self._transport, self._with_session({}), ticket_type_ids, after)

    async def _sign_in(self, how: str, body: Mapping[str, str], *, may_repeat: bool = True) -> SignedIn:
        call = self._transport.call
        signed_in = (await call(Success[SignedIn], "POST", f"{_AUTH}/{how}", body, may_repeat=may_repeat)).data
        self.token = signed_in.token
        return signed_in

    def _with_session(self, body: Mapping[str, Any]) -> dict[str, Any]:
        return dict(body) if self.session_id is None else {**body, "sessionId": self.session_id}


def _options(minutes: float | None, metadata: Mapping[str, Any] | None) -> dict[str, Any]:
    options = {"expirationMinutes": minutes, "metadata": metadata}
    return {name: value for name, value in options.items() if value is not None}


def _sent(person: Person) -> dict[str, Any]:
    return person.model_dump(by_alias=True, exclude_none=True)
