"""Hypothesis without a clock and, unless asked for, without chance: `HYPOTHESIS_PROFILE=long` looks further."""

import os

from hypothesis import settings

settings.register_profile("aibridge", max_examples=100, deadline=None, derandomize=True, database=None)
settings.register_profile("long", max_examples=3000, deadline=None, database=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "aibridge"))
