"""The one upstream gateway: the only place that knows HTTP."""
