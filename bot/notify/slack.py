"""Slack with a bot token: blocks, threads, edits in place, and exactly once.

Exactly once, because every message carries its delivery's id as metadata and the channel's history can be read
back (:meth:`Slack.find`): what is in doubt after a lost reply or a crash is looked up, not guessed. For that the
client must not retry by itself. With slack_sdk's default handlers a reply lost on the way gave two messages and a
caller who saw one success, hence ``retry_handlers=[]``; only the outbox tries again.

Errors are told by the word in ``error``, never by the HTTP status: Slack says ``ok: false`` with 200.

A story stays one message: another source edits it in place, a raised level edits it and answers in its thread.
Repeating an edit does no harm, so an edit without an answer counts as not sent rather than as in doubt.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from aiohttp import ClientError, ClientSession
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot import metrics
from bot.core.model import AlertKind, Message, MessageKind, Receipt, Receiver
from bot.core.storystate import CLOSED_AFTER
from bot.errors import (
    Ambiguous,
    DeliveryError,
    FetchError,
    NotifierStopped,
    NotSent,
    ReceiverGone,
    Rejected,
    Throttled,
)
from bot.notify.posting import retry_after, transport_error
from bot.notify.slack_blocks import NOT_IN_FALLBACK, Page, alert_page, pages, reply_page, with_buttons

EVENT_TYPE = "newsalert_delivery"
DEFAULT_WAIT = 30.0  # seconds after a rate limit that does not say how long
CLOCK_SKEW = timedelta(minutes=5)  # between our clock and the one that stamps messages
MOST_PAGES = 25  # of history, when we look for a message

_CREDENTIALS = {
    "access_denied", "account_inactive", "accesslimited", "ekm_access_denied", "enterprise_is_restricted",
    "invalid_auth", "missing_scope", "no_permission", "not_allowed_token_type", "not_authed", "org_login_required",
    "team_access_not_granted", "token_expired", "token_revoked", "two_factor_setup_required",
}  # fmt: skip
_CLOSED = {
    "cannot_dm_bot", "channel_not_found", "is_archived", "is_inactive", "messages_tab_disabled", "not_in_channel",
    "restricted_action", "restricted_action_read_only_channel", "restricted_action_thread_only_channel",
    "team_not_found", "user_disabled", "user_not_found",
}  # fmt: skip
_UNFIT = {
    "invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "msg_too_long", "too_many_blocks",
}  # fmt: skip
_NOTHING_TO_EDIT = {"cant_update_message", "edit_window_closed", "message_not_found"}
_MAY_HAVE_WORKED = {"fatal_error", "internal_error", "service_unavailable"}
_NOT_CONSUMED = {"request_timeout"}
_LIMITED = {"message_limit_exceeded", "rate_limited", "ratelimited"}


class _Refused(Rejected):
    """Slack's own word stays with the error, for the one remedy it may have."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(f"Slack refused the message: {code}")


class _Closed(ReceiverGone):
    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(f"Slack has closed the channel to us: {code}")


