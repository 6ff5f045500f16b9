from support.web_fixtures import api, open_api, overrides, settings

__all__ = ["api", "open_api", "overrides", "settings"]
