"""The one that sends what waits in the outbox: each mail at least once, and always under the same Message-ID."""

import asyncio
from contextlib import suppress

import structlog
from jinja2 import TemplateError

from actor_ticketing.actors.journaling import write_entry
from actor_ticketing.actors.retrying import Pauses, Wake
from actor_ticketing.clock import Clock
from actor_ticketing.domain.errors import Draining, Refusal
from actor_ticketing.domain.mail import (
    Mail,
    MailPutOff,
    MailQueued,
    MailRecord,
    MailRevived,
    MailSettled,
    MailsGivenUp,
    MailState,
)
from actor_ticketing.domain.ports import Entry, Journal, Queries
from actor_ticketing.domain.telling import told
from actor_ticketing.notifications.letters import Letters, NothingToTell
from actor_ticketing.notifications.outbox import Outbox
from actor_ticketing.notifications.transport import Carrier, NotTaken, ServerTrouble

log = structlog.get_logger(__name__)

URGENT_IN_A_ROW = 4
"""After so many mails with a deadline comes one without, if one waits: no stream of warnings keeps the tickets back."""

STORAGE_PAUSE_MS = 10_000
"""How long to wait when the outbox can be neither read nor written."""


class Sender:
    """Sends one mail after the other, the most urgent first. What it has not noted as sent when it ends is sent again
    after the next start.
    """

    def __init__(
        self,
        *,
        outbox: Outbox,
        letters: Letters,
        carrier: Carrier,
        journal: Journal,
        queries: Queries,
        clock: Clock,
        pauses: Pauses,
        give_up_ms: int,
    ) -> None:
        self._outbox = outbox
        self._letters = letters
        self._carrier = carrier
        self._journal = journal
        self._queries = queries
        self._clock = clock
        self._pauses = pauses
        self._give_up_ms = give_up_ms
        self._wake = Wake(clock)
        self._troubles = 0
        self._urgent_in_a_row = 0
        self._resume_at = 0
        self._draining = False
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin with what waits already."""
        self._task = asyncio.create_task(self._run(), name="mail")

    def drain(self) -> None:
        """Begin no other mail; the one under way may come to its end."""
        self._draining = True
        self._wake.set()

    async def stop(self) -> None:
        """End now."""
        self.drain()
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    def __call__(self, entry: Entry) -> None:
        """Take note of an entry that has just become durable."""
        new = sum(isinstance(record, MailQueued | MailRevived) for record in entry.records)
        if new:
            self._outbox.statistics.waiting += new
            self._wake.set()

    async def _run(self) -> None:
        while not self._draining:
            # Whatever is committed from here on is either read in this round or wakes for the next.
            self._wake.clear()
            await self._wake.wait_until(await self._round())

    async def _round(self) -> int | None:
        """Send what is due; return when to come back at the latest, or None."""
        try:
            if not self._is_pausing:
                # Read anew for each: what has become urgent since does not stand behind tickets that take long to draw.
                while not self._draining and (due := await self._next()):
                    if not await self._send(due):
                        break
                await self._carrier.close()
                await self._outbox.look()
            return self._resume_at if self._is_pausing else await self._queries.next_mail_at()
        except Refusal as refusal:
            log.warning("mail_paused", error=refusal.message)
        except Exception:
            log.exception("mail_failed")
        finally:
            self._carrier.hang_up()
        return self._clock.now() + STORAGE_PAUSE_MS

    async def _next(self) -> Mail | None:
        """What is due now and goes first."""
        urgent_first = self._urgent_in_a_row < URGENT_IN_A_ROW
        due = await self._queries.due_mails(self._clock.now(), limit=1, urgent_first=urgent_first)
        if not due:
            return None
        self._urgent_in_a_row = 0 if due[0].deadline is None else self._urgent_in_a_row + 1
        return due[0]

    @property
    def _is_pausing(self) -> bool:
        return self._clock.now() < self._resume_at

    async def _send(self, mail: Mail) -> bool:
        """Send one over the connection that there is, or a new one; return whether the server was there."""
        try:
            await self._carrier.connect()
            await self._note(await self._outcome(mail))
        except ServerTrouble as trouble:
            await self._server_failed(trouble)
            return False
        return True

    async def _outcome(self, mail: Mail) -> MailRecord:
        """Try to send one; return what came of it.

        :raises ServerTrouble: when it is not the mail that is to blame.
        """
        try:
            letter = await self._letters.compose(mail)
        except NothingToTell as why:
            return self._settled(mail, MailState.DROPPED, reason=str(why))
        except Exception as error:  # noqa: BLE001 - whatever it is, the others can go.
            # What a template asks for in vain is the template's word, and nobody's data.
            reason = f"{told(error)}: {error.message}" if isinstance(error, TemplateError) else told(error)
            return self._not_taken(mail, reason)
        try:
            await self._carrier.deliver(letter)
        except NotTaken as why:
            self._troubles = 0
            return self._not_taken(mail, str(why), for_good=why.for_good)
        self._troubles = 0
        self._outbox.statistics.sent += 1
        log.info("mail_sent", mail=mail.id, tries=mail.tries)
        return self._settled(mail, MailState.SENT)

    def _not_taken(self, mail: Mail, reason: str, *, for_good: bool = False) -> MailRecord:
        self._outbox.statistics.failed += 1
        now, tries = self._clock.now(), mail.tries + 1
        is_over = for_good or now - mail.since >= self._give_up_ms
        log.warning("mail_not_sent", mail=mail.id, reason=reason, tries=tries, is_dead=is_over)
        if is_over:
            return self._settled(mail, MailState.DEAD, tries=tries, reason=reason)
        return MailPutOff(id=mail.id, tries=tries, due_at=now + self._pauses.after(tries), reason=reason)

    def _settled(
        self, mail: Mail, state: MailState, *, tries: int | None = None, reason: str | None = None
    ) -> MailSettled:
        tries = mail.tries if tries is None else tries
        return MailSettled(id=mail.id, state=state, at=self._clock.now(), tries=tries, reason=reason)

    async def _server_failed(self, trouble: ServerTrouble) -> None:
        """Leave the server alone for a while, and give up what has waited for too long."""
        self._outbox.statistics.failed += 1
        self._troubles += 1
        now, pause_ms = self._clock.now(), self._pauses.after(self._troubles)
        self._resume_at = now + pause_ms
        log.warning("mail_server_failed", reason=str(trouble), pause_seconds=pause_ms / 1_000)
        await self._note(MailsGivenUp(since_before=now - self._give_up_ms, at=now, reason=str(trouble)))

    async def _note(self, record: MailRecord) -> None:
        """Write down what came of a mail. While that fails no other is sent: nobody would know that it was.

        :raises Unavailable: when the service is stopping.
        """
        while True:
            try:
                await write_entry(self._journal, Entry(records=[record]))
            except Refusal as refusal:
                if self._draining or isinstance(refusal, Draining):
                    raise
                log.warning("mail_not_noted", error=refusal.message)
                self._wake.clear()
                await self._wake.wait_until(self._clock.now() + STORAGE_PAUSE_MS)
            else:
                return
