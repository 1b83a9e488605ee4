"""Addresses: absolute, clean for people, canonical for comparison, redacted for logs.

Three forms of one link, each for one purpose:

* :func:`clean` is shown and clicked: absolute http(s), no user name, no tracking parameters; all that the page may
  need is left as the publisher wrote it.
* :func:`canonical` is compared: scheme, ``www.``, order of parameters and a trailing slash say nothing about which
  article it is. It is no address and is never requested.
* :func:`redacted` is logged: user names, passwords and parameters that look like secrets are masked.

Only names of parameters that no known publisher uses to choose an article stand in the tables. A wrong row would
merge two articles into one and lose an alert, a missing row only costs a comparison of headlines.
"""

from __future__ import annotations

import re
from urllib.parse import SplitResult, parse_qsl, quote, urljoin, urlsplit, urlunsplit

TRACKING_PREFIXES = (
    "utm_",  # Google Analytics and all who copy its names
    "at_",  # Piano / AT Internet, the BBC's feeds among others
    "pk_", "mtm_", "matomo_",  # Matomo
    "hsa_", "_hs",  # HubSpot
    "ns_",  # comScore
    "wt_",  # Webtrekk
    "fb_",  # Facebook's share dialogue
)  # fmt: skip
TRACKING_NAMES = frozenset(
    (
        "fbclid", "igshid", "igsh",  # Meta
        "gclid", "gclsrc", "dclid", "gbraid", "wbraid", "_ga", "_gl",  # Google
        "msclkid", "ocid",  # Microsoft
        "twclid", "__twitter_impression", "ttclid", "yclid", "ysclid", "li_fat_id",  # other networks
        "mc_cid", "mc_eid", "mkt_tok", "vero_id", "oly_enc_id", "oly_anon_id", "ck_subscriber_id",  # newsletters
        "xtor", "xtref",  # AT Internet, older form
        "cmp", "cmpid", "icid", "int_source", "int_medium", "int_campaign", "s_cid",  # in-house campaigns
        "smid", "smtyp", "emc", "partner",  # New York Times
        "wpisrc", "wpmm",  # Washington Post
        "maca",  # Deutsche Welle
        "traffic_source",  # Al Jazeera
        "ftag",  # CBS
        "__source",  # CNBC
        "taid", "echobox",  # social media schedulers
        "guccounter", "guce_referrer", "guce_referrer_sig",  # Yahoo's consent page
        "spref", "sref", "spm", "srnd", "rss_id",
    )
)  # fmt: skip
SAYS_FEED = frozenset(("ref", "src", "source", "from", "feed", "mod", "via", "medium", "rss", "cm", "wtmc"))
"""Parameters that only track when their value says that the reader came from a feed."""
_FEED_VALUE = re.compile(r"(?:^|[^a-z])(?:rss|feed)", re.IGNORECASE)
_TRACKING_FRAGMENT = re.compile(r"^(?:xtor|utm_|ref=|rss|feed|echobox|intcid|at_|\d{1,2}$)", re.IGNORECASE)
_SECRET_NAME = re.compile(
    r"token|secret|passw|pwd|auth|signature|session|credential|api_?key|^(?:key|sig|pass|user|login|code|k)$",
    re.I,
)
_UNSAFE = re.compile(r"[\x00-\x20\x7f-\x9f\u2028\u2029]")
_SAFE = "%/:=&?~#+!$,;'@()*[]|"
DEFAULT_PORTS = {"http": 80, "https": 443}
_SAME_SITE = ("www.", "m.", "amp.", "mobile.")
_PLAIN = re.compile(r"https?://([a-z0-9-]+(?:\.[a-z0-9-]+)+)(/[A-Za-z0-9._~/-]*)")
"""An address that is absolute, clean and without parameters as it stands, as most are: it need not be taken apart."""


