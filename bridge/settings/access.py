"""Settings of who may call."""

from pydantic import BaseModel, Field


class Access(BaseModel):
    """Callers."""

    allow_anonymous_callers: bool = Field(
        default=False,
        description="Listen beyond loopback although anyone who connects can then spend the bridge's own credential.",
    )
