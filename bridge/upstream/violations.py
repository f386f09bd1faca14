"""Reads the invalid fields and the reason that an error body names, in the formats of FastAPI and Google."""

from collections.abc import Iterator
from typing import Any


def of_fastapi(detail: Any) -> list[tuple[str, str]]:
    """FastAPI's violations as pairs of path and description, without the input that it quotes."""
    found = []
    for item in detail if isinstance(detail, list) else ():
        if isinstance(item, dict) and isinstance(item.get("msg"), str):
            place = item.get("loc")
            steps = [str(step) for step in place] if isinstance(place, list) else []
            found.append((".".join(steps[1:] if steps[:1] == ["body"] else steps), item["msg"]))
    return found


def of_google(details: Any) -> Iterator[tuple[str, str]]:
    """The violations of a `google.rpc.BadRequest` in JSON."""
    for detail in details if isinstance(details, list) else ():
        violations = detail.get("fieldViolations") if isinstance(detail, dict) else None
        for item in violations if isinstance(violations, list) else ():
            if isinstance(item, dict) and isinstance(item.get("description"), str):
                name = item.get("field")
                yield name if isinstance(name, str) else "", item["description"]


def reason_of_google(details: Any) -> str | None:
    """The reason of a `google.rpc.ErrorInfo` in JSON, such as `API_KEY_INVALID`."""
    for detail in details if isinstance(details, list) else ():
        if isinstance(detail, dict) and isinstance(detail.get("reason"), str):
            return str(detail["reason"])
    return None
