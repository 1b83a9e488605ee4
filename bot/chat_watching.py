"""A chat's own keywords: /watch shows what the words would have found and asks; /mywatches, /unwatch.

What waits for a yes is kept in memory only, one keyword a chat, with a token the buttons carry; after a restart, or
when another keyword was asked for meanwhile, the button says that it is too old.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict

from bot.chat_articles import hits
from bot.chat_reply import Button, Reply, Request, bold, safe
from bot.core.buttons import mark
from bot.core.watches import warnings_of
from bot.errors import InputError

PREFIX = "own:"
MOST_WAITING = 1000  # chats
KEEP, DROP, FORGET = "keep", "drop", "forget"


class Watching:
    """Keywords asked for and not yet kept."""

    def __init__(self) -> None:
        self._waiting: OrderedDict[str, tuple[str, str]] = OrderedDict()  # place → token, keyword

    async def watch(self, request: Request) -> Reply:
        """``/watch troops returning``: checked like a rule, tried on the last days, then kept if wished."""
        t, chats = request.t, request.service.chats
        chats.may_change(request.actor)
        term = chats.checked(request.wish, request.argument)
        found = await request.service.questions.search(request.actor, term, limit=5)
        token = secrets.token_hex(4)
        self._waiting[request.actor.place] = (token, term)
        self._waiting.move_to_end(request.actor.place)
        if len(self._waiting) > MOST_WAITING:
            self._waiting.popitem(last=False)
        doubts = [f"⚠ {safe(each)}" for each in warnings_of(term, chats.book())]
        text = "\n\n".join(
            [t("Watch for {words}?", words=bold(term)), *doubts, hits(t, found, request.wish.zone)]
        )
        return Reply(text, [[_button(t("Keep"), KEEP, token), _button(t("Drop"), DROP, token)]])

    async def press(self, request: Request, data: str) -> Reply | None:
        """Keep or drop what waits, or forget a keyword of the list; None for a button that is none of these."""
        if not data.startswith(PREFIX):
            return None
        what, _, value = data.removeprefix(PREFIX).partition(":")
        if what == FORGET:
            await request.service.chats.unwatch(request.actor, _numbered(request, value))
            return await self.listed(request, edit=True)
        token, term = self._waiting.get(request.actor.place, ("", ""))
        if not token or token != value:
            raise InputError("This button is too old. Please send /watch again.")
        del self._waiting[request.actor.place]
        if what != KEEP:
            return Reply(request.t("Dropped."), edit=True)
        await request.service.chats.watch(request.actor, term, language=request.wish.language)
        return Reply(request.t("I watch for {words} now. /mywatches lists all.", words=bold(term)), edit=True)

    async def listed(self, request: Request, *, edit: bool = False) -> Reply:
        """``/mywatches``: all, each with a button that forgets it."""
        t, wish = request.t, await request.service.chats.mine(request.actor)
        if not wish.watches:
            return Reply(t("No keywords yet. Try: /watch troops returning"), edit=edit)
        lines = [f"{number}. {safe(term)}" for number, term in enumerate(wish.watches, 1)]
        rows = [[_button(f"✖ {number}", FORGET, mark(term))] for number, term in enumerate(wish.watches, 1)]
        return Reply("\n".join([bold(t("Own keywords")), *lines]), rows, edit=edit)

    async def unwatch(self, request: Request) -> Reply:
        """``/unwatch 2``, ``/unwatch troops returning``."""
        await request.service.chats.unwatch(request.actor, request.argument)
        return await self.listed(request)


def _button(label: str, what: str, value: str) -> Button:
    return Button(label, f"{PREFIX}{what}:{value}")


def _numbered(request: Request, marked: str) -> str:
    """Which keyword a button means: it names the keyword and not its number, which changes when another one goes."""
    for number, term in enumerate(request.wish.watches, 1):
        if mark(term) == marked:
            return str(number)
    raise InputError("This button is too old. /mywatches lists what there is now.")