class Slack:
    """Implements :class:`bot.ports.Notifier`. ``session`` is the guarded client's; it stays the caller's.

    ``buttons`` only where somebody hears them (:mod:`bot.slackapp`): Slack shows an error to who presses in vain.
    """

    def __init__(
        self,
        token: str,
        *,
        session: ClientSession,
        base_url: str = AsyncWebClient.BASE_URL,
        seconds: float = 15.0,
        buttons: bool = False,
    ) -> None:
        self._client = AsyncWebClient(token, base_url=base_url, session=session, retry_handlers=[])
        self._seconds = seconds
        self._buttons = buttons
        self._ids: dict[str, str] = {}  # configured address → the id Slack uses

    # ── render ───────────────────────────────────────────────────────────────────────────────────────
    def render(self, message: Message, receiver: Receiver) -> Sequence[Mapping[str, object]]:
        """Parts ``{"as": "post" | "thread" | "edit" | "reply", "body": …}``.

        An update edits, and answers if it matters; what contradicts a told story stands in that story's thread.
        """
        said = [
            (how, page) for how, page in _said(message, threads=receiver.options.get("thread") != "false")
        ]
        if self._buttons and message.kind is MessageKind.ALERT and message.alerts:
            alert = message.alerts[0]
            said = [(how, page if how == "reply" else with_buttons(page, alert)) for how, page in said]
        return [_part(message, number, how, page) for number, (how, page) in enumerate(said)]

    # ── send ─────────────────────────────────────────────────────────────────────────────────────────
    async def send(
        self, receiver: Receiver, part: Mapping[str, object], *, after: Receipt | None, now: datetime
    ) -> Receipt:
        """Send one part. What should edit or answer a message that is not there is posted instead."""
        how, body = part["as"], cast(Mapping[str, object], part["body"])
        if how == "edit" and after is not None:
            return await self._edit(after, body, now)
        if how == "reply":
            return await self._reply(receiver, after, body, now)
        if how == "thread" and after is not None and after.message:
            return await self._answer(receiver, after, body, now)
        return await self._post(receiver, body, now)

    async def _edit(self, after: Receipt, body: Mapping[str, object], now: datetime) -> Receipt:
        try:
            await self._fitting(self._client.chat_update, body, channel=after.channel, ts=after.message)
        except Ambiguous as error:
            raise NotSent(f"{error}; repeating an edit does no harm") from error
        except _Refused as error:
            if (
                error.code not in _NOTHING_TO_EDIT
            ):  # else a person deleted it: nothing is left to keep current
                raise
        return Receipt(after.channel, after.message, now)

    async def _reply(
        self, receiver: Receiver, after: Receipt | None, body: Mapping[str, object], now: datetime
    ) -> Receipt:
        if (
            after is None or not after.message
        ):  # the whole story was posted a moment ago instead of being edited
            return Receipt(receiver.address, "", now)
        return await self._answer(receiver, after, body, now)

    async def _answer(
        self, receiver: Receiver, after: Receipt, body: Mapping[str, object], now: datetime
    ) -> Receipt:
        try:
            return await self._post(receiver, body, now, thread_ts=after.message)
        except _Refused as error:
            if error.code != "thread_not_found":
                raise
            return await self._post(receiver, {**body, "reply_broadcast": False}, now)

    async def _post(
        self, receiver: Receiver, body: Mapping[str, object], now: datetime, **where: object
    ) -> Receipt:
        post = self._client.chat_postMessage
        try:
            answer = await self._fitting(post, body, channel=receiver.address, **where)
        except _Closed as error:
            if error.code != "not_in_channel" or not await self._join(receiver.address):
                raise
            answer = await self._fitting(post, body, channel=receiver.address, **where)
        channel = str(answer.get("channel", receiver.address))
        self._ids[receiver.address] = channel
        return Receipt(channel, str(answer.get("ts", "")), now)

    async def _fitting(
        self, method: Callable[..., Awaitable[Any]], body: Mapping[str, object], **where: object
    ) -> Mapping[str, Any]:
        """Once as it is; once more as plain text if Slack finds fault with the blocks."""
        try:
            return await self._call(method, **body, **where)
        except _Refused as error:
            if error.code not in _UNFIT:
                raise
        metrics.unreadable("slack")
        plain = {key: value for key, value in body.items() if key not in NOT_IN_FALLBACK}
        return await self._call(method, **plain, **where)

    async def _join(self, address: str) -> bool:
        """Public channels let a bot in that may join; all others say no."""
        try:
            await self._call(self._client.conversations_join, channel=address)
        except (_Closed, _Refused, NotifierStopped):
            return False
        return True

    # ── find ─────────────────────────────────────────────────────────────────────────────────────────
    async def find(self, receiver: Receiver, message: Message, *, since: datetime) -> Receipt | None:
        """The newest part of this message that arrived, None if none did.

        Raises Ambiguous where the token may post but not read.
        """
        try:
            channel = await self._channel_id(receiver.address)
            found = [each async for each in self._told(channel, message, since)]
        except NotifierStopped as error:
            if "missing_scope" not in str(error):
                raise
            raise Ambiguous("the token may not read the channel's history") from error
        except (ReceiverGone, Rejected) as error:
            raise Ambiguous(f"the channel cannot be read: {error}") from error
        if not found:
            return None
        newest = max(found, key=lambda each: int(_payload(each).get("part", 0)))
        sent = datetime.fromtimestamp(float(newest["ts"]), UTC)
        return Receipt(channel, str(newest["ts"]), sent)

    async def _told(
        self, channel: str, message: Message, since: datetime
    ) -> AsyncIterator[Mapping[str, Any]]:
        """Messages that carry this delivery's id, in the channel and in the threads of its story."""
        update = next((each for each in message.alerts if each.kind.answers or each.contradicts), None)
        first = min((report.first_seen for report in update.reports), default=since) if update else since
        thread = update.story if update else ""
        if update is not None and update.contradicts is not None:
            first, thread = since - CLOSED_AFTER, update.contradicts.story
        async for each in self._history(channel, min(first, since)):
            payload = _payload(each)
            if payload.get("delivery") == message.delivery:
                yield each
            if update is not None and payload.get("story") == thread and each.get("reply_count"):
                async for reply in self._replies(channel, each["ts"], since):
                    if _payload(reply).get("delivery") == message.delivery:
                        yield reply

    def _history(self, channel: str, since: datetime) -> AsyncIterator[Mapping[str, Any]]:
        return self._paged(self._client.conversations_history, since, channel=channel)

    def _replies(self, channel: str, thread: str, since: datetime) -> AsyncIterator[Mapping[str, Any]]:
        return self._paged(self._client.conversations_replies, since, channel=channel, ts=thread)

    async def _paged(
        self, method: Callable[..., Awaitable[Any]], since: datetime, **where: object
    ) -> AsyncIterator[Mapping[str, Any]]:
        cursor, oldest = "", f"{(since - CLOCK_SKEW).timestamp():.6f}"
        for _ in range(MOST_PAGES):
            answer = await self._call(
                method, include_all_metadata=True, oldest=oldest, limit=200, cursor=cursor, **where
            )
            for each in answer.get("messages") or ():
                yield each
            cursor = (answer.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return
        raise Ambiguous("the channel's history is too long to search")

    async def _channel_id(self, address: str) -> str:
        """The id of a channel, of ``#name`` or of a person's direct messages; remembered."""
        if re.fullmatch(r"[CGD][A-Z0-9]{6,}", address):
            return address
        if address not in self._ids:
            self._ids[address] = await self._look_up(address)
        return self._ids[address]

    async def _look_up(self, address: str) -> str:
        if re.fullmatch(r"[UW][A-Z0-9]{6,}", address):
            opened = await self._call(self._client.conversations_open, users=address)
            return str(opened["channel"]["id"])
        name, cursor = address.removeprefix("#"), ""
        for _ in range(MOST_PAGES):
            answer = await self._call(
                self._client.conversations_list,
                types="public_channel,private_channel",
                exclude_archived=True,
                limit=1000,
                cursor=cursor,
            )
            for channel in answer.get("channels") or ():
                if channel.get("name") == name:
                    return str(channel["id"])
            cursor = (answer.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                break
        raise _Closed("channel_not_found")

    # ── calls ────────────────────────────────────────────────────────────────────────────────────────
    async def _call(self, method: Callable[..., Awaitable[Any]], **arguments: object) -> Mapping[str, Any]:
        """One call; raises the leaves of DeliveryError and nothing else."""
        try:
            async with asyncio.timeout(self._seconds):
                response = await method(**arguments)
        except SlackApiError as error:
            raise _classified(error.response) from None
        except (ClientError, FetchError, TimeoutError) as error:
            raise transport_error(error) from None
        except AttributeError:  # the client takes every answer for a JSON object
            raise Ambiguous("the answer is none of Slack's") from None
        data: Mapping[str, Any] = response.data
        return data

    async def close(self) -> None:
        """The session is not ours."""


def _said(message: Message, *, threads: bool) -> list[tuple[str, Page]]:
    alert = message.alerts[0] if message.kind is MessageKind.ALERT and message.alerts else None
    if alert is None or alert.kind is AlertKind.NEW:
        how = "thread" if alert is not None and alert.contradicts and threads else "post"
        return [(how, page) for page in pages(message)]
    whole = ("edit", alert_page(alert, repeat=message.repeat))
    if not alert.kind.answers:
        return [whole]
    return [whole, ("reply" if threads else "post", reply_page(alert, repeat=message.repeat))]


def _part(message: Message, number: int, how: str, page: Page) -> Mapping[str, object]:
    story = message.alerts[0].story if len(message.alerts) == 1 else ""
    payload = {"delivery": message.delivery, "part": number, "story": story}
    body = page.body() | {"metadata": {"event_type": EVENT_TYPE, "event_payload": payload}}
    if how in ("reply", "thread"):
        body["reply_broadcast"] = True  # a louder story must not hide in a thread
    return {"as": how, "body": body}


def _payload(message: Mapping[str, Any]) -> Mapping[str, Any]:
    metadata = message.get("metadata") or {}
    payload = metadata.get("event_payload") if metadata.get("event_type") == EVENT_TYPE else None
    return payload if isinstance(payload, dict) else {}


def _classified(response: Any) -> DeliveryError:
    """By Slack's word. ``response`` is slack_sdk's, or aiohttp's where the body was no JSON."""
    data = getattr(response, "data", None)
    code = str(data.get("error", "")) if isinstance(data, dict) else ""
    if code in _LIMITED or (not code and _status(response) == 429):
        wait = retry_after(response.headers)
        return Throttled(DEFAULT_WAIT if wait is None else wait, "Slack asks us to slow down")
    if not code or code in _MAY_HAVE_WORKED:
        return Ambiguous(f"Slack failed: {code or f'status {_status(response)} and no word of Slack'}")
    if code in _NOT_CONSUMED:
        return NotSent(f"Slack did not read the request: {code}")
    if code in _CREDENTIALS:
        return NotifierStopped(f"Slack refuses our token: {code}")
    return _Closed(code) if code in _CLOSED else _Refused(code)


def _status(response: Any) -> int:
    return int(getattr(response, "status_code", 0) or getattr(response, "status", 0))
