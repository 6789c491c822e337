"""Who or which branch is praised by name: "the team in Ghent", "thanks to Emma", "Jonas was so helpful".

Only sentences that praise the service are read, by patterns of eight languages. A masked name is no name: what stands in
brackets is never taken. Nobody is named by one mention alone.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cache

from sqlalchemy import Table, case, func, select
from sqlalchemy.orm import Session

from overheard.insight.scope import Selection, opaque
from overheard.store.tables import Mention, Opinion, OpinionDimension

LEAST = 2
"""Mentions that have to name somebody."""

LISTED = 8
"""Teams and people in an answer."""

EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class Cue:
    """A team or a person that customers praise: `kind` is `team` (of a place or branch) or `person`.

    `name` is the place or the name as it is mostly written, `said` the words of the newest mention that names it,
    `mentions` how many do; `examples` are ids of the newest.
    """

    kind: str
    name: str
    said: str
    mentions: int
    examples: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Words:
    """The words of one language as alternatives of a pattern: groups of people, what stands between them and a place,
    thanks, what is said of a person (`is`) and the praise that follows."""

    groups: str
    places: str
    thanks: str
    being: str
    praise: str


LANGUAGES = {
    "en": Words(
        "team|staff|crew|guys|people|employees|colleagues|branch|store|shop|office|hotel|restaurant|clinic",
        "in|at|from|of", "thanks to|thank you(?: so much| very much)?,?(?: to)?|thanks(?: so much)?,?|kudos to|shout ?out to|hats off to",
        "was|is|were|has been", "helpful|kind|friendly|great|amazing|wonderful|excellent|fantastic|awesome|patient|professional|lovely|nice|courteous|polite|pleasant|knowledgeable|terrific|outstanding|super|brilliant",
    ),
    "de": Words(
        "team|personal|mitarbeiter|mitarbeiterinnen|crew|filiale|geschäft|laden|belegschaft|niederlassung|leute",
        "in|aus|von", "dank an|danke an|danke|vielen dank(?: an)?|herzlichen dank(?: an)?|großes lob an|ein lob an|lob an",
        "war|ist|waren|hat", "nett|freundlich|hilfsbereit|kompetent|toll|super|klasse|geduldig|zuvorkommend|großartig|höflich|spitze",
    ),
    "nl": Words(
        "team|personeel|medewerkers|mensen|winkel|filiaal|vestiging|crew|collega's", "in|uit|van|te",
        "dank aan|bedankt(?: aan)?|dankjewel|dank je wel|met dank aan|complimenten aan|chapeau voor", "was|is|waren|heeft",
        "vriendelijk|behulpzaam|aardig|geweldig|super|top|fantastisch|geduldig|professioneel|deskundig|lief|attent",
    ),
    "fr": Words(
        "équipe|personnel|employés|agence|magasin|boutique|vendeurs|gens|gars|conseillers|restaurant|hôtel", "de|à|d'|du",
        "merci à|merci|un grand merci à|bravo à|grâce à|chapeau à", "est|était|a été|sont",
        "aimable|gentil|gentille|agréable|super|top|professionnel|professionnelle|serviable|compétent|compétente|patient|patiente|formidable|adorable|accueillant|accueillante",
    ),
    "es": Words(
        "equipo|personal|empleados|tienda|sucursal|oficina|gente|chicos|chicas|restaurante|hotel", "de|en",
        "gracias a|muchas gracias a|muchas gracias,?|gracias,?|felicitaciones a|felicidades a", "es|fue|era|ha sido",
        "amable|simpático|simpática|atento|atenta|excelente|genial|encantador|encantadora|profesional|paciente|maravilloso|maravillosa",
    ),
    "it": Words(
        "team|personale|staff|squadra|negozio|filiale|sede|ragazzi|punto vendita|ristorante|hotel", "di|a|in",
        "grazie a|grazie|un grazie a|ringrazio|complimenti a|un ringraziamento a", "è|era|è stato|è stata|è stat[oa]",
        "gentile|gentilissim[oa]|disponibile|disponibilissim[oa]|cortese|bravissim[oa]|professionale|paziente|fantastic[oa]|simpatic[oa]|eccellente",
    ),
    "pt": Words(
        "equipe|equipa|pessoal|funcionários|loja|filial|agência|atendentes|unidade|turma|hotel", "de|em|do|da",
        "obrigad[oa] a|obrigad[oa] ao|obrigad[oa] à|obrigad[oa],?|agradeço a|agradeço ao|agradeço à|parabéns a|parabéns ao|parabéns à|graças a",
        "foi|é|era", "atencios[oa]|educad[oa]|simpátic[oa]|ótim[oa]|excelente|maravilhos[oa]|prestativ[oa]|gentil|paciente|profissional|incrível",
    ),
    "ro": Words(
        "echipa|echipei|personalul|personalului|angajații|magazinul|magazinului|filiala|sediul|băieții|oamenii|hotelul", "din|de la|de",
        "mulțumesc|mulțumim|mulțumiri|felicitări|multumesc|multumim|multumiri|felicitari|mulțumită|datorită", "este|a fost|e",
        "amabil|amabilă|drăguț|drăguță|profesionist|profesionistă|atent|atentă|excelent|excelentă|minunat|minunată|răbdător|răbdătoare|super",
    ),
}  # fmt: skip

VERY = r"(?:\S+ ){0,2}?"
"""Up to two words that make the praise stronger: "so", "really very", "sehr"."""

OPENING = r"(?:^|[.!?,;:–-]\s*)"
"""Where a sentence or a clause begins: elsewhere a capital is a place, as in "the drivers from Berlin were kind"."""

NAME = r"(?<![\w\[])(?P<{}>[A-ZÀ-ÖØ-ÞĂÂÎȘȚ][a-zà-öø-ÿăâîșț'’-]{{1,20}}(?: [A-ZÀ-ÖØ-ÞĂÂÎȘȚ][a-zà-öø-ÿăâîșț'’-]+){{0,2}})(?![\w\]])"

NO_NAMES = frozenset(
    """
    i he she it we you they the this that these those everyone everybody someone all both each one there here what which
    who god lord jesus heaven goodness customer service support claims claim agent representative rep team staff manager
    management company insurance everything nothing process experience communication website app phone thank thanks
    monday tuesday wednesday thursday friday saturday sunday january february march april may june july august september
    october november december my our your his her their so very but and also always again however overall price coverage
    er sie es wir ihr das der die dies alles personal fahrer busfahrer fahrerin busfahrerin mitarbeiter service preis bus
    fahrt kundenservice kundendienst herr frau team reise zug zugbegleiter schaffner personal euch ihnen vielen danke dank
    hij zij het wij jullie de dit dat alles iedereen service medewerker klantenservice personeel
    il elle on nous vous ils elles le la les ce cette tout service personnel accueil merci pour tous toutes monsieur madame
    él ella usted todo todos el lo los las este esta servicio personal atención gracias por señor señora
    lui lei noi voi loro tutto tutti il lo la i gli le questo questa servizio personale grazie per tutta signor signora
    ele ela nós vocês tudo todos o a os as este esta isso serviço atendimento obrigado obrigada pela pelo por deus senhor
    el ea noi voi ei ele totul toți acest această serviciul personalul mulțumesc pentru domnul doamna tuturor dumnezeu
    anyone nobody people woman man lady guy girl gentleman person pet dog cat vet doctor dr mr mrs ms miss mom dad
    """.split()
)
"""Words that a sentence may begin with in front of praise, and that name nobody."""


def find_cues(session: Session, selection: Selection, chosen: Table, names: Collection[str]) -> tuple[Cue, ...]:
    """Return who is praised by name in the chosen mentions, the most often first; `names` are the brand's own."""
    sentence = func.substr(
        case((Opinion.field == "title", Mention.title), else_=Mention.text),
        Opinion.start + 1,
        Opinion.end - Opinion.start,
    )
    rows = session.execute(
        select(chosen.c.id, Mention.language, sentence)
        .join(Mention, Mention.id == chosen.c.id)
        .join(Opinion, Opinion.mention_id == chosen.c.id)
        .join(OpinionDimension, OpinionDimension.opinion_id == Opinion.id)
        .where(*selection.sentences.conditions(), Opinion.sentiment == "positive")
        .where(opaque(OpinionDimension.dimension) == "service", opaque(OpinionDimension.polarity) == "positive")
        .order_by(chosen.c.day.desc(), chosen.c.id.desc(), Opinion.position)
    )
    return gather(((row[0], row[1], row[2]) for row in rows), names)


