"""What is measured. A scenario is a module with ``run``; :data:`SCENARIOS` lists them in the order they are run."""

from collections.abc import Callable

from bench.plan import Plan, Watcher
from bench.results import Result
from bench.scenarios import (
    availability,
    bulk,
    emf,
    hot,
    life,
    limits,
    memory,
    report,
    scaling,
    sellout,
    startup,
    storm,
    types,
    watchers,
)

SCENARIOS: dict[str, Callable[[Plan, Watcher], Result]] = {
    "hot": hot.run,
    "types": types.run,
    "limits": limits.run,
    "sellout": sellout.run,
    "availability": availability.run,
    "life": life.run,
    "bulk": bulk.run,
    "watchers": watchers.run,
    "emf": emf.run,
    "storm": storm.run,
    "scaling": scaling.run,
    "startup": startup.run,
    "memory": memory.run,
    "report": report.run,
}
