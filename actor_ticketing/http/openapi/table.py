"""All operations, by the method and the address of their route."""

from collections.abc import Mapping

from actor_ticketing.http.openapi.admin import CATALOGUE, DESK, FIGURES
from actor_ticketing.http.openapi.holds import HOLDS
from actor_ticketing.http.openapi.operation import Operation
from actor_ticketing.http.openapi.pages import PAGES
from actor_ticketing.http.openapi.public import ACCOUNTS, SHOP
from actor_ticketing.http.openapi.webhooks import WEBHOOKS

OPERATIONS: Mapping[str, Operation] = {**SHOP, **HOLDS, **ACCOUNTS, **CATALOGUE, **DESK, **FIGURES, **WEBHOOKS, **PAGES}
