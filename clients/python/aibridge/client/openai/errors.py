"""Errors of the conversion between HTTP and RPC."""


class InvalidMessageError(ValueError):
    """A message that has no JSON form; the text names the field."""


def invalid(path: str, description: str) -> InvalidMessageError:
    """The field at `path`, as in `choices[0].message.extra_json`, has no place in JSON."""
    return InvalidMessageError(f"{path}: {description}")
