"""For admins: /admin and its pages, /reload. To everybody else these commands do not exist."""

from __future__ import annotations

import html
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace

from bot.chat_articles import fitting, utc
from bot.chat_reply import Button, Reply, Request, bold, safe
from bot.core.buttons import mark
from bot.core.model import Delivery
from bot.core.urls import redacted
from bot.errors import InputError
from bot.notify.markup import clean, shorten

PREFIX = "adm:"
RETRY, DROP = "retry:", "drop:"  # before the mark of a dead letter's id
MOST_ROWS = 15


async def admin(request: Request) -> Reply:
    """``/admin``, ``/admin feeds`` …: one page, and buttons to the others."""
    page = PAGES.get(request.argument.strip().lower() or "feeds")
    if page is None:
        raise InputError("There is {pages}.", pages=", ".join(f"/admin {name}" for name in PAGES))
    return _with_menu(request, await page(request), edit=False)


async def reload(request: Request) -> Reply:
    """``/reload``: the editors' files, now."""
    problems = await request.service.operations.reload(request.actor)
    if not problems:
        return Reply(request.t("The editors' files are in order and in force."))
    shown = [safe(shorten(str(problem), 300)) for problem in problems]
    return Reply(fitting([bold(request.t("The last good version stays in force:")), *shown], "\n"))


async def feeds(request: Request) -> Reply:
    """Feeds that want attention."""
    t, health = request.t, await request.service.operations.health(request.actor)
    head = t("{good} feeds answer, {trouble} do not, {never} were not asked yet",
             good=health.good, trouble=len(health.trouble), never=health.never)  # fmt: skip
    lines = [
        f"{safe(each.feed)}: {each.status.value}, {safe(shorten(redacted_reason(each.reason), 200))}"
        f" ({each.failures}×, {utc(each.last_success)})"
        for each in health.trouble[:MOST_ROWS]
    ]
    return Reply(fitting([bold(head), *lines], "\n"))


def redacted_reason(reason: str) -> str:
    """A reason without what an address in it may hide."""
    return " ".join(redacted(word) if "://" in word else word for word in reason.split())


async def dead(request: Request) -> Reply:
    """Messages that will not go out by themselves, each with a button to send it again and one to forget it."""
    t, letters = request.t, await request.service.operations.dead_letters(request.actor, MOST_ROWS)
    if not letters:
        return Reply(t("No dead letters."))
    lines = [f"{number}. {_letter(letter)}" for number, letter in enumerate(letters, 1)]
    return Reply(fitting([bold(t("Dead letters")), *lines], "\n"), _letters_buttons(letters))


def _letters_buttons(letters: Sequence[Delivery]) -> list[list[Button]]:
    """Three letters a row. A button names the letter and not its number, which changes when another one goes."""
    pairs = [
        [
            Button(f"↻ {number}", f"{PREFIX}{RETRY}{mark(letter.id)}"),
            Button(f"✖ {number}", f"{PREFIX}{DROP}{mark(letter.id)}"),
        ]
        for number, letter in enumerate(letters, 1)
    ]
    return [[each for pair in pairs[at : at + 3] for each in pair] for at in range(0, len(pairs), 3)]


def _letter(letter: Delivery) -> str:
    title = letter.message.alerts[0].title if letter.message.alerts else letter.message.notice
    reason = safe(shorten(letter.reason, 120))
    identity = html.escape(clean(letter.id))  # to be copied, so no joiner may stand in it
    return f"{safe(letter.receiver.name)}: {safe(shorten(title, 80))} — {reason}\n<code>{identity}</code>"


async def users(request: Request) -> Reply:
    """Who subscribed."""
    t, found = request.t, await request.service.operations.subscribers(request.actor)
    active = [wish for wish in found if wish.active]
    head = t("{active} subscribed, {left} left", active=len(active), left=len(found) - len(active))
    lines = [
        f"{safe(wish.receiver)} {safe(shorten(wish.name, 40))}: {wish.level.word}, "
        f"{safe(shorten(', '.join(wish.topics) or '*', 60))}"
        for wish in active[:MOST_ROWS]
    ]
    return Reply(fitting([bold(head), *lines], "\n"))


async def feedback(request: Request) -> Reply:
    """What people called wrong."""
    t, found = request.t, await request.service.operations.feedback(request.actor, limit=MOST_ROWS)
    if not found:
        return Reply(t("Nobody called an alert wrong."))
    lines = [
        f"{safe(each.rule)} {each.score}: {safe(shorten(each.title, 120))} ({safe(each.by)})"
        for each in found
    ]
    return Reply(fitting([bold(t("Called wrong")), *lines], "\n"))


async def retry(request: Request) -> Reply:
    """``/retry <id>``: a dead letter, once more."""
    await request.service.operations.retry(request.actor, request.argument)
    return Reply(request.t("It is owed again."))


async def drop(request: Request) -> Reply:
    """``/drop <id>``: a dead letter, for good."""
    await request.service.operations.drop(request.actor, request.argument)
    return Reply(request.t("Dropped."))


PAGES: Mapping[str, Callable[[Request], Awaitable[Reply]]] = {
    "feeds": feeds,
    "dead": dead,
    "users": users,
    "feedback": feedback,
}


async def press(request: Request, data: str) -> Reply | None:
    """Another page, or a dead letter's fate; None for a button that is none of these.

    Raises InputError, NotPermitted.
    """
    what = data.removeprefix(PREFIX) if data.startswith(PREFIX) else ""
    page = PAGES.get(what)
    if what.startswith((RETRY, DROP)):
        verb, _, marked = what.partition(":")
        await _settle(request, verb, marked)
        page = dead
    return _with_menu(request, await page(request), edit=True) if page is not None else None


async def _settle(request: Request, verb: str, marked: str) -> None:
    """Owe the letter of this mark again, or forget it."""
    operations = request.service.operations
    letters = await operations.dead_letters(request.actor, MOST_ROWS)
    found = next((letter.id for letter in letters if mark(letter.id) == marked), "")
    await (operations.retry if verb == "retry" else operations.drop)(request.actor, found)


def _with_menu(request: Request, page: Reply, *, edit: bool) -> Reply:
    t = request.t
    labels = {
        "feeds": t("Feeds"),
        "dead": t("Dead letters"),
        "users": t("Subscribers"),
        "feedback": t("Called wrong"),
    }
    row = [Button(label, f"{PREFIX}{name}") for name, label in labels.items()]
    return replace(page, buttons=[*page.buttons, row[:2], row[2:]], edit=edit)
