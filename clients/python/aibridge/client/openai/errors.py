"""Errors of the conversion between HTTP and RPC."""


class InvalidMessageError(ValueError):
    """A message that cannot be written as JSON. The text names the field."""


def invalid(path: str, description: str) -> InvalidMessageError:
    """The error for a field that cannot be written as JSON. `path` is as in `choices[0].message.extra_json`."""
    return InvalidMessageError(f"{path}: {description}")
