"""The live holds as committed: by id, and by whose they are."""

from collections.abc import Iterable, Mapping

from actor_ticketing.domain.reservation import Owner, Reservation

_Ids = str | set[str]
"""Nearly every session has one hold, and then needs no set."""


class LiveHolds:
    """The reservations that are ACTIVE. Whose they are is not asked of the disk: an index by session is in no order in
    which rows come, so every reservation would cost a page of it.

    :ivar by_id: all of them.
    """

    __slots__ = ("_of_session", "_of_user", "by_id")

    def __init__(self) -> None:
        self.by_id: dict[str, Reservation] = {}
        self._of_session: dict[str, _Ids] = {}
        self._of_user: dict[str, _Ids] = {}

    def add(self, hold: Reservation) -> None:
        """Note a new hold."""
        self.by_id[hold.id] = hold
        _add(self._of_session, hold.session_id, hold.id)
        if hold.user_id is not None:
            _add(self._of_user, hold.user_id, hold.id)

    def recover(self, holds: Mapping[str, Reservation]) -> None:
        """Note the holds of one ticket type, of which there may be a million."""
        self.by_id.update(holds)
        of_session = self._of_session
        for hold in holds.values():
            if of_session.setdefault(hold.session_id, hold.id) is not hold.id:
                _add(of_session, hold.session_id, hold.id)
            if hold.user_id is not None:
                _add(self._of_user, hold.user_id, hold.id)

    def replace(self, hold: Reservation) -> None:
        """Note that a hold has another deadline."""
        self.by_id[hold.id] = hold

    def adopt(self, hold: Reservation) -> None:
        """Note that a hold which was no user's now is."""
        assert hold.user_id is not None  # noqa: S101 - that is what an adoption says.
        self.by_id[hold.id] = hold
        _add(self._of_user, hold.user_id, hold.id)

    def remove(self, hold: Reservation) -> None:
        """Note that a hold has ended."""
        del self.by_id[hold.id]
        _remove(self._of_session, hold.session_id, hold.id)
        if hold.user_id is not None:
            _remove(self._of_user, hold.user_id, hold.id)

    def of(self, owner: Owner, now: int) -> list[Reservation]:
        """The owner's holds that are not overdue, oldest first: the session's if there is one, else the user's."""
        if owner.session_id is not None:
            ids = self._of_session.get(owner.session_id, ())
        else:
            ids = self._of_user.get(owner.user_id or "", ())
        holds = (hold for each in _each(ids) if not (hold := self.by_id[each]).is_overdue(now))
        return sorted(holds, key=lambda hold: (hold.reserved_at, hold.id))


def _add(index: dict[str, _Ids], holder: str, reservation_id: str) -> None:
    present = index.get(holder)
    if present is None:
        index[holder] = reservation_id
    elif isinstance(present, str):
        index[holder] = {present, reservation_id}
    else:
        present.add(reservation_id)


def _remove(index: dict[str, _Ids], holder: str, reservation_id: str) -> None:
    present = index[holder]
    if isinstance(present, str):
        del index[holder]
        return
    present.discard(reservation_id)
    if len(present) == 1:
        index[holder] = present.pop()


def _each(ids: _Ids | tuple[()]) -> Iterable[str]:
    return (ids,) if isinstance(ids, str) else ids
