"""The id of a request, which its answer bears and every log line about it."""

import re
import secrets
from functools import partial
from itertools import count

from aiohttp import web
from multidict import istr

from actor_ticketing.domain.asking import Asker
from actor_ticketing.http.request import known

REQUEST_ID = istr("X-Request-ID")
_SANE = re.compile(r"[A-Za-z0-9._:/+=~-]{1,128}")

# Ids need to differ, also between runs; nobody is let in by one.
_RUN = secrets.token_urlsafe(9) + "."
_numbers = count(1)


def id_of(request: web.BaseRequest) -> str:
    """The request's own id if it sent a sane one; otherwise one is made, once."""
    given = request.headers.get(REQUEST_ID)
    if given is not None and _SANE.fullmatch(given):
        return given
    asked = known(request)
    if asked.made_id is None:
        asked.made_id = f"{_RUN}{next(_numbers)}"
    return asked.made_id


def asker_of(request: web.BaseRequest) -> Asker:
    """What names the request, should the log have to."""
    return partial(id_of, request)
