"""The editors' files as pydantic models: which keys there are, what may stand behind them, what they default to.

The models are the one description of the files. The loader validates with them, the JSON Schema that editors'
programs complete and check with is generated from them (:func:`schema_json`), and a test holds the reference in
``rules/README.md`` to them. The descriptions are what an editor sees when the mouse rests on a key.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Annotated, ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue, models_json_schema
from pydantic_core import core_schema

from bot.config import fields
from bot.config.fields import Json
from bot.config.values import wrong
from bot.core.model import Direction, Feed, Level, Place, Receiver
from bot.core.routing import Route
from bot.core.rules import (
    DEFAULT_COOLDOWN,
    DEFAULT_LEVELS,
    DEFAULT_MAX_AGE,
    DEFAULT_NEAR,
    Confirm,
    Rule,
    TermSpec,
)

MAX_ID = 48  # characters of an id made from a keyword


class Model(BaseModel):
    """What all models share: unknown keys are refused, values are frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


# ── topic files ──────────────────────────────────────────────────────────────────────────────────────
class ConfirmModel(Model):
    """Ask for independent publishers: wire copies and feeds of one owner count once."""

    outlets: fields.Outlets = Field(2, description="How many independent publisher families must tell it.")
    within: fields.Duration = Field(..., description="In this time, such as 30m.")
    then: fields.Then = Field("raise", description="raise the level, or hold the alert and release it then.")


class RuleModel(Model):
    """What to watch for. The smallest rule is one line: ``keywords: troops returning, invasion``."""

    model_config = ConfigDict(
        json_schema_extra={"anyOf": [{"required": ["strong"]}, {"required": ["keywords"]}]}, title="Rule"
    )

    strong: fields.Strong = Field((), description="Terms worth 60 points in a headline.")
    keywords: fields.Keywords = Field((), description="Terms worth 40 points in a headline.")
    weak: fields.Weak = Field((), description="Terms worth 15 points, counted only beside another hit.")
    against: fields.Against = Field((), description="Terms that take 40 points away.")
    ignore: fields.Ignore = Field((), description="Phrases whose words do not count (pitch invasion).")
    never: fields.Never = Field((), description="Terms that silence the rule.")
    needs: fields.Needs = Field(
        (), description="Each line must also occur somewhere; commas mean one of these."
    )
    direction: fields.DirectionWord = Field(
        Direction.NONE, description="The rule's sign, shown in the alert and seen by routes."
    )
    severity: fields.LevelWord = Field(Level.CRITICAL, description="The loudest this rule may get.")
    levels: fields.Levels = Field(
        dict(DEFAULT_LEVELS), description="Own thresholds; default low 20, medium 40, high 60, critical 85."
    )
    languages: fields.Languages = Field((), description="Only articles in these languages; default all.")
    where: fields.Places = Field(tuple(Place), description="Only words in these places: title, lead, body.")
    near: fields.Near = Field(DEFAULT_NEAR, description="Words that may stand between the words of a term.")
    stance: fields.StanceFactors | None = Field(
        None, description="any, or own factors such as {feared: 1}; default ½ for everything not asserted."
    )
    confirm: ConfirmModel | None = Field(None, description="Ask for independent publishers.")
    cooldown: fields.Duration = Field(DEFAULT_COOLDOWN, description="Quiet time per rule and story.")
    max_age: fields.Duration = Field(DEFAULT_MAX_AGE, description="Older articles are not told.")
    id: fields.Id = Field("", description="Name of the rule; made from the first keyword if not given.")
    title: fields.String = Field("", description="What people read; the first keyword if not given.")
    description: fields.String = Field("", description="A note for editors.")
    category: fields.Id = Field("", description="A word for routes and topics, such as conflict.")
    tags: fields.Words = Field((), description="More words for routes and topics.")
    enabled: fields.YesNo = Field(True, description="no = the rule rests.")
    examples: fields.Examples = Field(
        (), description="Headlines that must (match) or must not (no_match) ring."
    )

    @model_validator(mode="after")
    def _says_something(self) -> RuleModel:
        if not self.strong and not self.keywords:
            raise wrong(
                "this rule has neither strong terms nor keywords", "keywords: troops returning, invasion"
            )
        return self

    @property
    def terms(self) -> tuple[TermSpec, ...]:
        """All terms, strongest first."""
        return (*self.strong, *self.keywords, *self.weak, *self.against, *self.ignore, *self.never)

    def rule(self, file: str, line: int) -> Rule:
        """The value the core works with."""
        first = (self.keywords or self.strong)[0].text
        asked = self.confirm
        confirm = Confirm(asked.outlets, asked.within, asked.then) if asked else None
        return Rule(
            id=self.id or made_id(first),
            title=self.title or self.id or first,
            terms=self.terms,
            description=self.description,
            category=self.category,
            tags=self.tags,
            enabled=self.enabled,
            direction=self.direction,
            severity=self.severity,
            levels=self.levels,
            languages=self.languages,
            where=self.where,
            near=self.near,
            stance=self.stance,
            needs=self.needs,
            confirm=confirm,
            cooldown=self.cooldown,
            max_age=self.max_age,
            examples=self.examples,
            file=file,
            line=line,
        )


