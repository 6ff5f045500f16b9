from support.web_fixtures import overrides, settings

__all__ = ["overrides", "settings"]
