"""A response whose body is made while it is sent."""

from collections.abc import AsyncIterator

import structlog
from aiohttp import web

from actor_ticketing.domain.telling import told
from actor_ticketing.http.context import doors_of
from actor_ticketing.http.request_ids import REQUEST_ID, id_of
from actor_ticketing.http.responses import NO_PAGE, in_every_head

log = structlog.get_logger(__name__)


async def send_file(
    request: web.Request, chunks: AsyncIterator[bytes], *, content_type: str, name: str
) -> web.StreamResponse:
    """Send a file to be saved, chunk by chunk at the client's pace.

    What the first chunk raises is raised here. Should a later one fail, the connection is cut, so that nobody takes
    half a file for a whole one.

    :param chunks: one at least, which may be empty.
    """
    first = await anext(chunks)
    response = web.StreamResponse(headers=in_every_head(NO_PAGE))
    response.headers[REQUEST_ID] = id_of(request)
    response.headers["Content-Type"] = content_type
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "no-store"
    cors = doors_of(request).cors
    for line in "" if cors is None else cors.head_lines(request).splitlines():
        header, _, text = line.partition(": ")
        response.headers[header] = text
    await response.prepare(request)
    if request.method == "HEAD":
        return response
    try:
        await response.write(first)
        async for chunk in chunks:
            await response.write(chunk)
    except ConnectionError:
        pass  # The client has gone.
    except Exception as error:  # noqa: BLE001 - whatever it is, it is too late for another status.
        log.error("file_cut_short", name=name, error=told(error), request_id=id_of(request))  # noqa: TRY400
        if request.transport is not None:
            request.transport.abort()
    return response
