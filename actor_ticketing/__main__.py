"""``python -m actor_ticketing`` is the same as ``actor-ticketing``."""

from actor_ticketing.cli import main

if __name__ == "__main__":
    main()