def made_id(keyword: str) -> str:
    """``troops returning`` → ``troops-returning``; letters of every alphabet stay."""
    return "-".join(re.findall(r"\w+", keyword.lower()))[:MAX_ID].strip("-") or "rule"


class SingleRuleFile(RuleModel):
    """A whole file that is one rule."""

    model_config = ConfigDict(title="A file that is one rule")

    lists: fields.NamedLists = Field({}, description="Named word lists, shared by all files; used as $name.")


class RulesFile(Model):
    """A file of several rules."""

    rules: list[RuleModel] = Field(..., description="The rules of this topic.")
    lists: fields.NamedLists = Field({}, description="Named word lists, shared by all files; used as $name.")


# ── feeds.yaml ───────────────────────────────────────────────────────────────────────────────────────
class FeedModel(Model):
    """One address that is watched."""

    name: fields.Id = Field(..., description="What people call it; unique.")
    url: fields.Url = Field(..., description="Where the feed is.")
    owner: fields.String = Field(
        "", description="Publisher family; feeds of one owner never confirm each other."
    )
    kind: fields.Id = Field("feed", description="Which source reads it.")
    trust: fields.Trust = Field(1.0, description="0 to 1; every score is multiplied by it.")
    lang: fields.Language = Field("", description="Language of the feed; detected if not given.")
    tags: fields.Words = Field((), description="Words for routes (feed: …).")
    full_text: fields.YesNo = Field(False, description="Read the article's page, too.")
    min_interval: fields.Duration | None = Field(None, description="Never ask more often than this.")
    max_interval: fields.Duration | None = Field(None, description="Ask at least this often.")
    enabled: fields.YesNo = Field(True, description="no = not asked.")

    @model_validator(mode="after")
    def _bounds_in_order(self) -> FeedModel:
        if self.min_interval and self.max_interval and self.min_interval > self.max_interval:
            raise wrong("min_interval is longer than max_interval", "exchange them")
        return self

    def feed(self) -> Feed:
        """The value the core works with; without an owner the host is the owner."""
        owner = self.owner or (urlsplit(self.url).hostname or "").removeprefix("www.")
        return Feed(
            name=self.name,
            url=self.url,
            owner=owner,
            kind=self.kind,
            trust=self.trust,
            lang=self.lang,
            tags=self.tags,
            full_text=self.full_text,
            min_interval=self.min_interval,
            max_interval=self.max_interval,
            enabled=self.enabled,
        )


class FeedsFile(Model):
    """feeds.yaml: what is watched."""

    feeds: list[FeedModel] = Field(..., description="One entry a feed.")


# ── routes.yaml ──────────────────────────────────────────────────────────────────────────────────────
class ReceiverModel(Model):
    """A place alerts go to; which keys it has depends on its kind."""

    ADDRESS: ClassVar[str] = ""  # the key that holds the address, if the kind has one
    RENAMED: ClassVar[Mapping[str, str]] = {}  # key → the notifier's name for it

    name: fields.Id = Field(..., description="What routes call it; unique.")

    def receiver(self) -> Receiver:
        """The value the core works with. Options are the kind's other keys that were written, as text."""
        written = self.model_dump(exclude={"name", "kind", self.ADDRESS}, exclude_unset=True)
        options = {self.RENAMED.get(key, key): _plain(value) for key, value in written.items()}
        address = str(getattr(self, self.ADDRESS)) if self.ADDRESS else ""
        return Receiver(self.name, str(getattr(self, "kind", "")), address, options)


