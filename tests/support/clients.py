"""The Python client as tests use it."""

from actor_ticketing.client import Retries, TicketClient
from actor_ticketing.wire.reservations import Person
from support.web import Api

BUYER = Person(
    full_name="Ada Lovelace",
    identity_type="passport",
    identity_number="X123456",
    email="ada@example.com",
    whatsapp="+44 20 7946 0000",
)
HOLDER = Person(full_name="Charles Babbage", identity_type="passport", identity_number="X7")


class Pauses(list[float]):
    """Instead of waiting: how long the client would have waited each time."""

    async def __call__(self, seconds: float) -> None:
        self.append(seconds)


def client_of(api: Api, session: str | None = "s1", token: str | None = None) -> TicketClient:
    """A client at the door of a service in this process. It does not wait for long."""
    retries = Retries(first_seconds=0.01)
    return TicketClient(str(api.client.make_url("/")), session_id=session, token=token, retries=retries)
