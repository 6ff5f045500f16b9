"""The whole life of a hold: reserve two tickets, extend, and purchase them, or, one in ten, cancel."""

import json
from contextlib import ExitStack
from pathlib import Path

from bench import catalogues, trials
from bench.books import Books, of_type
from bench.catalogues import Type
from bench.contenders.fastapi import POSTGRES, fastapi_postgres
from bench.contenders.ours import actor_ticketing, buyer_token, database_of
from bench.generators import wrk
from bench.generators.witness import OWN
from bench.generators.wrk import Load, Workload
from bench.plan import Plan, Watcher
from bench.results import Result
from bench.scenarios.common import RESERVATIONS, witness
from bench.stage import set_up
from bench.trials import Trial

WANTED = Type(id="tt_life")
QUANTITY = 2
BUYERS = 100
OF_POSTGRES = 8.0


def run(plan: Plan, watcher: Watcher) -> Result:
    """Measure it."""
    wrk.require()
    with set_up(plan, watcher) as stage, ExitStack() as stack:
        place = stage.place
        catalogue = catalogues.write([WANTED, OWN], place.directory)
        ours = stack.enter_context(actor_ticketing(place, catalogue))
        postgres = stage.enter(stack, POSTGRES, fastapi_postgres(place, catalogue))
        workload = Workload(script="life", path=RESERVATIONS, arguments=_arguments(place.directory))
        sold = Books(of_type(ours, WANTED.id, "sold"), plan.connections, "tickets sold")
        held = Books(of_type(ours, WANTED.id, "reserved"), plan.connections, "tickets still held", falls=True)

        def check(load: Load) -> None:
            counts = load.counts
            sold.check(counts["purchases"], QUANTITY)
            held.check(counts["reservations"] - counts["purchases"] - counts["cancellations"], QUANTITY)

        entries = [Trial(name=ours.name, server=ours, workload=workload, counted="purchases", check=check)]
        if postgres is not None:
            entries.append(Trial(name=postgres.name, server=postgres, workload=workload, counted="purchases"))
        with witness(stage, ours, WANTED.id) as seen:
            rounds = trials.measure(stage, entries)
        return stage.result(
            "life",
            f"reserve {QUANTITY} tickets, extend, purchase; every tenth is cancelled instead",
            conditions=[
                f"wrk with {plan.connections} connections, which take whatever step is due",
                f"signed-in purchases (auth.purchase = required) of {BUYERS} users",
            ],
            ratios=[
                trials.ratio(f"purchases ÷ {each.name}", rounds, ours.name, each.name, target=OF_POSTGRES)
                for each in entries[1:]
            ],
            measured=trials.table(rounds, entries, "purchases"),
            checks=[sold.sentence, held.sentence, seen.prove(database_of(ours))],
            complaints=list(trials.complaints(rounds)),
            raw=trials.raw(rounds),
        )


def _arguments(directory: Path) -> list[str]:
    """What ``life.lua`` wants."""
    tokens = directory / "tokens"
    tokens.write_text("".join(f"{buyer_token(f'buyer-{number}')}\n" for number in range(BUYERS)), encoding="utf-8")
    reserve = catalogues.encoded({"ticketTypeId": WANTED.id, "quantity": QUANTITY})
    people = {"buyerInfo": catalogues.PERSON, "ticketHolders": [catalogues.PERSON] * QUANTITY}
    purchase = json.dumps(people, separators=(",", ":"))
    # Without its opening brace: the session stands before it.
    return [reserve.removeprefix("{"), purchase.removeprefix("{"), str(tokens)]
