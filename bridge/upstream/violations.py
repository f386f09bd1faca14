"""Reads the invalid fields and the reason that an error body names, in the formats of FastAPI, Google and others."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

_NAME: Final = re.compile(r"[\w.-]{1,64}")


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


def of_lists(errors: Any) -> list[tuple[str, str]]:
    """The violations of ASP.NET, Laravel and Rails: an object with a list of texts for each field."""
    lists = errors.values() if isinstance(errors, dict) else ()
    if not lists or not all(
        isinstance(texts, list) and all(isinstance(text, str) for text in texts) for texts in lists
    ):
        return []
    return [(path, "; ".join(texts)) for path, texts in errors.items() if texts]


def reason_in(members: Mapping[str, Any]) -> str | None:
    """A further name of an error: its `reason`, such as `API_KEY_INVALID`.

    It is in a `google.rpc.ErrorInfo` of the details, in the `errors` of Google's older APIs, or beside the code.
    """
    lists = [members.get(key) for key in ("details", "errors")]
    inner = [item for items in lists if isinstance(items, list) for item in items if isinstance(item, dict)]
    found = (item.get("reason") for item in (*inner, members))
    return next((reason for reason in found if isinstance(reason, str) and _NAME.fullmatch(reason)), None)
