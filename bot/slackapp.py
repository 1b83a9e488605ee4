"""The Slack front: ``/newsalert`` and the buttons under alerts, over Socket Mode, so that no port is open.

::

    envelope ─▶ handled before? ─▶ recognise ─▶ service ─▶ acknowledge ─▶ answer ─▶ remember the envelope

Slack sends an envelope again that is not acknowledged within three seconds, so what takes longer is acknowledged first
and answered when it is ready. What a command does is idempotent; an envelope that was finished is remembered.

An answer is for the eyes of who asked (ephemeral); only *seen to* is told to all, in the story's thread, and quietens
the story on every platform. Who may what: :class:`bot.service_ground.Doors`; people and channels are known by Slack's
ids.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import structlog
from aiohttp import ClientError
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot import slackapp_says as says
from bot.core.buttons import ACK, MORE, MUTE_RULE, MUTE_STORY, WHY, WRONG, Pressed, decode, rule_marked
from bot.errors import InputError, NotPermitted, StoreError
from bot.notify.markup import clean
from bot.service import Service
from bot.service_ground import Actor
from bot.slackapp_says import Answer

log = structlog.get_logger()

FRONT = "slack"
COMMAND = "/newsalert"
ACKNOWLEDGE = 2.0  # seconds after which an envelope is acknowledged, whether the answer is ready or not
_CREDENTIALS = {"invalid_auth", "not_authed", "account_inactive", "token_revoked", "not_allowed_token_type"}


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody in Slack did: a command's words, or a button's value."""

    person: str
    name: str
    channel: str
    channel_name: str
    words: str = ""
    button: str = ""
    thread: str = ""  # the message the button stands under

    @classmethod
    def of(cls, request: SocketModeRequest) -> Asked | None:
        """Read an envelope; None for one that is not ours."""
        payload: Mapping[str, Any] = request.payload
        if request.type == "slash_commands" and payload.get("command") == COMMAND:
            text = str(payload.get("text") or "")
            return cls(
                str(payload.get("user_id")), str(payload.get("user_name", "")), str(payload.get("channel_id")),
                str(payload.get("channel_name", "")), words=text,
            )  # fmt: skip
        if (
            request.type != "interactive"
            or payload.get("type") != "block_actions"
            or not payload.get("channel")
        ):
            return None
        user, channel, message = payload["user"], payload["channel"], payload.get("message") or {}
        actions = payload.get("actions") or [{}]
        return cls(
            str(user["id"]), str(user.get("name", "")), str(channel["id"]), str(channel.get("name", "")),
            button=str(actions[0].get("value") or "?"), thread=str(message.get("thread_ts") or message.get("ts") or ""),
        )  # fmt: skip


