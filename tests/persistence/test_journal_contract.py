"""What the actors may rely on, whichever store is behind the journal."""

import asyncio
from typing import TYPE_CHECKING

import pytest

from actor_ticketing.domain.errors import Draining, StorageUnavailable
from actor_ticketing.domain.ports import CommitUnknown, Entry
from actor_ticketing.domain.reservation import ReservationStatus
from actor_ticketing.persistence import journal
from actor_ticketing.persistence.journal import BATCH_MAX
from support.history import NOW, Shop, answer_kept, event_listed, type_listed
from support.service import eventually, turns

if TYPE_CHECKING:
    from conftest import Books


@pytest.fixture
async def shop(books: "Books") -> Shop:
    """The ticket type `tt`, listed, with nothing logged yet."""
    await books.write(event_listed(), type_listed(total=1_000_000))
    books.log.clear()
    books.store.batches.clear()
    return Shop(total=1_000_000)


async def test_entries_are_numbered_without_a_gap_and_committed_in_the_order_appended(
    books: "Books", shop: Shop
) -> None:
    entries = [shop.reserve() for _ in range(20)]
    await books.write(*entries)
    assert books.named("committed") == entries
    assert [entry.last_seq for entry in entries] == list(range(3, 23))
    assert books.journal.committed_seq == (await books.queries.catalogue()).seq == 22


async def test_an_entry_of_several_events_is_numbered_by_its_first_and_last(books: "Books", shop: Shop) -> None:
    one, other = shop.reserve(), shop.reserve()
    both = Entry(events=[*one.events, *other.events], counters=other.counters, ticket_type_ids=["tt"])
    behind = shop.reserve()
    await books.write(both, behind)
    assert (both.first_seq, both.last_seq, behind.first_seq) == (3, 4, 5)


async def test_what_is_appended_while_a_batch_is_syncing_goes_into_the_next_together(
    books: "Books", shop: Shop
) -> None:
    books.store.hold()
    first = shop.reserve()
    books.append(first)
    await eventually(lambda: books.store.committing == 1)
    behind = [shop.reserve() for _ in range(5)]
    books.append(*behind)
    assert books.journal.pending == 6
    books.store.release()
    await books.journal.settled()
    assert books.store.batches == [[first], behind]


async def test_a_batch_has_a_greatest_size(books: "Books", shop: Shop) -> None:
    entries = [shop.reserve() for _ in range(BATCH_MAX + 1)]
    await books.write(*entries)
    assert [len(batch) for batch in books.store.batches] == [BATCH_MAX, 1]


async def test_everybody_hears_of_a_commit_before_its_own_callback(books: "Books", shop: Shop) -> None:
    one, other = shop.reserve(), shop.reserve()
    await books.write(one, other)
    heard = [(name, entry) for name, entry in books.log if entry in (one, other)]
    assert heard == [("on_commit", one), ("on_commit", other), ("committed", one), ("committed", other)]


async def test_nothing_is_called_before_the_commit(books: "Books", shop: Shop) -> None:
    books.store.hold()
    books.append(shop.reserve())
    await eventually(lambda: books.store.committing == 1)
    await turns()
    assert books.log == []
    assert (await books.queries.status_counts()) == {}
    books.store.release()
    await books.journal.settled()
    assert (await books.queries.status_counts()) == {ReservationStatus.ACTIVE: 1}


async def test_an_entry_that_only_waits_is_settled_in_its_place_and_writes_nothing(books: "Books", shop: Shop) -> None:
    before, waits, after = shop.reserve(), Entry(), shop.reserve()
    books.append(before, waits, after)
    await books.journal.settled()
    assert books.named("committed") == [before, waits, after]
    assert waits.last_seq == before.last_seq
    books.store.batches.clear()
    await books.write(Entry())
    assert books.store.batches == []


async def test_settled_waits_for_all_that_was_appended_and_for_nothing_later(books: "Books", shop: Shop) -> None:
    await books.journal.settled()
    books.store.hold()
    books.append(shop.reserve())
    settled = asyncio.create_task(books.journal.settled())
    await turns()
    assert not settled.done()
    books.store.release()
    await settled
    assert len(books.named("committed")) == 1


async def test_settled_is_not_kept_waiting_by_a_failure(books: "Books", shop: Shop) -> None:
    books.store.fail_next()
    await books.write(shop.reserve())
    assert books.journal.pending == 0


async def test_a_waiter_that_gives_up_on_settled_disturbs_nobody(books: "Books", shop: Shop) -> None:
    books.store.hold()
    entry = shop.reserve()
    books.append(entry)
    settled = asyncio.create_task(books.journal.settled())
    await turns()
    settled.cancel()
    await turns()
    books.store.release()
    await books.journal.settled()
    assert books.named("committed") == [entry]


async def test_closing_commits_what_is_queued_and_then_refuses(books: "Books", shop: Shop) -> None:
    books.store.hold()
    entries = [shop.reserve() for _ in range(3)]
    books.append(entries[0])
    await eventually(lambda: books.store.committing == 1)
    books.append(*entries[1:])
    closing = asyncio.create_task(books.journal.close())
    await turns()
    with pytest.raises(Draining):
        books.append(shop.reserve())
    books.store.release()
    await closing
    assert books.named("committed") == entries
    with pytest.raises(Draining):
        books.append(shop.reserve())


