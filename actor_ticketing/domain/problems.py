"""What went wrong at the hands of an operator."""


class Problem(Exception):
    """What an operator can mend: the command line shows the message, a sentence, and no traceback."""
