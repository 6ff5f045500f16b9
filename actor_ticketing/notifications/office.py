"""What runs while mail is on: the sender, and the timer for holds that end soon."""

from dataclasses import dataclass
from pathlib import Path

import structlog

from actor_ticketing.actors.board import Board
from actor_ticketing.actors.retrying import Pauses
from actor_ticketing.clock import Clock
from actor_ticketing.config.sections import MailSettings
from actor_ticketing.domain.ids import Entropy
from actor_ticketing.domain.ports import Entry, Journal, Queries
from actor_ticketing.notifications.letters import Letters
from actor_ticketing.notifications.notices import Notices
from actor_ticketing.notifications.outbox import Outbox
from actor_ticketing.notifications.sender import Sender
from actor_ticketing.notifications.transport import Carrier
from actor_ticketing.notifications.warnings import ExpiryWarnings
from actor_ticketing.notifications.wording import Templates
from actor_ticketing.tickets.papers import TicketPapers
from actor_ticketing.tickets.signing import TicketSigner

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stationery:
    """What mails are made of, and lasts longer than the service behind the doors."""

    settings: MailSettings
    templates: Templates
    papers: TicketPapers
    signer: TicketSigner


def templates_of(settings: MailSettings) -> Templates:
    """Read the templates.

    :raises ConfigurationError: when one cannot be used.
    """
    replacements = Path(settings.templates_dir) if settings.templates_dir else None
    return Templates(settings.language, replacements)


class PostOffice:
    """Starts and ends them together, and tells them what has been committed."""

    def __init__(
        self,
        *,
        board: Board,
        journal: Journal,
        queries: Queries,
        clock: Clock,
        entropy: Entropy,
        outbox: Outbox,
        notices: Notices,
        stationery: Stationery,
    ) -> None:
        settings = stationery.settings
        assert outbox.contacts is not None  # noqa: S101 - there is none while mail is off.
        self._contacts = contacts = outbox.contacts
        self.sender = Sender(
            outbox=outbox,
            letters=Letters(
                board=board,
                queries=queries,
                contacts=contacts,
                clock=clock,
                settings=settings,
                templates=stationery.templates,
                papers=stationery.papers,
                signer=stationery.signer,
            ),
            carrier=Carrier(settings),
            journal=journal,
            queries=queries,
            clock=clock,
            pauses=Pauses(
                first_seconds=settings.retry_first_seconds,
                longest_seconds=settings.retry_max_seconds,
                entropy=entropy,
            ),
            give_up_ms=round(settings.give_up_hours * 3_600_000),
        )
        self._warnings = ExpiryWarnings(
            board=board,
            journal=journal,
            clock=clock,
            notices=notices,
            lead_times=[round(seconds * 1_000) for seconds in settings.warn_seconds],
        )

    def start(self) -> None:
        """Send what waits, and warn of what ends soon."""
        self.sender.start()
        self._warnings.start()

    def drain(self) -> None:
        """The service is about to stop: begin nothing new."""
        self._warnings.stop()
        self.sender.drain()

    async def stop(self) -> None:
        """End now. What has not gone waits for the next start."""
        self.drain()
        await self.sender.stop()

    def __call__(self, entry: Entry) -> None:
        """Take note of an entry that has just become durable. It never raises."""
        try:
            self._contacts.forgotten(entry)
            self._warnings(entry)
            self.sender(entry)
        except Exception:
            # Nothing that goes wrong here may reach the journal. What waits is found at the next round.
            log.exception("mail_failed")
