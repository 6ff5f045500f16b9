"""The change of the data key: a new one is made, everything is sealed with it, and the old one goes."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from actor_ticketing.credentials import add_data_key, keep_first_data_key, read_data_keys
from actor_ticketing.persistence.connections import connect_to_write, rewrite_file
from actor_ticketing.persistence.sealed import RotationError, check_sealed, count_sealed, seal_anew
from actor_ticketing.persistence.upgrade import upgrade
from actor_ticketing.vault import Vault


def rotate_data_key(database: Path, secrets: Path, progress: Callable[[int, int], None]) -> str:
    """Seal everything with a new data key, and forget the others; return the new key's name.

    The new key is stored before anything is sealed with it, and the old ones go when nothing needs them. So it can be
    killed at any point; called again it finishes with the key that it finds first, rather than making another.

    :param database: nobody else has it open for writing.
    :param secrets: the secrets file; whatever else is in it stays.
    :param progress: told how many texts are done, and how many there are.
    :raises VaultError, RotationError: when something does not open with the keys there are. None of them is dropped.
    """
    keys = read_data_keys(secrets)
    if len(keys) < 2:
        keys = add_data_key(secrets)
    vault = Vault(keys)
    with closing(connect_to_write(database)) as connection:
        upgrade(database, connection, vault)
        total, done = count_sealed(connection), 0

        def advance(number: int) -> None:
            nonlocal done
            done += number
            progress(done, total)

        seal_anew(connection, vault, advance)
        proof = check_sealed(connection, Vault(keys[:1]))
        if proof is None or proof.problems:
            raise RotationError(f"the old key is still needed: {proof.problems[0] if proof else 'nothing is sealed'}")
        rewrite_file(connection)
    keep_first_data_key(secrets)
    return vault.kid
