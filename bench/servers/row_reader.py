"""The yardstick of recovery: reads every live hold with Python's sqlite3, and does nothing with it.

Run as a script with a database and the columns, it prints how many rows there were and how many seconds it took.
"""

import sqlite3
import sys
from pathlib import Path
from time import perf_counter


def main() -> None:
    """Open the database, go through the rows, and say how long that took."""
    path, columns = sys.argv[1:]
    start = perf_counter()
    connection = sqlite3.connect(f"{Path(path).absolute().as_uri()}?mode=ro", uri=True)
    number = 0
    for _ in connection.execute(f"SELECT {columns} FROM reservations WHERE status = 'ACTIVE'"):  # noqa: S608
        number += 1
    print(number, perf_counter() - start)


if __name__ == "__main__":
    main()
