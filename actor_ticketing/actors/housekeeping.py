"""The dropping of what has outlived its use: kept answers after their day, refresh tokens that have ended, old mail."""

from actor_ticketing.actors.journaling import write_entry
from actor_ticketing.actors.periodic import pause
from actor_ticketing.clock import Clock
from actor_ticketing.domain.accounts import RefreshTokensForgotten
from actor_ticketing.domain.mail import MailsForgotten
from actor_ticketing.domain.ports import ANSWERS_KEPT_MS, Entry, Journal, Queries

PAUSE_MS = 100
"""Between two portions, so that sales get most of the writer's time."""


class Housekeeping:
    """Asks whether there is anything to drop, and has the one writer drop it, a portion at a time."""

    def __init__(self, *, journal: Journal, queries: Queries, clock: Clock, mail_kept_ms: int) -> None:
        self._journal = journal
        self._queries = queries
        self._clock = clock
        self._mail_kept_ms = mail_kept_ms

    async def tidy(self) -> None:
        """Drop all that has outlived its use until now.

        :raises Unavailable: when it could not be read or stored. What has been dropped until then is gone.
        """
        now = self._clock.now()
        answers_before = now - ANSWERS_KEPT_MS
        while await self._queries.has_outlived(answers_before=answers_before, tokens_before=now):
            await write_entry(
                self._journal,
                Entry(
                    forget_answers_before=answers_before,
                    records=[RefreshTokensForgotten(expired_before=now)],
                ),
            )
            await pause(self._clock, PAUSE_MS)
        mail_before = now - self._mail_kept_ms
        while await self._queries.has_outlived_mail(mail_before):
            await write_entry(self._journal, Entry(records=[MailsForgotten(before=mail_before)]))
            await pause(self._clock, PAUSE_MS)