async def test_a_failure_fails_the_batch_and_all_behind_it_and_says_so_to_all_at_once_first(
    books: "Books", shop: Shop
) -> None:
    books.store.hold()
    entries = [shop.reserve(), Entry(), shop.reserve(), answer_kept("k")]
    books.append(entries[0])
    await eventually(lambda: books.store.committing == 1)
    books.append(*entries[1:])
    books.store.fail_next()
    books.store.release()
    await eventually(lambda: not books.journal.pending)
    assert [name for name, _ in books.log] == ["on_failure"] + ["failed"] * 4
    assert books.named("on_failure")[0][0] == entries
    assert [entry for entry, _ in books.named("failed")] == entries
    assert {type(error) for _, error in books.named("failed")} == {StorageUnavailable}


async def test_after_a_failure_the_numbers_go_on_without_a_gap(books: "Books", shop: Shop) -> None:
    await books.write(shop.reserve())
    books.store.fail_next()
    await books.write(Shop().reserve())
    entry = shop.reserve()
    await books.write(entry)
    assert entry.last_seq == books.journal.committed_seq == (await books.queries.catalogue()).seq == 4


async def test_what_is_appended_while_a_failure_is_told_is_numbered_anew_and_committed(
    books: "Books", shop: Shop
) -> None:
    again = shop.reserve()
    failing = answer_kept("k")
    failing.on_settled = lambda _: books.append(again)
    books.store.fail_next()
    books.journal.append(failing)
    await eventually(lambda: books.named("committed") == [again])
    assert again.last_seq == 3


async def test_an_unknown_outcome_is_told_to_nobody_and_ends_the_writer(books: "Books", shop: Shop) -> None:
    books.store.fail_next(unknown := CommitUnknown("disk I/O error"))
    books.append(shop.reserve(), shop.reserve())
    await eventually(lambda: bool(books.ends))
    books.append(shop.reserve())
    await turns()
    assert (books.ends, books.log) == ([unknown], [])
    with pytest.raises(CommitUnknown):
        await books.journal.close()
    books.journal._task = None


async def test_an_unknown_outcome_that_cannot_be_logged_ends_the_writer_too(books: "Books", shop: Shop) -> None:
    books.store.fail_next(unknown := CommitUnknown("disk I/O error"))
    entry = shop.reserve()
    entry.asked_by = lambda: {}["defect"]
    books.journal.append(entry)
    await eventually(lambda: bool(books.ends))
    assert books.ends == [unknown]
    with pytest.raises(KeyError):
        await books.journal.close()
    books.journal._task = None


async def test_a_slow_commit_that_cannot_be_logged_is_a_commit(
    books: "Books", shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "SLOW_MS", -1)
    entry = shop.reserve()
    entry.asked_by = lambda: {}["defect"]
    await books.write(entry)
    assert (books.named("committed"), books.ends) == ([entry], [])


async def test_a_callback_with_a_defect_ends_the_writer_too(books: "Books", shop: Shop) -> None:
    entry = shop.reserve()
    entry.on_settled = lambda _: {}["defect"]
    books.journal.append(entry)
    await eventually(lambda: bool(books.ends))
    assert isinstance(books.ends[0], KeyError)
    with pytest.raises(KeyError):
        await books.journal.close()
    books.journal._task = None


async def test_counters_are_those_of_the_last_entry_in_the_batch_not_of_now(books: "Books", shop: Shop) -> None:
    books.store.hold()
    first = shop.reserve(1)
    first.on_settled = lambda _: books.store.hold()  # So that the second batch waits again.
    books.journal.append(first)
    await eventually(lambda: books.store.committing == 1)
    books.append(shop.reserve(2), shop.reserve(3))
    books.store.release()
    await eventually(lambda: len(books.store.batches) == 1)
    assert (await books.queries.catalogue()).counters["tt"].reserved == 1
    books.store.release()
    await books.journal.settled()
    assert (await books.queries.catalogue()).counters["tt"].reserved == 6


async def test_a_hold_can_be_made_moved_and_settled_in_one_batch(books: "Books", shop: Shop) -> None:
    made = shop.reserve(2)
    held = shop.reservation
    await books.write(made, shop.extend(held), shop.buy(shop.reservation), shop.reserve(1))
    assert len(books.store.batches) == 1
    counters = (await books.queries.catalogue()).counters["tt"]
    assert (counters.sold, counters.reserved) == (2, 1)
    record = await books.queries.reservation(held.id)
    assert record.reservation.status is ReservationStatus.CONVERTED
    assert len(record.tickets) == 2


async def test_an_answer_is_kept_with_its_effect_or_not_at_all(books: "Books", shop: Shop) -> None:
    entry = shop.reserve()
    entry.answer = answer_kept("k").answer
    books.store.fail_next()
    await books.write(entry)
    assert await books.queries.answer(b"caller", "k") is None
    await books.write(entry)
    assert await books.queries.answer(b"caller", "k") == entry.kept_answer
    assert await books.queries.answer(b"another caller", "k") is None


async def test_a_kept_answer_makes_room_for_the_next_under_its_key(books: "Books") -> None:
    await books.write(answer_kept("k", body=b"old"))
    await books.write(answer_kept("k", body=b"new", created_at=NOW + 1))
    assert (await books.queries.answer(b"caller", "k")).body == b"new"


async def test_answers_older_than_asked_are_forgotten(books: "Books") -> None:
    await books.write(answer_kept("old", created_at=NOW - 1), answer_kept("young"))
    await books.write(Entry(forget_answers_before=NOW))
    assert await books.queries.answer(b"caller", "old") is None
    assert await books.queries.answer(b"caller", "young") is not None
