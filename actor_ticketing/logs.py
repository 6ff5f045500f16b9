"""Log lines go to standard error: for people, or as JSON. Standard output is for what a command prints."""

import asyncio
import logging
import sys
import traceback
from typing import Any, Literal

import structlog

from actor_ticketing.domain.telling import told

log = structlog.get_logger(__name__)


def configure_logs(level: str, style: Literal["console", "json"]) -> None:
    """Set up structlog, and route the standard library's loggers to it.

    :param level: ``debug``, ``info``, ``warning`` or ``error``.
    """
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _tell_exception,
    ]
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if style == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer], foreign_pre_chain=shared
        )
    )
    logging.basicConfig(
        level=max(logging.INFO, logging.getLevelNamesMapping()[level.upper()]), handlers=[handler], force=True
    )
    # It repeats what a client asked for in a handshake, which is where some clients put their tokens.
    logging.getLogger("aiohttp.websocket").setLevel(logging.ERROR)
    # These tell of each letter of each name that is printed.
    for name in ("fontTools", "fpdf"):
        logging.getLogger(name).setLevel(logging.ERROR)


def report_unhandled(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Log what nobody has caught; as an event loop's exception handler, whose own would show the exception's text."""
    log.error("unhandled", message=context["message"], exc_info=context.get("exception"))


def _tell_exception(_: object, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Turn an exception into text: where it came from, and what may be told of it. No variable is in it."""
    error = event.pop("exc_info", None)
    if error is True:
        error = sys.exception()
    elif isinstance(error, tuple):
        error = error[1]
    if error is not None:
        event["exception"] = "\n\nwhich led to\n\n".join(reversed(_chain(error)))
    return event


def _chain(error: BaseException | None) -> list[str]:
    told_of: list[str] = []
    while error is not None:
        told_of.append(f"{''.join(traceback.format_tb(error.__traceback__))}{told(error)}")
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return told_of
