"""New databases, without the work of making each."""

from contextlib import closing
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from actor_ticketing.persistence.connections import connect_to_write
from actor_ticketing.persistence.schema import migrate
from support.vaults import VAULT


def new_database(path: Path) -> Path:
    """Put the database there that a first start would make, unless there is one. Returns the path.

    Migrating an empty one waits for the disk a dozen times, which takes longer than most tests.
    """
    if not path.exists():
        path.write_bytes(_empty())
    return path


@cache
def _empty() -> bytes:
    with TemporaryDirectory() as directory:
        path = Path(directory) / "empty.db"
        with closing(connect_to_write(path)) as connection:
            migrate(connection, VAULT)
        return path.read_bytes()
