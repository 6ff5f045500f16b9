"""What several scenarios send, and look at before they begin."""

from bench import catalogues
from bench.asking import ask
from bench.contenders import Server
from bench.contenders.ours import buyer_token
from bench.errors import BenchError
from bench.generators.witness import Witness
from bench.stage import Stage

RESERVATIONS = "/api/public/reservations"


def reserve_one(server: Server, ticket_type_id: str, quantity: int = 1) -> bytes:
    """Make one reservation, and return the answer as it came.

    :raises BenchError: when it is refused.
    """
    return post_one(server, catalogues.encoded(catalogues.reservation(ticket_type_id, quantity)), 201)


def post_one(server: Server, body: str, expected: int) -> bytes:
    """Send one request to the reservations, and return the answer as it came.

    :raises BenchError: when it has another status than was expected.
    """
    status, answer = ask(server.address + RESERVATIONS, body)
    if status != expected:
        excerpt = answer[:300].decode(errors="replace")
        raise BenchError(f"{server.name} answered a reservation with {status} instead of {expected}: {excerpt}")
    return answer


def witness(stage: Stage, ours: Server, *looks_at: str) -> Witness:
    """Have somebody take down what they are answered, while the load goes on."""
    return Witness(ours.address, looks_at, buyer_token("witness"), stage.cores.generator)
