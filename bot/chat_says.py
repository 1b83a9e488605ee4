"""The front's sentences: what the service answered, as Telegram's HTML, in the reader's language.

Our own texts hold no ``<``, ``>`` or ``&`` in any language (a test looks), so only what comes from others is escaped.
"""

from __future__ import annotations

from bot.chat_reply import Request, bold, safe
from bot.config.words import LANGUAGES, Words
from bot.core.model import Direction, Subscription
from bot.core.routing import NOTHING, read_topic
from bot.service_chats import Topic
from bot.service_ground import Role


def greeting(request: Request) -> str:
    """The first thing somebody reads."""
    t = request.t
    return "\n\n".join(
        (
            bold(
                t("I tell you within seconds that the news you wait for has broken, and am silent otherwise.")
            ),
            t("Choose topics and how loud it must be; every choice counts at once."),
            t("All commands: /help"),
        )
    )


COMMAND_LIST = (
    ("subscribe", "be told; or with topics and a level: /subscribe conflict high"),
    ("unsubscribe", "be told nothing more"),
    ("topics", "choose topics"),
    ("level", "choose how loud it must be"),
    ("quiet", "quiet hours: /quiet 22-7 Kyiv; what comes is told afterwards"),
    ("digest", "be told together: /digest 08:00 or /digest 30m"),
    ("zone", "your time zone: /zone Kyiv"),
    ("watch", "your own keywords: /watch troops returning"),
    ("mywatches", "your own keywords so far"),
    ("unwatch", "forget one: /unwatch 1"),
    ("latest", "the newest alerts"),
    ("search", "search the last days: /search troops + border"),
    ("why", "why it rang: /why and a link"),
    ("whynot", "why it did not: /whynot and a link or a headline"),
    ("silences", "what is muted, and until when"),
    ("language", "the language I speak: /language de"),
    ("status", "what you are told"),
    ("stats", "what I saw so far"),
    ("help", "all commands"),
)
"""Every command with what it does, in the order of use."""

ADMIN_LIST = (
    ("admin", "feeds, dead letters, subscribers, what was called wrong"),
    ("reload", "read the editors' files again"),
    ("retry", "owe a dead letter again, by its id"),
    ("drop", "remove a dead letter, by its id"),
)


def help_text(request: Request) -> str:
    """All commands, one a line."""
    lines = [f"/{name} — {request.t(text)}" for name, text in COMMAND_LIST]
    if request.actor.role is Role.ADMIN:
        lines += [f"/{name} — {request.t(text)}" for name, text in ADMIN_LIST]
    about = request.t("A channel is subscribed by its admin, from here: /subscribe @… conflict high")
    return "\n".join([*lines, "", about])


def settings_text(request: Request, wish: Subscription) -> str:
    """What the chat is told, in a few lines."""
    t = request.t
    state = t("You are subscribed.") if wish.active else t("You are not subscribed.")
    lines = [
        (t("Topics"), topics_of(t, request, wish)),
        (t("From level"), t(wish.level.word)),
        (t("Quiet hours"), wish.quiet or t("none")),
        (t("Digest"), digest_words(t, wish)),
        (t("Time zone"), wish.zone),
        (t("Language"), LANGUAGES.get(wish.language, wish.language)),
    ]
    if wish.watches:
        lines.append((t("Own keywords"), str(len(wish.watches))))
    return "\n".join([bold(state), *(f"{name}: {safe(value)}" for name, value in lines)])


def topic_title(t: Words, topic: Topic) -> str:
    """A topic as people read it; the editors' own words stay as they wrote them."""
    return f"{Direction(topic.name).arrow} {t(topic.name)}" if topic.kind == "direction" else topic.title


def topics_of(t: Words, request: Request, wish: Subscription) -> str:
    """The chosen topics by their titles, those with a level of their own with it."""
    if not wish.topics:
        return t("everything")
    if wish.topics == (NOTHING,):
        return t("none, only your own keywords")
    titles = {topic.name: topic_title(t, topic) for topic in request.service.chats.topics()}
    shown = []
    for each in wish.topics:
        name, level = read_topic(each, wish.level)
        shown.append(titles.get(name, name) + (f" ({t(level.word)})" if "@" in each else ""))
    return ", ".join(shown)


def digest_words(t: Words, wish: Subscription) -> str:
    """When alerts are told together."""
    if not wish.digest:
        return t("at once")
    if ":" in wish.digest:
        return t("daily at {time}", time=wish.digest)
    minutes = int(wish.digest.removesuffix("m"))
    if minutes % 60 == 0:
        return t.many("every hour", "every {count} hours", minutes // 60)
    return t.many("every minute", "every {count} minutes", minutes)
