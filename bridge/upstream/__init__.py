"""The client of the upstream gateway: the only package that knows HTTP."""
