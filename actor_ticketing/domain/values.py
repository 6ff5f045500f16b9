"""Value objects: what commands, events and records are made of."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar, dataclass_transform

T = TypeVar("T")

if TYPE_CHECKING:

    @dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field,))
    def value(cls: type[T]) -> type[T]:
        """Make a dataclass with slots and keyword arguments only, whose fields are never assigned again.

        It is the type checker that forbids the assignment. Python's own frozen dataclasses forbid it at run time, by a
        call for each field of each object made, which is a tenth of what a reservation costs (``docs/performance.md``).
        """

else:
    value = dataclass(slots=True, kw_only=True, unsafe_hash=True)