class SlackFront:
    """One instance a workspace. :meth:`run` is a loop for the supervisor."""

    def __init__(
        self, service: Service, *, app_token: str, bot_token: str, base_url: str = AsyncWebClient.BASE_URL
    ) -> None:
        self._service = service
        self._app_token = app_token
        self._web = AsyncWebClient(bot_token, base_url=base_url, retry_handlers=[])
        self._base_url = base_url
        self._socket: SocketModeClient | None = None
        self._late: set[asyncio.Task[None]] = set()

    # ── the loop ─────────────────────────────────────────────────────────────────────────────────────
    async def run(self) -> None:
        """Answer until cancelled; returns when Slack refuses our tokens, which no new try would mend."""
        opener = AsyncWebClient(self._app_token, base_url=self._base_url, retry_handlers=[])
        self._socket = SocketModeClient(self._app_token, web_client=opener)
        self._socket.socket_mode_request_listeners.append(self._heard)
        try:
            # asked for here, because the client would try a refused token for ever
            self._socket.wss_uri = await self._socket.issue_new_wss_url()
            await self._socket.connect()  # type: ignore[no-untyped-call]
            log.info("slack.started")
            await asyncio.Event().wait()
        except SlackApiError as error:
            code = str(error.response.get("error", ""))
            if code not in _CREDENTIALS:
                raise
            log.error("slack.stopped", reason=code)
        finally:
            await self.stop()

    async def stop(self) -> None:
        """Hang up. What was not acknowledged comes again to whoever listens next."""
        socket, self._socket = self._socket, None
        for task in self._late:
            task.cancel()
        if socket is not None:
            socket.message_processor.cancel()
            await socket.close()  # type: ignore[no-untyped-call]

    # ── envelopes ────────────────────────────────────────────────────────────────────────────────────
    async def _heard(self, client: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        """In a task of its own: the client hands out one envelope after another, and one must not wait for another."""
        task = asyncio.create_task(self._envelope(client, request))
        self._late.add(task)
        task.add_done_callback(self._late.discard)

    async def _envelope(self, client: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        asked = Asked.of(request)
        answering = asyncio.ensure_future(self._answer(request.envelope_id, asked))
        done, _ = await asyncio.wait({answering}, timeout=ACKNOWLEDGE)
        try:
            await client.send_socket_mode_response(SocketModeResponse(request.envelope_id))
            answer = await answering
            if asked is not None and answer is not None:
                await self._say(asked, answer)
        except (
            SlackClientError,
            ClientError,
            OSError,
            RuntimeError,
        ) as error:  # it comes again, or they ask again
            log.warning("slack.unsaid", error=type(error).__name__, in_time=bool(done))

    async def _answer(self, envelope: str, asked: Asked | None) -> Answer | None:
        if asked is None or await self._remembers(envelope):
            return None
        actor = self._service.doors.slack(asked.person, asked.channel, asked.channel_name)
        try:
            answer = await (self._press(actor, asked) if asked.button else self._obey(actor, asked))
        except (InputError, NotPermitted) as error:
            answer = Answer(str(error))
        except StoreError:
            return Answer("I cannot look that up just now. Please try again in a moment.")
        except Exception:  # a mistake of ours, which would be the same the next time
            log.exception("slack.failed")
            answer = Answer("Something went wrong on my side.")
        await self._service.wishes.seen_update(FRONT, envelope, self._service.clock.now())
        return answer

    async def _remembers(self, envelope: str) -> bool:
        try:
            return await self._service.wishes.handled(FRONT, envelope)
        except StoreError:
            return False

    async def _say(self, asked: Asked, answer: Answer) -> None:
        body: dict[str, Any] = dict(answer.body())
        if asked.thread:
            body["thread_ts"] = asked.thread
        if answer.for_all:
            await self._web.chat_postMessage(channel=asked.channel, **body)
        else:
            await self._web.chat_postEphemeral(channel=asked.channel, user=asked.person, **body)

    # ── buttons ──────────────────────────────────────────────────────────────────────────────────────
    async def _press(self, actor: Actor, asked: Asked) -> Answer:
        pressed = decode(asked.button)
        if pressed is None:
            raise InputError("This button is too old.")
        silences, questions = self._service.silences, self._service.questions
        match pressed.action:
            case action if action in (WHY, MORE):
                return says.explanation(await questions.why(actor, pressed.story))
            case action if action == MUTE_STORY:
                silence = await silences.mute_story(actor, pressed.story)
                return Answer(f"This story is quiet in this channel until {says.when(silence.until)}.")
            case action if action == MUTE_RULE:
                return await self._mute_rule(actor, self._rule(pressed))
            case action if action == WRONG:
                await questions.wrong(actor, pressed.story, pressed.rule)
                return Answer("Kept for the editor, with the words that rang.")
            case action if action == ACK:
                silence = await silences.ack(actor, pressed.story)
                text = f"Seen to by {asked.name or asked.person}: quiet everywhere until {says.when(silence.until)}."
                return Answer(text, for_all=True)
        raise InputError("This button is too old.")

    def _rule(self, pressed: Pressed) -> str:
        return rule_marked(pressed.rule, self._service.chats.book().rules)

    async def _mute_rule(self, actor: Actor, rule: str) -> Answer:
        silence = await self._service.silences.mute_rule(actor, rule)
        return Answer(f"{rule} is quiet in this channel until {says.when(silence.until)}.")

    # ── the command ──────────────────────────────────────────────────────────────────────────────────
    async def _obey(self, actor: Actor, asked: Asked) -> Answer:
        verb, _, rest = clean(asked.words).partition(" ")
        command = self._commands().get(verb.lower())
        return await command(actor, rest.strip()) if command is not None else says.HELP

    def _commands(self) -> Mapping[str, Callable[[Actor, str], Awaitable[Answer]]]:
        return {
            "latest": self._latest,
            "why": self._why,
            "whynot": self._whynot,
            "search": self._search,
            "silence": self._silence,
            "silences": self._silences,
            "unmute": self._unmute,
            "status": self._status,
        }

    async def _latest(self, actor: Actor, rest: str) -> Answer:
        limit = int(rest) if rest.isdecimal() and len(rest) < 4 else 5
        return says.latest(await self._service.questions.latest(actor, limit))

    async def _why(self, actor: Actor, rest: str) -> Answer:
        return says.explanation(await self._service.questions.why(actor, _bare(rest)))

    async def _whynot(self, actor: Actor, rest: str) -> Answer:
        return says.explanation(await self._service.questions.whynot(actor, _bare(rest)))

    async def _search(self, actor: Actor, rest: str) -> Answer:
        return says.hits(await self._service.questions.search(actor, rest))

    async def _silence(self, actor: Actor, rest: str) -> Answer:
        rules = self._service.chats.book().rules
        if rest in rules:
            return await self._mute_rule(actor, rest)
        near = get_close_matches(rest, rules, n=1)
        meant = f"Did you mean {near[0]}?" if near else f"There are: {', '.join(sorted(rules))}"
        raise InputError(f"There is no rule “{rest}”. {meant}" if rest else f"Say which rule. {meant}")

    async def _silences(self, actor: Actor, _rest: str) -> Answer:
        return says.silences(await self._service.silences.listed(actor))

    async def _unmute(self, actor: Actor, rest: str) -> Answer:
        try:
            await self._service.silences.drop(actor, rest)
        except InputError:
            raise InputError(f"There is no such silence; {COMMAND} silences lists them.") from None
        return await self._silences(actor, "")

    async def _status(self, actor: Actor, _rest: str) -> Answer:
        return says.status(await self._service.questions.status(actor))


def _bare(text: str) -> str:
    """A link as people typed it: Slack may hand it over as ``<https://…|label>``, and ``&`` as ``&amp;``."""
    if text.startswith("<") and text.endswith(">"):
        text = text[1:-1].partition("|")[0]
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
