"""What the service is made of, before anything runs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog

from actor_ticketing.accounts.service import Accounts
from actor_ticketing.actors.analytics import Analytics
from actor_ticketing.actors.answers import KeptAnswers
from actor_ticketing.actors.board import Board
from actor_ticketing.actors.box_office import BoxOffice
from actor_ticketing.actors.committed import Committed
from actor_ticketing.actors.desk import Desk
from actor_ticketing.actors.door import Door
from actor_ticketing.actors.help_desk import HelpDesk
from actor_ticketing.actors.holders import Holders
from actor_ticketing.actors.housekeeping import Housekeeping
from actor_ticketing.actors.privacy import DAY_MS, Privacy
from actor_ticketing.actors.reports import Reports
from actor_ticketing.actors.roster import Roster
from actor_ticketing.actors.statistics import Statistics
from actor_ticketing.actors.sweep import Sweeper
from actor_ticketing.clock import Clock
from actor_ticketing.config import Settings
from actor_ticketing.config.sections import HoldSettings
from actor_ticketing.domain.archives import LedgerArchives
from actor_ticketing.domain.asking import requests_of
from actor_ticketing.domain.extensions import ExtensionRules
from actor_ticketing.domain.ids import Entropy
from actor_ticketing.domain.mail import MailKind
from actor_ticketing.domain.policies import HoldPolicy, Policies
from actor_ticketing.domain.ports import CatalogueRecord, CommitFailed, Entry, Queries, Store
from actor_ticketing.hooks import Hooks
from actor_ticketing.http.live.hub import Hub
from actor_ticketing.notifications.contacts import Contacts, KnownContacts
from actor_ticketing.notifications.notices import Notices
from actor_ticketing.notifications.outbox import Outbox
from actor_ticketing.persistence.journal import GroupCommitJournal
from actor_ticketing.webhooks.service import Webhooks

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Storage:
    """The two sides of a store.

    :ivar archives: makes the files that the ledger's beginning can go into; None: it cannot.
    """

    store: Store
    queries: Queries
    archives: LedgerArchives | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Heart:
    """What decides, and what makes decisions durable and known.

    :ivar known_contacts: who can be written to.
    :ivar notices: what is told by mail; None when mail is off.
    """

    board: Board
    statistics: Statistics
    committed: Committed
    journal: GroupCommitJournal
    roster: Roster
    desk: Desk
    policies: Policies
    known_contacts: KnownContacts
    notices: Notices | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What stands around it, one for each thing that somebody may want."""

    accounts: Accounts
    analytics: Analytics
    answers: KeptAnswers
    box_office: BoxOffice
    door: Door
    help_desk: HelpDesk
    housekeeping: Housekeeping
    hub: Hub
    outbox: Outbox
    privacy: Privacy
    reports: Reports
    sweeper: Sweeper
    webhooks: Webhooks


def policies_of(settings: Settings) -> Policies:
    """The rules an operator has set, in ms."""
    hold = HoldPolicy(
        default_ms=round(settings.holds.default_minutes * 60_000),
        min_ms=round(settings.holds.min_seconds * 1_000),
        max_ms=round(settings.holds.max_minutes * 60_000),
        max_quantity=settings.holds.max_quantity,
    )
    extension = ExtensionRules(
        policy=settings.extensions.policy,
        max_count=settings.extensions.max_count,
        max_total_ms=round(settings.extensions.max_total_minutes * 60_000),
        hold_ms=hold.default_ms,
        hold_ms_max=hold.max_ms,
        wait_ms=round(settings.extensions.waiting_minutes * 60_000),
    )
    return Policies(hold=hold, extension=extension)


def _holders_of(holds: HoldSettings) -> Holders:
    return Holders(
        max_per_session=holds.max_active_per_session,
        max_per_user=holds.max_active_per_user,
        max_per_address=holds.max_active_per_address,
    )


