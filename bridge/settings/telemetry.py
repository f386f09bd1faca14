"""Settings of what is told about the calls."""

from typing import Literal

from pydantic import BaseModel, Field


class Telemetry(BaseModel):
    """Telemetry."""

    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least level that is logged.")
    log_format: Literal["auto", "json", "console"] = Field(
        "auto", description="JSON lines or readable ones; auto means readable on a terminal."
    )
