"""Recognises errors about used-up money by their names, such as `BalanceNotEnough` and `out_of_funds`, or messages.

A retry is useless then, whatever the HTTP status says.
"""

import re
from typing import Final

#: A name is about used-up money if it contains a word of `_DEBT`, or one of `_MONEY`, or one of `_FUNDS` and one of
#: `_USED_UP`. Nearly every gateway has a name of its own for that. Budgets of tokens or time are something else, and
#: so is a billing service that is down.
_DEBT: Final = frozenset({"arrears", "arrearage", "overdue"})
_MONEY: Final = frozenset({"billing", "payment"})
_FUNDS: Final = frozenset(
    {"balance", "bill", "budget", "credit", "credits", "fund", "funds", "money", "spend", "spending"}
)
_USED_UP: Final = frozenset(
    (
        *("insufficient", "enough", "no", "out", "over", "low", "empty", "negative", "limit", "required"),
        *("exhausted", "depleted", "exceeded", "reached"),
    )
)
_NO_MONEY: Final = frozenset(
    (
        *("context", "reasoning", "retry", "thinking", "time", "timeout", "token", "tokens"),
        *("failure", "internal", "system", "temporarily", "temporary", "unavailable", "unreachable"),
    )
)
_WORD: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_NAME: Final = re.compile(r"[\w.:/-]{1,64}")

#: What messages say about used-up money where neither the code nor the type does: Anthropic (400), xAI (403, 429) and
#: Gemini (429).
_MONEY_MESSAGES: Final = re.compile(
    r"Your (?:credit balance is too low|prepayment credits are depleted"
    r"|(?:newly created )?teams? .{0,64}(?:used all available credits|doesn't have any credits))\b"
)


def names_money(name: str) -> bool:
    """Whether a name, and not a sentence, says that no money is left."""
    if not _NAME.fullmatch(name):
        return False
    words = {word.lower() for word in _WORD.findall(name)}
    is_used_up = not (words.isdisjoint(_FUNDS) or words.isdisjoint(_USED_UP))
    return not words.isdisjoint(_DEBT) or (words.isdisjoint(_NO_MONEY) and (is_used_up or not words.isdisjoint(_MONEY)))


def says_money(message: str) -> bool:
    """Whether a message is one of those that say that no money is left, although neither code nor type does."""
    return _MONEY_MESSAGES.match(message) is not None