def heart_of(
    storage: Storage,
    catalogue: CatalogueRecord,
    settings: Settings,
    clock: Clock,
    entropy: Entropy,
    on_fatal: Callable[[BaseException], None],
    hooks: Hooks,
) -> Heart:
    """Make the heart, with the catalogue on its board."""
    policies, statistics = policies_of(settings), Statistics()
    board = Board(_holders_of(settings.holds))
    board.recover(catalogue)
    committed = Committed(board, statistics, clock)
    known_contacts, mail = KnownContacts(), settings.mail
    notices = Notices([MailKind(each) for each in mail.send], known_contacts.has_address) if mail.enabled else None

    def storage_failed(entries: Sequence[Entry], error: CommitFailed) -> None:
        level = log.critical if error.is_bug else log.error
        level(
            "commit_failed",
            error=str(error),
            entries=len(entries),
            is_bug=error.is_bug,
            request_ids=requests_of(entries),
        )
        roster.rebuild({each for entry in entries for each in entry.ticket_type_ids})
        desk.storage_failed()

    journal = GroupCommitJournal(
        hooks.around_store(storage.store),
        seq=board.seq,
        on_commit=committed,
        on_failure=storage_failed,
        on_unknown=on_fatal,
        commit_interval_ms=settings.storage.commit_interval_ms,
        notices_of=notices,
    )
    limit = settings.actors.mailbox_limit
    roster = Roster(
        journal=journal,
        queries=storage.queries,
        clock=clock,
        policies=policies,
        mailbox_limit=limit,
        live=board.live.by_id,
        actor=hooks.actor,
    )
    desk = Desk(board=board, roster=roster, journal=journal, clock=clock, entropy=entropy)
    return Heart(
        board=board,
        statistics=statistics,
        committed=committed,
        journal=journal,
        roster=roster,
        desk=desk,
        policies=policies,
        known_contacts=known_contacts,
        notices=notices,
    )


def parts_of(heart: Heart, queries: Queries, settings: Settings, clock: Clock, entropy: Entropy) -> Parts:
    """Make what stands around a heart."""
    board, journal, roster = heart.board, heart.journal, heart.roster
    hub = Hub(
        board=board,
        clock=clock,
        queries=queries,
        settings=settings.websocket,
        warn_seconds=settings.holds.warn_seconds,
        limits_frequency=settings.rate_limit.enabled,
    )
    webhooks = Webhooks(
        settings=settings.webhooks, board=board, journal=journal, queries=queries, clock=clock, entropy=entropy
    )
    heart.committed.subscribers += [hub, webhooks.couriers]
    contacts = Contacts(known=heart.known_contacts, journal=journal, queries=queries, clock=clock)
    return Parts(
        accounts=Accounts(
            journal=journal,
            queries=queries,
            clock=clock,
            entropy=entropy,
            refresh_ms=round(settings.accounts.refresh_days * 24 * 60 * 60 * 1_000),
            min_password_length=settings.accounts.min_password_length,
        ),
        analytics=Analytics(board=board, queries=queries),
        answers=KeptAnswers(journal=journal, queries=queries, clock=clock),
        box_office=BoxOffice(
            board=board,
            roster=roster,
            journal=journal,
            queries=queries,
            clock=clock,
            policies=heart.policies,
            entropy=entropy,
        ),
        door=Door(board=board, journal=journal, queries=queries, clock=clock),
        help_desk=HelpDesk(roster=roster, queries=queries, clock=clock),
        housekeeping=Housekeeping(
            journal=journal, queries=queries, clock=clock, mail_kept_ms=settings.mail.keep_days * DAY_MS
        ),
        hub=hub,
        outbox=Outbox(
            journal=journal, queries=queries, clock=clock, contacts=None if heart.notices is None else contacts
        ),
        privacy=Privacy(journal=journal, queries=queries, clock=clock),
        reports=Reports(board=board, queries=queries),
        sweeper=Sweeper(roster=roster, queries=queries, clock=clock, statistics=heart.statistics),
        webhooks=webhooks,
    )
