"""What a person can ask, in one place for every front: words in → one call here → words out.

Each verb takes the actor first and is the only place where it is checked what that actor may do; every change and
every refusal leaves a line in the log. The verbs are grouped by noun, each group a file:

==========================  ====================================================================
:mod:`bot.service_chats`    what a chat wants to be told, and its own keywords
==========================  ====================================================================

Answers are values, never texts: how they are said, and in which language, is the front's business.
"""

from __future__ import annotations

from bot.service_chats import Chats
from bot.service_ground import Ground


class Service:
    """All groups over one ground."""

    def __init__(self, ground: Ground) -> None:
        self.doors = ground.doors
        self.clock = ground.clock
        self.wishes = ground.wishes
        self.chats = Chats(ground)
