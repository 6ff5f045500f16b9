class BenchError(Exception):
    """A run that proves nothing, or cannot take place. The message is a sentence for whoever started it."""


class Unavailable(BenchError):
    """Something outside is missing that a scenario or contender needs; it is left out, and the message says why."""
