"""The JSON API below /api: the service's verbs over HTTP, one route a verb, documented at /api/openapi.json.

No route decides anything: the visit becomes an actor, the verb is called, the answer is a record. What changes
something is POST, and passed the forgery check of :mod:`bot.web.access`.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, FastAPI, Path, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from bot import __version__
from bot.errors import InputError, NewsalertError, NotPermitted
from bot.service import Service
from bot.service_ground import Actor, at_the_console
from bot.web import record
from bot.web.keys import Visit

LARGEST_TEXT = 2_000_000

_ERRORS: dict[int | str, dict[str, Any]] = {
    400: {"description": "What was asked for cannot be; `error` says why."},
    401: {"description": "Log in first, or send a token as `Authorization: Bearer …`."},
    403: {"description": "Your role may not do that, or the request did not come from a page of ours."},
}


def actor_of(request: Request) -> Actor:
    """Who acts, by the visit that :mod:`bot.web.access` found."""
    visit: Visit = request.state.visit
    return at_the_console(visit.name, visit.role)


Who = Annotated[Actor, Depends(actor_of)]
Limit = Annotated[int, Query(ge=1, le=500)]
Days = Annotated[int, Query(ge=1, le=90)]
Id = Annotated[str, Path(max_length=300)]
File = Annotated[str, Path(max_length=80)]


class Text(BaseModel):
    """A file's text, as it is edited."""

    text: str = Field(max_length=LARGEST_TEXT)


class SavedText(Text):
    """``base`` is the mark of the text the editing began with."""

    base: str = Field(max_length=64)


class Weighed(Text):
    """``subject`` is a headline or a link."""

    subject: str = Field(max_length=4000)


class NewFeed(BaseModel):
    """A feed to watch; what is empty is made from the address."""

    url: str = Field(max_length=2000)
    name: str = Field("", max_length=60, pattern=r"^([a-z0-9][a-z0-9_-]*)?$")
    owner: str = Field("", max_length=100, pattern=r"^[\w .&'-]*$")
    lang: str = Field("", max_length=3, pattern=r"^[a-z]*$")
    kind: str = Field("feed", pattern=r"^(feed|sitemap)$")


class Address(BaseModel):
    """A site, a page or a feed."""

    url: str = Field(max_length=2000)


def put_api(app: FastAPI, service: Service) -> None:
    """All of it on ``app``, with its description and with errors as JSON."""
    app.version = __version__
    app.include_router(_api(service))

    @app.get("/api/openapi.json", include_in_schema=False)
    async def openapi() -> JSONResponse:
        return JSONResponse(app.openapi())

    async def said(_request: Request, error: Exception) -> Response:
        return JSONResponse({"error": str(error)}, 403 if isinstance(error, NotPermitted) else 400)

    for kind in (NotPermitted, InputError, NewsalertError):
        app.add_exception_handler(kind, said)


def _api(service: Service) -> APIRouter:
    router = APIRouter(prefix="/api", responses=_ERRORS)
    _stories(router, service)
    _rules(router, service)
    _shadows(router, service)
    _feeds(router, service)
    _more_feeds(router, service)
    _deliveries(router, service)
    return router


def _stories(router: APIRouter, service: Service) -> None:
    @router.get("/me")
    async def me(request: Request) -> record.Json:
        """Who you are here."""
        visit: Visit = request.state.visit
        return {"name": visit.name, "role": visit.role}

    @router.get("/stories")
    async def stories(who: Who, limit: Limit = 100) -> list[record.Json]:
        """Stories that were told, newest first."""
        return [record.story_json(each) for each in await service.newsroom.stories(who, limit)]

    @router.get("/stories/{story}")
    async def story(who: Who, story: Id) -> record.Json:
        """One story: timeline, sum, why merged, and for editors its deliveries."""
        return record.told_json(await service.newsroom.story(who, story))

    @router.get("/near-misses")
    async def near_misses(who: Who, days: Annotated[int, Query(ge=1, le=7)] = 1) -> list[record.Json]:
        """What stayed just below a threshold."""
        return [record.near_json(each) for each in await service.newsroom.near_misses(who, days=days)]

    @router.get("/numbers")
    async def numbers(who: Who, days: Days = 7) -> record.Json:
        """Alerts by level and rule, delays, what people called wrong."""
        return record.numbers_json(await service.newsroom.numbers(who, days=days))


def _rules(router: APIRouter, service: Service) -> None:
    rules = service.rules

    @router.get("/rules")
    async def files(who: Who) -> list[record.Json]:
        """The editors' files."""
        return [{"name": each.name, "rules": list(each.rules)} for each in await rules.files(who)]

    @router.get("/rules/{file}")
    async def text(who: Who, file: File) -> record.Json:
        """A file's text and its mark."""
        found = await rules.text(who, file)
        return {"text": found, "mark": record.mark(found)}

    @router.post("/rules/{file}/check")
    async def check(who: Who, file: File, draft: Text) -> record.Json:
        """Mistakes, hints and failing examples of a draft. Changes nothing."""
        return record.checked_json(await rules.check(who, file, draft.text))

    @router.post("/rules/{file}/weigh")
    async def weigh(who: Who, file: File, draft: Weighed) -> list[record.Json]:
        """Every line of the sum a draft gives a headline or a page. Changes nothing."""
        sheets = await rules.weigh(who, file, draft.text, draft.subject)
        return [record.sheet_json(sheet) for sheet in sheets]

    @router.post("/rules/{file}/compare")
    async def compare(who: Who, file: File, draft: Text, days: Days = 7) -> record.Json:
        """The last days under the draft against the saved text. Changes nothing."""
        return record.comparison_json(await rules.compare(who, file, draft.text, days=days))

    @router.post("/rules/{file}")
    async def save(who: Who, file: File, draft: SavedText) -> record.Json:
        """Save a draft that loads."""
        problems = await rules.save(who, file, draft.text, base=draft.base)
        return {"mark": record.mark(draft.text), "problems": [record.problem_json(each) for each in problems]}

    @router.get("/rules/{file}/versions")
    async def versions(who: Who, file: File) -> list[record.Json]:
        """What was saved before."""
        return [{"id": each.id, "by": each.by} for each in await rules.versions(who, file)]

    @router.get("/rules/{file}/versions/{version}")
    async def diff(who: Who, file: File, version: Id) -> record.Json:
        """A version's text, and what changed since."""
        found = await rules.version(who, file, version)
        return {"text": found, "diff": await rules.diff(who, file, version)}

    @router.post("/rules/{file}/versions/{version}/restore")
    async def restore(who: Who, file: File, version: Id) -> record.Json:
        """Save an earlier text again."""
        problems = await rules.restore(who, file, version)
        return {"problems": [record.problem_json(each) for each in problems]}


