"""Hypothesis without a clock and, unless asked for, without chance: `HYPOTHESIS_PROFILE=long` looks further."""

import os

from hypothesis import HealthCheck, settings

no_clock = {"deadline": None, "database": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("aibridge", max_examples=100, derandomize=True, **no_clock)
settings.register_profile("long", max_examples=3000, **no_clock)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "aibridge"))
