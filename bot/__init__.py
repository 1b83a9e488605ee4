"""newsalert: tells people within seconds that the news they wait for has broken.

The straight line an article travels, and the file that carries it each leg of the way::

    source ─ fetch ─ parse ─ normalise ─ match·score ─ story ─ decide ─ route ─ outbox ─ deliver
    └────────── poller.py ──────────┘└──────────── ingest.py ───────────────┘└── delivery.py ──┘
      in parallel                       one at a time, one transaction a poll    one lane a receiver

Layers; each imports only what stands to its right, and siblings do not import one another::

    __main__ → cli → app → chat | slackapp | web → service → poller | delivery | digest → ingest
             → sources | store | notify → ports | config → core → errors

The words, each with one meaning:

==================  =======================================================================================
source              code that can read one *kind* of thing (RSS/Atom/JSON feed, news sitemap, …)
feed                one configured address, with an owner (publisher family), trust and tags
raw entry, entry    what the publisher wrote; the same, normalised
story               the entries that tell the same news
rule, term          what an editor watches for; one line of it
match, evidence     a rule met an entry; the words that prove it, with character spans
stance              asserted, feared, denied, called for, simulated, background
score, level        points that add up line by line; low, medium, high, critical
direction           ``escalation``, ``de-escalation`` or none: a rule's sign
decision            what we do about an entry (outcome), and why, stage by stage (steps)
alert               a story worth telling
label               what routes can see: rule, category, tags, level, direction, language, feed
route, receiver     labels → receivers; a configured place (``ops-telegram``)
notifier            code that speaks to one kind of place
delivery, outbox    one message owed to one receiver; all of them
receipt             what the platform called our message
silence, digest     labels muted until a time; alerts held and told together
subscription        a chat's own wish to receive
==================  =======================================================================================
"""

__version__ = "0.1.0"
