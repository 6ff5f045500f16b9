"""What was answered, counted."""

from collections import Counter
from collections.abc import Iterator

from aiohttp import web

from actor_ticketing.domain.values import value
from actor_ticketing.http.request import known

NO_ROUTE = "none"


@value
class Answered:
    """How often a route gave a status. ``route`` is its pattern, never an address that somebody asked for."""

    method: str
    route: str
    status: int
    times: int


def resource_of(request: web.BaseRequest) -> web.AbstractResource | None:
    """What was found at a request's address, if anything was."""
    # A preflight is answered before anybody looks for a route.
    match = known(request)._match_info  # noqa: SLF001
    return None if match is None else match.route.resource


class Traffic:
    """Counts answers by route and status, and refusals by their code. Since the process started.

    :ivar refusals: how often each error code was answered.
    """

    def __init__(self) -> None:
        self.refusals: Counter[str] = Counter()
        self._answers: Counter[tuple[web.AbstractResource | None, str, int]] = Counter()

    def note(self, request: web.BaseRequest, status: int) -> None:
        """Count one answer."""
        resource = resource_of(request)
        # Whatever was found nowhere may have come with any word for a method: there are as many as a client likes.
        self._answers[resource, "" if resource is None else request.method, status] += 1

    def answers(self) -> Iterator[Answered]:
        """All counts."""
        for (resource, method, status), times in self._answers.items():
            route = NO_ROUTE if resource is None else resource.canonical
            yield Answered(method=method or NO_ROUTE, route=route, status=status, times=times)
