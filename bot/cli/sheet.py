"""The printed sum: every rule's sheet for one article, fired or not, and by how much it missed."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from bot.cli.output import LEVEL_STYLE
from bot.core.model import Entry, Evidence, Level, Match, Place, Stance
from bot.core.rules import Rule

PLACES = {Place.TITLE: "headline", Place.LEAD: "summary", Place.BODY: "body"}


def sheet(entry: Entry, match: Match, rule: Rule) -> RenderableType:
    """One rule's sum, line by line, under a head that says what it came to."""
    head = Text.assemble(
        (f"{match.score:3}  ", "bold"),
        (f"{match.level.word:8}", LEVEL_STYLE[match.level]),
        (f" {match.direction.arrow or ' '} ", "bold"),
        (rule.title, "bold"),
        (f"  {rule.id}", "dim"),
    )
    lines = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    for evidence in match.terms:
        lines.add_row("   ", *_line(evidence))
    foot = _foot(entry, match, rule)
    return Group(head, lines, *([Text(f"     {foot}", style="dim")] if foot else []))


def _line(evidence: Evidence) -> tuple[Text, Text, Text, Text, Text]:
    place = PLACES[evidence.place]
    if evidence.place is Place.BODY:
        place += f" ¶{evidence.paragraph}"
    return (
        Text(f"{evidence.points:+d}", style="green" if evidence.points > 0 else "red"),
        Text(evidence.term),
        Text(place, style="dim"),
        Text(f"“{evidence.words}”"),
        Text(_because(evidence), style="dim"),
    )


def _because(evidence: Evidence) -> str:
    words = []
    if evidence.stance is not Stance.ASSERTED:
        words.append(evidence.stance.value + (f" (“{evidence.cue}”)" if evidence.cue else ""))
    if evidence.said_by:
        words.append(f"said by {evidence.said_by}")
    return "; ".join(words)


def _foot(entry: Entry, match: Match, rule: Rule) -> str:
    if match.vetoed_by:
        return f"silenced: {match.vetoed_by}"
    notes = []
    if entry.trust != 1:
        notes.append(f"× {entry.trust:g} trust of {entry.owner}")
    if match.level is Level.NONE:
        notes.append(f"missed low by {rule.levels.get(Level.LOW, 0) - match.score}")
    elif (upper := rule.levels.get(Level(min(match.level + 1, 4)))) and match.level < rule.severity:
        notes.append(f"{upper - match.score} below {Level(match.level + 1).word}")
    return ", ".join(notes)