def _shadows(router: APIRouter, service: Service) -> None:
    shadows = service.shadows

    @router.get("/rules/{file}/shadow")
    async def shadow(who: Who, file: File) -> record.Json:
        """The draft that runs beside a file, and what it would have told so far; empty if none does."""
        return record.shadow_json(shadows.running(who, file))

    @router.post("/rules/{file}/shadow")
    async def start_shadow(who: Who, file: File, draft: Text) -> record.Json:
        """Run a draft beside what is saved, from the next article on."""
        return record.shadow_json(await shadows.start(who, file, draft.text))

    @router.post("/rules/{file}/shadow/drop")
    async def drop_shadow(who: Who, file: File) -> record.Json:
        """End it."""
        await shadows.drop(who, file)
        return {"dropped": file}


def _feeds(router: APIRouter, service: Service) -> None:
    feeds = service.feeds

    @router.get("/feeds")
    async def rows(who: Who) -> list[record.Json]:
        """Every feed and how it does."""
        return [record.feed_json(each) for each in await feeds.rows(who)]

    @router.post("/feeds")
    async def add(who: Who, feed: NewFeed) -> record.Json:
        """Watch one more."""
        made = await feeds.add(
            who, feed.url, name=feed.name, owner=feed.owner, lang=feed.lang, kind=feed.kind
        )
        return {"name": made.name, "owner": made.owner}

    @router.get("/feeds/{feed}/items")
    async def items(who: Who, feed: Id) -> list[record.Json]:
        """A feed's newest items."""
        return [record.entry_json(each) for each in await feeds.lately(who, feed)]

    @router.post("/feeds/{feed}/poll")
    async def poll(who: Who, feed: Id) -> record.Json:
        """Poll it now."""
        await feeds.poll(who, feed)
        return {}

    @router.post("/feeds/{feed}/pause")
    async def pause(who: Who, feed: Id) -> record.Json:
        """Poll it no more."""
        await feeds.pause(who, feed)
        return {}

    @router.post("/feeds/{feed}/resume")
    async def resume(who: Who, feed: Id) -> record.Json:
        """Poll it again."""
        await feeds.resume(who, feed)
        return {}


def _more_feeds(router: APIRouter, service: Service) -> None:
    feeds = service.feeds

    @router.post("/feeds/discover")
    async def discover(who: Who, address: Address) -> list[record.Json]:
        """The feeds of a site or page. Changes nothing here; it asks that site."""
        return [record.found_json(each) for each in await feeds.discover(who, address.url)]

    @router.post("/feeds/test")
    async def test(who: Who, address: Address) -> record.Json:
        """What one address would give: kind, characters, items, dates, hub, pace. Changes nothing."""
        return record.trial_json(await feeds.try_out(who, address.url))

    @router.get("/feeds.opml")
    async def opml(who: Who) -> Response:
        """All feeds as OPML."""
        disposition = {"Content-Disposition": "attachment; filename=newsalert.opml"}
        return Response(await feeds.opml(who), media_type="text/x-opml", headers=disposition)

    @router.post("/feeds.opml")
    async def take_opml(
        who: Who, document: Annotated[str, Body(max_length=5_000_000, embed=True)]
    ) -> record.Json:
        """Watch a list's feeds, too."""
        count, problems = await feeds.take_opml(who, document.encode("utf-8", "replace"))
        return {"added": count, "problems": [record.problem_json(each) for each in problems]}


def _deliveries(router: APIRouter, service: Service) -> None:
    operations = service.operations

    @router.get("/dead-letters")
    async def dead_letters(who: Who, limit: Limit = 100) -> list[record.Json]:
        """Messages that will not go out unless somebody helps."""
        return [record.delivery_json(each) for each in await operations.dead_letters(who, limit)]

    @router.post("/dead-letters/retry")
    async def retry(who: Who, delivery: Annotated[str, Body(max_length=500, embed=True)]) -> record.Json:
        """Owe it anew."""
        await operations.retry(who, delivery)
        return {}

    @router.post("/dead-letters/drop")
    async def drop(who: Who, delivery: Annotated[str, Body(max_length=500, embed=True)]) -> record.Json:
        """Remove it for good."""
        await operations.drop(who, delivery)
        return {}

    @router.get("/people")
    async def people(who: Who) -> list[record.Json]:
        """Who subscribed to what."""
        return [record.subscription_json(each) for each in await operations.subscribers(who)]

    @router.get("/feedback")
    async def feedback(who: Who, limit: Limit = 100) -> list[record.Json]:
        """What people called wrong."""
        return [record.feedback_json(each) for each in await operations.feedback(who, limit=limit)]
