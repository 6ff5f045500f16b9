"""The rules of an inventory said as simply as they can be: a list of dicts, and everything recomputed by looking."""

from collections.abc import Iterable
from typing import Any

from actor_ticketing.domain.errors import (
    ExtensionLimitReached,
    Forbidden,
    Invalid,
    NotEnoughTickets,
    NotFound,
    ReservationExpired,
    SalesPaused,
    TotalTooLow,
)
from actor_ticketing.domain.inventory import Contended

Refused = type[Exception] | None
Row = dict[str, Any]


class NaiveModel:
    """What an :class:`Inventory` ought to be. Slow, and hard to get wrong."""

    def __init__(
        self, total: int, *, price: int, max_quantity: int, max_extensions: int, max_length: int, wait: int
    ) -> None:
        self.total = total
        self.price = price
        self.max_quantity = max_quantity
        self.max_extensions = max_extensions
        self.max_length = max_length
        self.wait = wait
        self.policy: str | None = None
        self.paused = False
        self.rows: list[Row] = []
        self.stock_claims: list[int] = []
        self.claimed: list[str] = []

    # Looking

    def active(self) -> list[Row]:
        """The rows that hold stock."""
        return [row for row in self.rows if row["status"] == "ACTIVE"]

    def sold(self) -> int:
        """Everything that was ever converted."""
        return sum(row["quantity"] for row in self.rows if row["status"] == "CONVERTED")

    def reserved(self) -> int:
        """Everything that is held."""
        return sum(row["quantity"] for row in self.active())

    def tentative(self) -> int:
        """Everything that is claimed and not held yet."""
        return sum(self.stock_claims)

    def available(self) -> int:
        """The rest."""
        return self.total - self.sold() - self.reserved()

    def next_deadline(self) -> int | None:
        """The smallest deadline of all holds."""
        return min((row["expires_at"] for row in self.active()), default=None)

    def row(self, reservation_id: str) -> Row:
        """The one row of a reservation."""
        [row] = [row for row in self.rows if row["id"] == reservation_id]
        return row

    def due(self, now: int, *, limit: int, freeing: int | None) -> list[str]:
        """The ids of what an expiry would release, in its order."""
        overdue = [row for row in self.active() if row["expires_at"] <= now and row["id"] not in self.claimed]
        overdue.sort(key=lambda row: (row["expires_at"], row["id"]))
        ids: list[str] = []
        freed = 0
        for row in overdue:
            if len(ids) == limit or (freeing is not None and freed >= freeing):
                break
            ids.append(row["id"])
            freed += row["quantity"]
        return ids

    # Refusing

    def refuses_reserve(self, quantities: Iterable[int], now: int) -> Refused:
        """Why so many tickets cannot be reserved."""
        asked = sum(quantities)
        if asked > self.max_quantity:
            return Invalid
        if self.paused:
            return SalesPaused
        undecided = [row for row in self.active() if row["id"] in self.claimed and row["expires_at"] <= now]
        if asked > self.available() + sum(row["quantity"] for row in undecided):
            return NotEnoughTickets
        return Contended if asked > self.available() - self.tentative() else None

    def refuses_cancel(self, reservation_id: str, now: int) -> Refused:
        """Why an operator cannot cancel this reservation: as the one whose it is."""
        row = self.row(reservation_id)
        return self.refuses_touch(reservation_id, row["session"], row["user"], now)

    def refuses_touch(self, reservation_id: str, session_id: str | None, user_id: str | None, now: int) -> Refused:
        """Why this caller cannot change this reservation."""
        rows = [row for row in self.active() if row["id"] == reservation_id]
        if not rows:
            return NotFound
        [row] = rows
        proofs = [proof for proof in (("session", session_id), ("user", user_id)) if proof[1] is not None]
        if not any(row[name] == value for name, value in proofs):
            return Forbidden
        if reservation_id in self.claimed:
            return Contended
        return ReservationExpired if row["expires_at"] <= now else None

    def refuses_extend(self, reservation_id: str, additional: int, turned_away_ago: int | None) -> Refused:
        """Why a reservation that the caller may change cannot be extended so far.

        A hold of this model is made for 15 at the most, and for 1 if nobody asks.
        """
        often, long = self.max_extensions, self.max_length
        if self.policy == "accessible":
            often, long = 10, 15 + 10
        if self.policy == "demand_aware" and self.available() < self.total / 2:
            often, long = -(-often // 2), long // 2
        waits = turned_away_ago is not None and turned_away_ago < self.wait
        if self.policy == "strict" or (self.policy == "demand_aware" and self.available() == 0 < self.total and waits):
            return ExtensionLimitReached
        row = self.row(reservation_id)
        too_often = row["extensions"] >= often
        too_long = row["expires_at"] + additional > row["reserved_at"] + long
        return ExtensionLimitReached if too_often or too_long else None

    def refuses_convert(self, reservation_id: str, holders: int) -> Refused:
        """Why a reservation that the caller may change cannot be bought."""
        return None if holders == self.row(reservation_id)["quantity"] else Invalid

    def refuses_total(self, total: int) -> Refused:
        """Why there cannot be so few tickets."""
        if total < self.sold() + self.reserved():
            return TotalTooLow
        return Contended if total < self.sold() + self.reserved() + self.tentative() else None

    # Changing

    def add(self, reservation_id: str, quantity: int, holder: tuple[str, str | None], now: int, length: int) -> None:
        """A reservation is made."""
        self.rows.append(
            {
                "id": reservation_id,
                "quantity": quantity,
                "session": holder[0],
                "user": holder[1],
                "price": self.price,
                "reserved_at": now,
                "expires_at": now + length,
                "extensions": 0,
                "status": "ACTIVE",
            }
        )

    def extend(self, reservation_id: str, additional: int) -> None:
        """A deadline moves."""
        row = self.row(reservation_id)
        row["expires_at"] += additional
        row["extensions"] += 1

    def adoptable(self, ids: Iterable[str], session_id: str, now: int) -> list[str]:
        """Those of the reservations that a user of the session can still take over."""
        return [
            row["id"]
            for row in self.active()
            if row["id"] in ids and row["session"] == session_id and row["user"] is None and row["expires_at"] > now
        ]

    def refuses_adopt(self, ids: Iterable[str]) -> Refused:
        """Why these cannot be taken over at present."""
        return Contended if set(ids) & set(self.claimed) else None

    def restart(self, now: int) -> None:
        """What is from the future begins anew."""
        for row in self.active():
            if row["reserved_at"] > now:
                length = row["expires_at"] - row["reserved_at"]
                row["reserved_at"], row["expires_at"] = now, now + length

    def settle(self, reservation_id: str, status: str) -> None:
        """A reservation reaches its end."""
        self.row(reservation_id)["status"] = status
