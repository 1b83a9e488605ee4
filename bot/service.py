"""What a person can ask, in one place for every front: words in → one call here → words out.

Each verb takes the actor first and is the only place where it is checked what that actor may do; every change and
every refusal leaves a line in the log. The verbs are grouped by noun, each group a file:

==============================  ====================================================================
:mod:`bot.service_chats`        what a chat wants to be told, and its own keywords
:mod:`bot.service_silences`     what is muted until when, for one chat or for all
:mod:`bot.service_questions`    why, why not, latest, search, status; "wrong"
:mod:`bot.service_operations`   for admins: feeds, dead letters, subscribers, feedback, reload
:mod:`bot.service_newsroom`     stories as they ring, near misses, numbers
:mod:`bot.service_rules`        the editors' files: drafts, what they would have done, versions
:mod:`bot.service_lookback`     … and how that is answered at once
:mod:`bot.service_shadow`       drafts on trial beside the live rules
:mod:`bot.service_feeds`        what is watched: how each feed does, adding, pausing, lists of feeds
:mod:`bot.service_ground`       who may what, and the seams all this stands on
==============================  ====================================================================

Answers are values, never texts: how they are said, and in which language, is the front's business.
"""

from __future__ import annotations

from bot.service_chats import Chats
from bot.service_feeds import Feeds
from bot.service_ground import Ground
from bot.service_newsroom import Newsroom
from bot.service_operations import Operations
from bot.service_questions import Questions
from bot.service_rules import Rules
from bot.service_shadow import Shadows
from bot.service_silences import Silences


class Service:
    """All groups over one ground."""

    def __init__(self, ground: Ground) -> None:
        self.doors = ground.doors
        self.clock = ground.clock
        self.wishes = ground.wishes
        self.chats = Chats(ground)
        self.silences = Silences(ground)
        self.questions = Questions(ground)
        self.operations = Operations(ground)
        self.newsroom = Newsroom(ground)
        self.shadows = Shadows(ground)
        self.rules = Rules(ground, saved=self.shadows.saved)
        self.feeds = Feeds(ground)
