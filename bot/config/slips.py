"""What a YAML scanner says, in words for people who do not program.

The scanner speaks to YAML's authors ("mapping values are not allowed in this context"). :data:`SLIPS` knows the
slips editors really make, by the scanner's words and the character it stumbled over, and says what happened and
what to type instead. A message that is not in the table is passed on as it is, with a general remedy.
"""

from __future__ import annotations

import re

import yaml

QUOTE_IT = "put the whole text in quotes"

SLIPS: tuple[tuple[str, str, str, str], ...] = (
    # the scanner's words; the source from its mark on; what happened; what to do
    (
        "cannot start any token|violates indentation",
        r"\t",
        "a tab where spaces are expected",
        "indent with spaces",
    ),
    ("cannot start any token", r"[@`%]", "a text cannot begin with this sign", QUOTE_IT),
    (
        "mapping values are not allowed",
        "",
        "a colon where none is expected: a text with a colon in it, or a line indented too far",
        "put a text with a colon in quotes, or align the key with the one above it",
    ),
    (r"',' or '\]'", "", "the list in [ ] is not closed, or a comma is missing in it", "close it with ]"),
    (r"',' or '\}'", "", "the braces { } are not closed, or a comma is missing in them", "close them with }"),
    (
        "end of stream",
        "",
        "a quotation mark is opened here and never closed",
        "close it; around a text with an apostrophe use double quotes",
    ),
    ("unknown escape character", "", "a backslash inside double quotes", "use single quotes around the text"),
    ("block scalar", "", "a text cannot begin with > or |", QUOTE_IT),
    (
        "block collection",
        "",
        "this line does not begin with '- ' like the items above it, or text follows a closing quotation mark",
        "align it with the key it belongs to, or put the whole text in one pair of quotes",
    ),
    (
        "block mapping",
        "",
        "this line fits neither as a key nor as an item of the list above",
        "align it with its neighbours, or put the whole text in one pair of quotes",
    ),
    ("directive|document start|incompatible", "", "a line cannot begin with %", QUOTE_IT),
    (
        "control characters|special characters",
        "",
        "an invisible control character",
        "delete it and retype the word",
    ),
    ("maximum nesting", "", "lists inside lists, too deep", "a rule never needs that"),
)
"""First fit wins; the first two columns are patterns."""


def explain(error: yaml.YAMLError, source: str) -> tuple[int, str, str]:
    """Line (1-based), message and remedy for a scanner's error in ``source``."""
    said = _said(error)
    line, rest = _place(error, source)
    for words, there, message, remedy in SLIPS:
        if re.search(words, said) and re.match(there, rest):
            return line, message, remedy
    return line, f"this is not YAML: {said}", "compare the line with its neighbours, or put texts in quotes"


def _said(error: yaml.YAMLError) -> str:
    if isinstance(error, yaml.MarkedYAMLError):
        return " ".join(part for part in (error.context, error.problem) if part)
    return str(error)


def _place(error: yaml.YAMLError, source: str) -> tuple[int, str]:
    """The line of an error, and what stands there from the scanner's mark on (a tab, if one indents the line)."""
    lines = source.splitlines() or [""]
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        position = getattr(error, "position", 0)
        return source.count("\n", 0, position) + 1, source[position : position + 1]
    mark = error.problem_mark
    if mark.line >= len(lines) and error.context_mark is not None:
        mark = error.context_mark  # something stayed open to the end of the file: name where it was opened
    text = lines[min(mark.line, len(lines) - 1)]
    indent = text[: len(text) - len(text.lstrip())]
    return mark.line + 1, "\t" if "\t" in indent else text[mark.column :]