def gather(sentences: Iterable[tuple[int, str, str]], names: Collection[str]) -> tuple[Cue, ...]:
    """Return the cues in sentences, given as (mention id, language, text) with the newest first."""
    own = {name.casefold() for name in names}
    run_together = {_run_together(name) for name in own} - {""}
    found: defaultdict[tuple[str, str], dict[int, tuple[str, str]]] = defaultdict(dict)
    for mention_id, language, text in sentences:
        for kind, name, said in cues_in(text, language):
            key = _key(name)
            if key and _run_together(key) not in run_together and not any(key in each.split() for each in own):
                found[kind, key].setdefault(mention_id, (name, said))
    ranked = sorted(found.items(), key=lambda item: (-len(item[1]), item[0]))
    cues = (_cue(kind, spoken) for (kind, _), spoken in ranked if len(spoken) >= LEAST)
    return tuple(cues)[:LISTED]


def _run_together(name: str) -> str:
    """Return the letters of a name without what separates them, and without a genitive: "Pets Best's" is petsbest."""
    return re.sub(r"[\W_]", "", re.sub(r"['’]s?$", "", name))


def _cue(kind: str, spoken: dict[int, tuple[str, str]]) -> Cue:
    name = Counter(name for name, _ in spoken.values()).most_common(1)[0][0]
    said = next(iter(spoken.values()))[1]
    return Cue(kind, name, said, len(spoken), tuple(spoken)[:EXAMPLES])


