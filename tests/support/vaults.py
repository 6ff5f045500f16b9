"""A vault as tests use it."""

from actor_ticketing.vault import DataKey, Vault

VAULT = Vault([DataKey("test", b"a data key of these tests, 32 B.")])
