"""The bridge's settings: one frozen object, read from flags, then `AIBRIDGE_*` variables, then a TOML file."""

from bridge.settings.model import Settings
from bridge.settings.sources import forget_secrets, load
from bridge.settings.upstream import GATEWAY
from bridge.settings.values import SettingsError

__all__ = ["GATEWAY", "Settings", "SettingsError", "forget_secrets", "load"]
