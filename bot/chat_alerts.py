"""The buttons under an alert: why, more, mute the story, mute the rule, wrong, seen to."""

from __future__ import annotations

from bot.chat_articles import explanation, link, sums, when
from bot.chat_reply import Reply, Request, bold, safe
from bot.core.buttons import ACK, MORE, MUTE_RULE, MUTE_STORY, WHY, WRONG, Pressed, decode, rule_marked
from bot.core.watches import rules_of
from bot.errors import InputError
from bot.notify.markup import shorten
from bot.service_questions import Explanation

BODY = 2500  # characters of an article's text


async def press(request: Request, data: str) -> Reply | None:
    """What a button under an alert does; None for data that is none. Raises InputError, NotPermitted."""
    pressed = decode(data)
    if pressed is None:
        return None
    t, silences, questions = request.t, request.service.silences, request.service.questions
    match pressed.action:
        case action if action == WHY:
            found = await questions.why(request.actor, pressed.story)
            return Reply(explanation(t, found, request.wish.zone), whisper=sums(t, found))
        case action if action == MORE:
            return Reply(more(request, await questions.why(request.actor, pressed.story)))
        case action if action == MUTE_STORY:
            silence = await silences.mute_story(request.actor, pressed.story)
            return Reply(
                toast=t("This story is quiet here until {time}.", time=when(silence.until, request.wish.zone))
            )
        case action if action == MUTE_RULE:
            silence = await silences.mute_rule(request.actor, _rule(request, pressed))
            return Reply(
                toast=t("This rule is quiet here until {time}.", time=when(silence.until, request.wish.zone))
            )
        case action if action == WRONG:
            await questions.wrong(request.actor, pressed.story, pressed.rule)
            return Reply(toast=t("Thank you: the editor will see it, with the words that rang."))
        case action if action == ACK:
            silence = await silences.ack(request.actor, pressed.story)
            until = t("Seen to: quiet everywhere until {time}.", time=when(silence.until, request.wish.zone))
            return Reply(f"{bold(shorten(request.name, 60))} · {until}")
    return None


def _rule(request: Request, pressed: Pressed) -> str:
    """The rule a button means, the editors' or the chat's own."""
    own = (rule.id for rule in rules_of(request.wish))
    found = rule_marked(pressed.rule, (*request.service.chats.book().rules, *own))
    if not found:
        raise InputError("There is no such rule any more.")
    return found


def more(request: Request, found: Explanation) -> str:
    """The article's own words, and who else tells it."""
    entry, t, zone = found.entry, request.t, request.wish.zone
    text = shorten(entry.body or entry.summary, BODY).split("\n\n")
    parts = [bold(shorten(entry.title, 200)), *(safe(paragraph) for paragraph in text)]
    reports = found.story.reports if found.story is not None else ()
    sources = [f"{safe(each.owner)}, {when(each.published, zone)} {link(each.link)}" for each in reports[:10]]
    if sources:
        parts.append("\n".join([t("Told by: {owners}", owners=""), *sources]))
    return "\n\n".join(part for part in parts if part)
