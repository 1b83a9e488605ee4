"""Word forms: one stem for *withdraws, withdrew, withdrawn*, and several where a form is ambiguous.

English, German and the other Snowball languages are stemmed by rule (Porter, "Snowball", 2001), after two small
tables have had their say: *irregular* forms the rules cannot know (struck → strike) and *protected* words the
rules would glue to another (invasive is no invasion, a company based in Kyiv is no base). Russian and Ukrainian go
through a dictionary (pymorphy3): Snowball has no Ukrainian and takes the ending off Киев.

German verbs come apart ("zieht … ab") and together again ("abgezogen", "abzuziehen"); :func:`separable` tells the
matcher the two halves, and :func:`stem` brings the closed forms back to the infinitive.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache

import pymorphy3
import Stemmer

_SNOWBALL: Mapping[str, str] = {
    "ar": "arabic", "ca": "catalan", "da": "danish", "de": "german", "el": "greek", "en": "english",
    "es": "spanish", "et": "estonian", "eu": "basque", "fi": "finnish", "fr": "french", "ga": "irish",
    "hi": "hindi", "hu": "hungarian", "hy": "armenian", "id": "indonesian", "it": "italian", "lt": "lithuanian",
    "ne": "nepali", "nl": "dutch", "no": "norwegian", "nb": "norwegian", "nn": "norwegian", "pl": "polish",
    "pt": "portuguese", "ro": "romanian", "sr": "serbian", "sv": "swedish", "ta": "tamil", "tr": "turkish",
    "yi": "yiddish",
}  # fmt: skip
DICTIONARY_LANGUAGES = frozenset({"ru", "uk"})
LEAST_LIKELY = 0.1
"""A reading of an ambiguous form less likely than this is left out."""


def _table(text: str) -> dict[str, str]:
    """``base: form form; base: form`` → form → base."""
    pairs = (line.split(":") for line in text.replace("\n", " ").split(";") if ":" in line)
    return {form: base.strip() for base, forms in pairs for form in forms.split()}


IRREGULAR: Mapping[str, Mapping[str, str]] = {
    "en": _table("""
        arise: arose arisen; beat: beaten; become: became; begin: began begun beginning beginnings;
        bite: bit bitten; blow: blew blown; break: broke broken; bring: brought; build: built; buy: bought;
        catch: caught; choose: chose chosen; come: came; deal: dealt; die: dying; do: did done; draw: drew drawn;
        drive: drove driven; eat: ate eaten; fall: fell fallen; feel: felt; fight: fought; find: found; flee: fled;
        fly: flew flown flies; forbid: forbade forbidden; freeze: froze frozen; get: got gotten; give: gave given;
        go: went gone going goes; grow: grew grown; hold: held; keep: kept; know: knew known; lay: laid; lead: led;
        leave: left leaves; lie: lain lying; lose: lost; make: made; mean: meant; meet: met; outbreak: outbreaks;
        overrun: overran; overthrow: overthrew overthrown; pay: paid; rise: rose risen; run: ran; say: said;
        see: saw seen; seek: sought; sell: sold; send: sent; shake: shook shaken; shoot: shot; shrink: shrank shrunk;
        sink: sank sunk; speak: spoke spoken; spend: spent; spring: sprang sprung; stand: stood; steal: stole stolen;
        strike: struck stricken; swear: swore sworn; sweep: swept; swing: swung; take: took taken; teach: taught;
        tear: tore torn; tell: told; think: thought; throw: threw thrown; understand: understood; uphold: upheld;
        wake: woke woken; wear: wore worn; win: won; withdraw: withdrew withdrawn withdrawing withdraws;
        withhold: withheld; withstand: withstood; write: wrote written; man: men; woman: women; person: people;
        child: children; crisis: crises; serviceman: servicemen; airman: airmen; gunman: gunmen;
        militiaman: militiamen; tyre: tyres
    """),
    "de": _table("""
        beginnen: beginnt begann begannen begonnen; brechen: bricht brach brachen gebrochen;
        bringen: brachte brachten gebracht; dringen: dringt drang drangen gedrungen; fallen: fällt fiel fielen gefallen;
        fangen: fängt fing fingen gefangen; finden: fand fanden gefunden; fliegen: flog flogen geflogen;
        fliehen: floh flohen geflohen; geben: gibt gab gaben gegeben; gehen: ging gingen gegangen;
        greifen: greift griff griffen gegriffen; halten: hält hielt hielten gehalten; kommen: kam kamen gekommen;
        lassen: lässt ließ ließen; laufen: läuft lief liefen; nehmen: nimmt nahm nahmen genommen;
        rufen: rief riefen gerufen; schießen: schoss schossen geschossen; schlagen: schlägt schlug schlugen geschlagen;
        schließen: schloss schlossen geschlossen; senden: sandte gesandt; sinken: sank sanken gesunken;
        sprechen: spricht sprach sprachen gesprochen; stehen: stand standen gestanden; steigen: stieg stiegen gestiegen;
        sterben: stirbt starb starben gestorben; stoßen: stößt stieß stießen; treffen: trifft traf trafen getroffen;
        treten: tritt trat traten getreten; verlassen: verlässt verließ verließen; werfen: wirft warf warfen geworfen;
        ziehen: zieht zog zogen gezogen ziehe; zwingen: zwang zwangen gezwungen;
        angreifen: angreift; überfallen: überfällt überfiel überfielen; vereinbaren: vereinbart vereinbarten;
        erschüttern: erschüttert erschütterte; kehren: kehrt kehrte kehrten gekehrt;
        rücken: rückt rückte rückten gerückt;
        marschieren: marschiert marschierte marschierten; verlegen: verlegt verlegte verlegten;
        starten: startet startete gestartet; feuern: feuert feuerte feuerten gefeuert;
        putschen: putscht putschte putschten; erobern: erobert eroberte eroberten; pausieren: pausiert pausierte;
        stürmen: stürmt stürmte stürmten gestürmt; besetzen: besetzt besetzte besetzten; räumen: räumt räumte räumten;
        belagern: belagert belagerte; umzingeln: umzingelt umzingelte; heben: hebt hob hoben gehoben;
        senken: senkt senkte senkten gesenkt; erhöhen: erhöht erhöhte erhöhten; belassen: belässt beließ;
        straffen: strafft straffte; lockern: lockert lockerte; hacken: hackt hackte gehackt;
        übernehmen: übernimmt übernahm übernahmen übernommen; übergeben: übergibt übergab; schicken: schickt schickte;
        drohen: droht drohte; landen: landet landete gelandet; entsenden: entsendet entsandte;
        bombardieren: bombardiert bombardierte bombardierten; schießen: schießt;
        beschießen: beschießt beschoss beschossen; töten: tötet tötete getötet
    """),
}

_PROTECTED: Mapping[str, frozenset[str]] = {
    "en": frozenset(
        word
        for line in (
            "advanced advancement attacker attackers attractive based basing basis bomber bombers celebrities",
            "celebrity cooperative defender defenders designer destroyer destroyers exercised fighter fighters",
            "firefighter firefighters firefighting forced forcing general generally generals generate generated",
            "generation generations hospitality increasingly international invader invaders invasive invasively",
            "lander launcher launchers leaver leavers massive massively message militant militants military",
            "mining missive mobile mobiles mobility new news offence offense offensive offensively offensives",
            "operating operative operatives operator operators organ organic organs parties party police policies",
            "policy political politics premier premiere quaker quakers reportedly retired retiree secure",
            "securities security station stationery stormy striker strikers striking trooper troopers troubled",
            "united unity universe universities university wander warning warnings wary weather",
        )
        for word in line.split()
    ),
}

_TRADE = {"parties": "party", "policies": "policy", "universities": "university", "generals": "general"}


def _snowball(lang: str) -> Callable[[str], str]:
    stemmer = Stemmer.Stemmer(_SNOWBALL[lang], 0)
    irregular = IRREGULAR.get(lang, {})
    protected = _PROTECTED.get(lang, frozenset())

    def shorten(word: str) -> str:
        if word in protected:
            return _singular(word)
        shortened: str = stemmer.stemWord(irregular.get(word, word))
        return shortened

    return shorten


def _singular(word: str) -> str:
    """A protected word keeps all but its plural, under a mark that no stem carries."""
    if word in _TRADE:
        word = _TRADE[word]
    elif word.endswith("s") and not word.endswith(("ss", "is", "us", "ws", "cs", "ies")):
        word = word[:-1]
    return f"{word}·"


# ── German verbs that come apart ─────────────────────────────────────────────────────────────────────
_PREFIXES = (
    "zurück", "zusammen", "nieder", "ab", "an", "auf", "aus", "ein", "fest", "heim", "nach", "statt", "vor",
    "weg", "zu",
)  # fmt: skip
_SEPARABLE = re.compile(rf"^({'|'.join(_PREFIXES)})(zu|ge)?(\w{{4,}})$")
_APART = frozenset(IRREGULAR["de"].values()) | {
    "legen",
    "rüsten",
    "stocken",
    "bauen",
    "holen",
    "setzen",
    "führen",
}


@lru_cache(maxsize=4096)
def separable(word: str) -> tuple[str, str] | None:
    """The two halves of a German separable verb, ``("ziehen", "ab")``; None for every other word."""
    found = _SEPARABLE.match(word)
    if not found:
        return None
    prefix, middle, rest = found.groups()
    for verb in (f"ge{rest}" if middle == "ge" else rest, rest):
        base = IRREGULAR["de"].get(verb, verb)
        if base in _APART:
            return base, prefix
    return None


def _german() -> Callable[[str], str]:
    shorten = _snowball("de")

    def together(word: str) -> str:
        halves = separable(word)
        return shorten(halves[1] + halves[0]) if halves else shorten(word)

    return together


# ── Russian and Ukrainian ────────────────────────────────────────────────────────────────────────────
@lru_cache(maxsize=2)
def _dictionary(lang: str) -> pymorphy3.MorphAnalyzer:
    return pymorphy3.MorphAnalyzer(lang=lang)


def _readings(word: str, lang: str) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for reading in _dictionary(lang).parse(word):
        if reading.score >= LEAST_LIKELY or not found:
            found[reading.normal_form.replace("ё", "е")] = None
    return tuple(found)


@lru_cache(maxsize=32)
def _shortener(lang: str) -> Callable[[str], tuple[str, ...]]:
    if lang in DICTIONARY_LANGUAGES:
        return lambda word: _readings(word, lang) if word.isalpha() or "'" in word else (word,)
    if lang == "de":
        german = _german()
        return lambda word: (german(word),)
    if lang in _SNOWBALL:
        snowball = _snowball(lang)
        return lambda word: (snowball(word),)
    return lambda word: (word,)


@lru_cache(maxsize=1 << 17)
def stems_of(word: str, lang: str) -> tuple[str, ...]:
    """Every stem a folded word may have in a language, the likeliest first; at least one."""
    if not word or word[0].isdigit():
        return (word,)
    return _shortener(lang)(word)


def stem(word: str, lang: str) -> str:
    """The likeliest stem of a folded word."""
    return stems_of(word, lang)[0]
