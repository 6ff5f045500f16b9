"""A buyer who takes down every answer while others make the load, so that a run ends with a proof of its history."""

import http.client
import json
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from bench import catalogues, machine
from bench.catalogues import Type
from bench.errors import BenchError
from bench.history.checker import HistoryRefused, check
from bench.history.ledger import read_ledger
from bench.history.recording import LEDGER_SEQ, Recorder

OWN = Type(id="tt_witness")
"""What a witness buys: the counters of other types are left to the load."""

_PACE_SECONDS = 0.04
_RESERVATIONS = "/api/public/reservations"


class Witness:
    """A thread on the generator's core that buys, cancels and looks at the stock. Use it as a context manager.

    It sends some 25 requests a second, each after the answer to the last one. While a server is stopped, so is it.

    :param looks_at: the ticket types whose stock it looks at, beside its own.
    :param token: a buyer's bearer token.
    """

    def __init__(self, address: str, looks_at: Sequence[str], token: str, core: int | None) -> None:
        parts = urlsplit(address)
        self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port)
        self._looks_at = looks_at
        self._token = token
        self._core = core
        self._recorder = Recorder()
        self._stop = threading.Event()
        self._failed: Exception | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()

    def prove(self, database: Path) -> str:
        """Prove what it has seen so far against the ledger, and return the sentence for the report.

        :raises BenchError: when it cannot be proved, or there is next to nothing to prove.
        """
        self._stop.set()
        self._thread.join()
        self._connection.close()
        if self._failed is not None:
            raise BenchError(f"the witness of the history was not served: {self._failed!r}") from self._failed
        try:
            proof = check(self._recorder.operations(), read_ledger(database))
        except HistoryRefused as refused:
            raise BenchError(f"what a client was told cannot have been so\n{refused}") from refused
        if not (proof.changes and proof.reads):
            raise BenchError("the witness of the history has seen nothing")
        return proof.sentence

    def _run(self) -> None:
        with machine.pinned(self._core):
            try:
                for _ in self._steps():
                    if self._stop.wait(_PACE_SECONDS):
                        return
            except Exception as error:  # noqa: BLE001 - it goes to whoever asks for the proof.
                self._failed = error

    def _steps(self) -> Iterator[None]:
        number = 0
        while True:
            session = catalogues.new_session()
            held = self._send("POST", _RESERVATIONS, {**catalogues.reservation(OWN.id, 2), "sessionId": session})
            path = f"{_RESERVATIONS}/{held['reservation']['id']}"
            yield
            yield from self._look()
            self._send("PATCH", path, {"sessionId": session, "additionalMinutes": 1})
            yield
            number += 1
            if number % 2:
                people = {"buyerInfo": catalogues.PERSON, "ticketHolders": [catalogues.PERSON] * 2}
                self._send("POST", f"{path}/purchase", {"sessionId": session, **people})
            else:
                self._send("DELETE", path, {"sessionId": session})
            yield
            yield from self._look()

    def _look(self) -> Iterator[None]:
        for each in (OWN.id, *self._looks_at):
            self._send("GET", f"/api/public/availability/{each}")
            yield

    def _send(self, method: str, path: str, body: Any = None) -> Any:
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        call = self._recorder.sent(method, path, body)
        self._connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = self._connection.getresponse()
        raw = answer.read()
        self._recorder.answered(call, answer.status, answer.headers[LEDGER_SEQ], raw)
        if answer.status >= 300:
            raise BenchError(f"{method} {path} was answered with {answer.status}: {raw[:300]!r}")
        return json.loads(raw)["data"]
