"""All cases."""

from tests.dialects.field import (
    encodings,
    events,
    finishes,
    framing,
    further,
    partial,
    shapes,
    statuses,
    variants,
    words,
)

CASES = [
    *framing.BESIDE,
    *framing.NO_CHOICE,
    *shapes.SHAPES,
    *events.NAMES,
    *events.CONTENT_TYPES,
    *events.LINES,
    *events.BEHIND,
    *encodings.ENCODINGS,
    *statuses.STATUSES,
    *statuses.DELAYS,
    *statuses.MONEY,
    *words.EMPTY,
    *words.WORDS,
    *words.IDS,
    *words.VECTORS,
    *words.HALVES,
    *further.FURTHER,
    *variants.VARIANTS,
    *finishes.FINISHES,
    *finishes.WHOLE,
    *finishes.MEMBERS,
    *partial.PARTIAL,
]
