"""Long reads give way to the sale."""

from asyncio import sleep

SECONDS_PER_ENTRY = 0.001


async def give_way(entries: int, *, at_most: float) -> None:
    """Rest after a portion of something that can wait: the longer, the more was sold meanwhile.

    While nobody buys, nothing is waited for. In a rush, a portion is followed by so long a rest that the sale keeps
    most of the processor, and of Python's lock.

    :param entries: how many ledger entries were committed during the portion.
    :param at_most: seconds.
    """
    if entries > 0:
        await sleep(min(at_most, entries * SECONDS_PER_ENTRY))
