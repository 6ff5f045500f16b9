"""Accounts of our own: register, sign in, stay signed in, sign out.

An Idempotency-Key counts for nothing here: with the answer, the tokens in it would be kept.
"""

from aiohttp import web

from actor_ticketing.accounts.service import SignedIn
from actor_ticketing.domain.accounts import Role
from actor_ticketing.domain.instants import rfc3339
from actor_ticketing.domain.purchase import email_key
from actor_ticketing.http.answers import respond, success, to_json
from actor_ticketing.http.context import backend_of, doors_of
from actor_ticketing.http.parsing import read_model
from actor_ticketing.http.request_ids import asker_of
from actor_ticketing.http.responses import WholeResponse
from actor_ticketing.http.schemas import RefreshTokenBody, SignUpBody
from actor_ticketing.http.throttling import attempt_at


async def register(request: web.Request) -> WholeResponse:
    """``POST /api/public/auth/register``."""
    backend = backend_of(request)
    body, _ = await read_model(request, SignUpBody)
    signed_in = await backend.accounts.register(
        body.email, body.password.get_secret_value(), asked_by=asker_of(request)
    )
    return _respond(request, signed_in, message="Account created successfully", status=201)


async def login(request: web.Request) -> WholeResponse:
    """``POST /api/public/auth/login``."""
    backend = backend_of(request)
    body, _ = await read_model(request, SignUpBody)
    with attempt_at(request, email_key(body.email)):
        signed_in = await backend.accounts.sign_in(
            body.email, body.password.get_secret_value(), asked_by=asker_of(request)
        )
    return _respond(request, signed_in, message="Signed in successfully")


async def refresh(request: web.Request) -> WholeResponse:
    """``POST /api/public/auth/refresh``: the refresh token serves once, and the answer has the next one."""
    backend = backend_of(request)
    body, _ = await read_model(request, RefreshTokenBody)
    signed_in = await backend.accounts.refresh(body.refresh_token.get_secret_value(), asked_by=asker_of(request))
    return _respond(request, signed_in, message="Signed in again successfully")


async def logout(request: web.Request) -> WholeResponse:
    """``POST /api/public/auth/logout``: whatever the token was, it is worth nothing afterwards."""
    backend = backend_of(request)
    body, _ = await read_model(request, RefreshTokenBody)
    await backend.accounts.sign_out(body.refresh_token.get_secret_value(), asked_by=asker_of(request))
    return respond(success("{}", message="Signed out successfully"))


def _respond(request: web.Request, signed_in: SignedIn, *, message: str, status: int = 200) -> WholeResponse:
    account = signed_in.account
    token, ends = doors_of(request).minter.mint(account.id, is_admin=account.role is Role.ADMIN)
    data = {
        "token": token,
        "expiresAt": rfc3339(ends),
        "refreshToken": signed_in.refresh_token,
        "refreshExpiresAt": rfc3339(signed_in.refresh_expires_at),
        "user": {"id": account.id, "email": account.email},
        "serverTime": rfc3339(backend_of(request).clock.now()),
    }
    return respond(success(to_json(data), message=message, status=status))
