"""A client in Python: typed answers, retries that act once, a WebSocket that comes back.

It knows nothing of the server but the shapes of its answers, :mod:`actor_ticketing.wire`.
"""

from actor_ticketing.client.client import TicketClient
from actor_ticketing.client.errors import ClientError, Refused, Unavailable, Unreachable, Unreadable
from actor_ticketing.client.retries import Retries

__all__ = ["ClientError", "Refused", "Retries", "TicketClient", "Unavailable", "Unreachable", "Unreadable"]
