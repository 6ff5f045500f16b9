"""Signing in."""

from actor_ticketing.wire.shapes import Instant, Shape


class User(Shape):
    """Who is signed in."""

    id: str
    email: str


class SignedIn(Shape):
    """A user token, and the refresh token for the next one, which serves once."""

    token: str
    expires_at: Instant
    refresh_token: str
    refresh_expires_at: Instant
    user: User
    server_time: Instant
