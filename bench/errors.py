"""What can go wrong."""


class BenchError(Exception):
    """The run is worth nothing. The message says why."""
