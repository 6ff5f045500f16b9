"""A ticket-hold engine: one actor per ticket type, holds that expire when due, write-through to SQLite."""

__version__ = "0.1.0"