def cues_in(text: str, language: str) -> Iterator[tuple[str, str, str]]:
    """Yield kind, name and words of each cue in a sentence; nothing in a language that has no patterns.

    >>> list(cues_in("Big thanks to the team in Ghent!", "en"))
    [('team', 'Ghent', 'team in Ghent')]
    >>> list(cues_in("Jonas was really helpful.", "en"))
    [('person', 'Jonas', 'Jonas was really helpful')]
    >>> list(cues_in("[Name] was really helpful, thanks to [Name].", "en"))
    []
    """
    if language not in LANGUAGES:
        return
    seen = set()
    for kind, pattern in _patterns(language):
        for match in pattern.finditer(text):
            name = match["name"].rstrip("'’-")
            if _key(name) and name not in seen:
                seen.add(name)
                yield kind, name, " ".join(match[0].split()).lstrip(".!?,;:-– ")


def _key(name: str) -> str:
    """Return what a name is grouped by; empty for what names nobody."""
    words = name.casefold().split()
    return "" if any(word in NO_NAMES for word in words) else " ".join(words)


@cache
def _patterns(language: str) -> tuple[tuple[str, re.Pattern[str]], ...]:
    words, name = LANGUAGES[language], NAME.format("name")
    return (
        ("team", re.compile(rf"\b(?i:{words.groups})(?: (?i:{words.places}) ?){name}")),
        ("person", re.compile(rf"\b(?i:{words.thanks}) {name}")),
        ("person", re.compile(rf"{OPENING}{name} (?i:{words.being}) {VERY}(?i:{words.praise})\b")),
    )
