"""Writes the measurements of a full run into docs/kubernetes.md, between two comments for each part."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tests.e2e.cluster.clients import CLIENTS, PLAIN
from tests.e2e.cluster.cluster import ROOT
from tests.e2e.cluster.disruptions import DISRUPTIONS, KILLS

#: gRPC's default interval between two DNS look-ups.
_DNS_SECONDS: Final = 30
PATH: Final = ROOT / "docs" / "kubernetes.md"


class Report:
    """Failed calls and their time span by disruption, and lines about times."""

    def __init__(self) -> None:
        self.failed: dict[str, dict[str, int]] = {}
        self.windows: dict[str, tuple[float, float]] = {}
        self.calls = 0
        self.times: dict[str, str] = {}

    def during(self, when: float) -> str:
        """The disruption at a time in seconds since the epoch, or the last one in the half minute after it.

        So long may a client without configuration take to ask DNS after a pod was killed.
        """
        found = [name for name, (began, ended) in self.windows.items() if began <= when <= ended + _DNS_SECONDS]
        return found[-1] if found else "between two disruptions"

    def table(self, ages: tuple[int, ...]) -> str:
        """Disruptions as rows and clients as columns. A cell has the failed calls of each age."""
        head = ["disruption", *(client.name for client in CLIENTS)]
        rows = [
            [name, *(" / ".join(str(found.get(f"{client.name}, {age} s", "-")) for age in ages) for client in CLIENTS)]
            for name, found in self.failed.items()
        ]
        lines = [head, ["---"] * len(head), *rows]
        shown = " / ".join(f"{age} s" for age in ages)
        note = f"Failed calls of {self.calls} by clients that were {shown} old:"
        return note + "\n\n" + "\n".join(f"| {' | '.join(line)} |" for line in lines)

    def plain_table(self) -> str:
        """The same for the clients without configuration, which have one age."""
        head = ["disruption", *(client.name for client in PLAIN)]
        rows = [
            [name, *(str(found[f"plain {client.name}"]) for client in PLAIN)]
            for name, found in self.failed.items()
            if f"plain {PLAIN[0].name}" in found
        ]
        return "\n".join(f"| {' | '.join(line)} |" for line in [head, ["---"] * len(head), *rows])

    def write(self, ages: tuple[int, ...], path: Path = PATH) -> None:
        """Write the results: the table if it is complete, and each time in place of the previous one."""
        part = re.search(r"<!-- times -->.*<!-- /times -->", path.read_text("utf-8"), re.DOTALL)
        known = dict(re.findall(r"^\| ([^|]+) \| (\d+) \|$", part[0], re.MULTILINE)) if part else {}
        times = "\n".join(f"| {name} | {value} |" for name, value in (known | self.times).items())
        parts = {"times": f"| what | seconds |\n|---|---|\n{times}"}
        if self.failed.keys() >= DISRUPTIONS.keys() | KILLS.keys():
            parts["failed"] = self.table(ages)
            parts["plain"] = self.plain_table()
        write(parts, path)


def write(parts: Mapping[str, str], path: Path) -> None:
    """Replace the text between `<!-- NAME -->` and `<!-- /NAME -->`.

    Raises:
        ValueError: the page has no such part.
    """
    text = path.read_text("utf-8")
    for name, value in parts.items():
        text, count = re.subn(
            rf"(<!-- {name} -->\n).*?(\n<!-- /{name} -->)",
            lambda match, new=value: match[1] + new + match[2],
            text,
            flags=re.DOTALL,
        )
        if count != 1:
            raise ValueError(f"{path.name} has no part {name}")
    path.write_text(text, "utf-8")