def split(url: str) -> SplitResult | None:
    """The parts of an http(s) address with a host, or None for anything else (``javascript:``, ``data:``, …)."""
    try:
        parts = urlsplit(url.strip())
        if parts.scheme not in DEFAULT_PORTS or not parts.hostname or parts.port == 0:
            return None
    except ValueError:  # a broken port or IPv6 literal
        return None
    return parts


def absolute(base: str, link: str) -> str:
    """``link`` as seen from ``base``; "" when that is not an http(s) address."""
    if _PLAIN.fullmatch(link):
        return link
    try:
        joined = urljoin(base, link.strip()) if link.strip() else ""
    except ValueError:
        return ""
    return joined if split(joined) else ""


def clean(url: str) -> str:
    """The address as people should see and click it; "" when it is not an http(s) address.

    Host and scheme in small letters, user name and password dropped, tracking removed, control characters and
    spaces encoded; nothing else is touched.
    """
    if _PLAIN.fullmatch(url):
        return url
    parts = split(url)
    if parts is None:
        return ""
    query = "&".join(field for field in parts.query.split("&") if field and not _tracks(field))
    fragment = "" if _TRACKING_FRAGMENT.match(parts.fragment) else parts.fragment
    path = parts.path or "/"
    url = urlunsplit((parts.scheme, _host_and_port(parts), path, query, fragment))
    return _UNSAFE.sub(lambda found: quote(found.group(), safe=_SAFE), url)


def canonical(url: str) -> str:
    """What is compared to tell two links to one article; "" when the address is not http(s)."""
    if plain := _PLAIN.fullmatch(url):
        return _same_site(plain[1]) + (plain[2].rstrip("/") or "/")
    parts = split(clean(url))
    if parts is None:
        return ""
    host = _same_site(_host_and_port(parts))
    fields = sorted(parse_qsl(parts.query, keep_blank_values=True))
    query = "&".join(f"{name}={value}" for name, value in fields)
    marks = ("?" + query if query else "") + ("#" + parts.fragment if parts.fragment else "")
    return host + (parts.path.rstrip("/") or "/") + marks


def redacted(url: str) -> str:
    """The address as it may stand in logs and messages to operators."""
    try:
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
        netloc = f"***@{host}" if "@" in parts.netloc else host
        query = "&".join(_masked(field) for field in parts.query.split("&"))
        return _UNSAFE.sub("?", urlunsplit((parts.scheme, netloc, parts.path, query, "")))
    except ValueError:
        return "(a broken address)"


def host_of(url: str) -> str:
    """The host in small letters; "" when there is none."""
    parts = split(url)
    return (parts.hostname or "") if parts else ""


def origin(url: str) -> tuple[str, str, int]:
    """Scheme, host and port: what credentials belong to."""
    parts = split(url)
    if parts is None:
        return "", "", 0
    return parts.scheme, parts.hostname or "", parts.port or DEFAULT_PORTS[parts.scheme]


def downgrades(old: str, new: str) -> bool:
    """True when following from ``old`` to ``new`` would leave https."""
    return old.lower().startswith("https:") and not new.lower().startswith("https:")


def _tracks(field: str) -> bool:
    name, _, value = field.partition("=")
    name = name.lower()
    if name in SAYS_FEED:
        return bool(_FEED_VALUE.search(value)) or (name == "rss" and value in {"", "1", "true", "yes"})
    return name in TRACKING_NAMES or name.startswith(TRACKING_PREFIXES)


def _host_and_port(parts: SplitResult) -> str:
    host = (parts.hostname or "").rstrip(".")
    host = f"[{host}]" if ":" in host else host
    port = parts.port
    return host if port is None or port == DEFAULT_PORTS[parts.scheme] else f"{host}:{port}"


def _same_site(host: str) -> str:
    return next((host.removeprefix(prefix) for prefix in _SAME_SITE if host.startswith(prefix)), host)


def _masked(field: str) -> str:
    name, sign, _ = field.partition("=")
    return f"{name}=***" if sign and _SECRET_NAME.search(name) else field
