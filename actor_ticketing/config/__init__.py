from actor_ticketing.config.loading import KEYS, SECRET_KEYS, TABLES, ConfigurationError, load_settings
from actor_ticketing.config.sections import AuthSettings
from actor_ticketing.config.settings import Settings

__all__ = ["KEYS", "SECRET_KEYS", "TABLES", "AuthSettings", "ConfigurationError", "Settings", "load_settings"]
