"""Most chunks of a stream differ from the one before in one text only: the next words.

Such a chunk need not be parsed. If JSON is valid and one string in it is replaced by another, it is valid still, and
says the same but for that string. So what stands before and behind the string in one chunk is kept, and a chunk that
begins and ends in the same way has its text between the two.
"""

from typing import Any, Final

from bridge.jsontext import loads_text

#: Members of a delta that are text to append.
TEXTS: Final = ("content", "reasoning_content", "reasoning", "refusal")
#: So many chunks in a row that were not repeated, and no more is tried: their server writes something new in each.
_PATIENCE: Final = 8


class Repeats:
    """Recognises the chunks of one stream that repeat the one before."""

    def __init__(self) -> None:
        self._head: bytes | None = None
        self._tail = b""
        self._missed = 0

    def text(self, data: bytes) -> str | None:
        """The text by which a chunk differs from the one that was learned; None if in anything else."""
        head = self._head
        if head is None or not data.startswith(head) or not data.endswith(self._tail):
            return None
        end = len(data) - len(self._tail)
        if end < len(head):
            return None
        text = loads_text(b'"%b"' % data[len(head) : end])  # more than one string is no JSON
        if text is not None:
            self._missed = 0
        return text

    def forget(self) -> None:
        """The next chunk repeats none."""
        self._head = None

    def learn(self, data: bytes, value: dict[str, Any]) -> str:
        """Take a chunk, with its text, as the one that others may repeat: the name of its text, empty if none may."""
        self._head = None
        if self._missed >= _PATIENCE:
            return ""
        self._missed += 1
        name = _only_text(value)
        quoted = b'"%b"' % name.encode()
        start = data.find(quoted + b':"') + len(quoted) + 2
        # A name that stands there once, where nothing is escaped, is the member's: no other string looks like it.
        if not name or start < len(quoted) + 2 or b"\\" in data or data.count(quoted) != 1:
            return ""
        self._head, self._tail = data[:start], data[data.index(b'"', start) :]
        return name


def _only_text(value: dict[str, Any]) -> str:
    """The name of the one text in a chunk that says nothing else: one choice that goes on, and no usage."""
    choices = value.get("choices")
    if type(choices) is not list or len(choices) != 1 or value.get("usage") is not None:
        return ""
    choice = choices[0]
    if type(choice) is not dict or choice.get("finish_reason") or choice.get("logprobs"):
        return ""
    delta = choice.get("delta")
    if type(delta) is not dict:
        return ""
    said = [key for key, item in delta.items() if item is not None and key != "role"]
    return said[0] if len(said) == 1 and said[0] in TEXTS and type(delta[said[0]]) is str else ""