def _plain(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


_POLICY = (
    "repeat (at_least_once) or at_most_once: what to do when no answer came and the message may have arrived."
)
_URL_SETTING = "The <name> of the setting NEWSALERT_SECRET_<NAME> that holds the address."


class TelegramReceiver(ReceiverModel):
    """A Telegram chat, group or channel."""

    ADDRESS = "chat"

    kind: Literal["telegram"] = Field(..., description="The kind of place.")
    chat: fields.String = Field(..., description="Numeric chat id (groups begin with -), or @channel.")
    thread: fields.String = Field("", description="Number of the forum topic to write to.")
    silent: fields.YesNo = Field(False, description="yes = without a sound.")
    policy: fields.Policy = Field("repeat", description=_POLICY)


class SlackReceiver(ReceiverModel):
    """A Slack channel, through the bot token."""

    ADDRESS = "channel"

    kind: Literal["slack"] = Field(..., description="The kind of place.")
    channel: fields.String = Field(..., description='Channel id, or its name in quotes: "#world-desk".')
    thread: fields.YesNo = Field(True, description="Updates of a story go into its thread.")
    policy: fields.Policy = Field("repeat", description=_POLICY)


class SlackWebhookReceiver(ReceiverModel):
    """A Slack incoming webhook."""

    ADDRESS = "url_setting"

    kind: Literal["slack-webhook"] = Field(..., description="The kind of place.")
    url_setting: fields.SettingName = Field(..., description=_URL_SETTING)
    policy: fields.Policy = Field("repeat", description=_POLICY)


class WebhookReceiver(ReceiverModel):
    """Any HTTPS address that takes signed JSON."""

    ADDRESS = "url_setting"
    RENAMED = MappingProxyType({"secret_setting": "secret"})

    kind: Literal["webhook"] = Field(..., description="The kind of place.")
    url_setting: fields.SettingName = Field(..., description=_URL_SETTING)
    secret_setting: fields.SettingName = Field(
        ..., description="The <name> of the setting NEWSALERT_SECRET_<NAME> that holds the signing secret."
    )
    policy: fields.Policy = Field("repeat", description=_POLICY)


class ConsoleReceiver(ReceiverModel):
    """The terminal the bot runs in."""

    kind: Literal["console"] = Field(..., description="The kind of place.")


RECEIVER_KINDS: Mapping[str, type[ReceiverModel]] = {
    "telegram": TelegramReceiver,
    "slack": SlackReceiver,
    "slack-webhook": SlackWebhookReceiver,
    "webhook": WebhookReceiver,
    "console": ConsoleReceiver,
}
"""``kind:`` → its model."""

AnyReceiver = Annotated[
    TelegramReceiver | SlackReceiver | SlackWebhookReceiver | WebhookReceiver | ConsoleReceiver,
    Field(discriminator="kind"),
]


class WhenModel(Model):
    """All conditions must hold; each holds if any of its alternatives does."""

    level: fields.LevelConditions = Field((), description="high = exactly high; high+ = at least high.")
    category: fields.Words = Field((), description="Category of the rule.")
    direction: fields.DirectionConditions = Field((), description="escalation, de-escalation or none.")
    tag: fields.Words = Field((), description="Tag of the rule.")
    rule: fields.Words = Field((), description="Id of the rule.")
    language: fields.Languages = Field((), description="Language of the article.")
    feed: fields.Words = Field((), description="Name or tag of the feed.")
    owner: fields.Words = Field((), description="Publisher family.")


class RouteModel(Model):
    """One line: which alerts go to whom."""

    when: WhenModel | None = Field(None, description="Conditions; none = every alert.")
    to: fields.Words = Field(..., min_length=1, description="Names of receivers.")
    digest: fields.Duration | None = Field(None, description="Collect this long and tell together.")

    def route(self) -> Route:
        """The value the core works with."""
        conditions = self.when.model_dump(exclude_defaults=True) if self.when else {}
        return Route(conditions, self.to, self.digest)


class RoutesFile(Model):
    """routes.yaml: receivers, and which alerts they get."""

    receivers: list[AnyReceiver] = Field([], description="Places alerts go to.")
    routes: list[RouteModel] = Field(
        [], description="Every line that fits fires; a receiver gets a story once."
    )


# ── the JSON Schema ──────────────────────────────────────────────────────────────────────────────────
class _Bare(GenerateJsonSchema):
    """Leaves out what helps nobody who edits: titles made from names, and defaults, which the texts tell."""

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def field_title_should_be_set(self, schema: object) -> bool:  # noqa: ARG002 — pydantic's signature
        return False


def schema() -> Json:
    """One schema for all files of the folder: which model applies is seen by the keys that only it has."""
    models = (RulesFile, FeedsFile, RoutesFile, SingleRuleFile)
    found, definitions = models_json_schema(
        [(model, "validation") for model in models], schema_generator=_Bare
    )
    rules, feeds, routes, single = (found[(model, "validation")] for model in models)
    is_routes = {"anyOf": [{"required": ["routes"]}, {"required": ["receivers"]}]}
    only_lists = {"if": {"propertyNames": {"const": "lists"}}, "then": {}, "else": single}
    not_feeds = {"if": is_routes, "then": routes, "else": only_lists}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "newsalert: rules, feeds and routes",
        "if": {"required": ["rules"]},
        "then": rules,
        "else": {"if": {"required": ["feeds"]}, "then": feeds, "else": not_feeds},
        "$defs": _used(definitions["$defs"], found.values()),
    }


def _used(definitions: Json, roots: Iterable[object]) -> Json:
    """Only the definitions that are referred to; the readers' own result types are not."""
    wanted, text = set[str](), json.dumps(list(roots))
    while more := set(re.findall(r"#/\$defs/(\w+)", text)) - wanted:
        wanted |= more
        text = json.dumps([definitions[name] for name in sorted(more)])
    return {name: definitions[name] for name in sorted(wanted)}


def schema_json() -> str:
    """The text of ``rules/rules.schema.json``."""
    return json.dumps(schema(), ensure_ascii=False, indent=1) + "\n"
