"""What exports call their columns: usual names in eight languages, by role, the likelier ones first."""

from __future__ import annotations

import re
from functools import lru_cache

from overheard.nlp.languages import unaccented

ROLES: dict[str, str] = {
    "text": """review text|review content|review body|text|full text|review|reviews|comment|comments|tweet|body|content|
        message|post|description|feedback|opinion|verbatim|comment text|review comment|comment body|tweet text|
        customer feedback|customer comment|additional comments|answer|response text|reviewtext|
        bewertungstext|bewertung|kommentar|kommentartext|rezension|rezensionstext|beschreibung|nachricht|beitrag|
        freitext|meinung|rueckmeldung|ruckmeldung|
        beoordeling|beoordelingstekst|recensie|recensietekst|tekst|opmerking|opmerkingen|reactie|toelichting|
        bericht|omschrijving|
        recenzie|comentariu|comentarii|parere|mesaj|descriere|continut|
        recensione|testo|testo recensione|commento|commenti|messaggio|descrizione|giudizio|
        avis|commentaire|commentaires|texte|texte avis|contenu|remarque|verbatim client|temoignage|
        resena|resenas|comentario|comentarios|texto|opinion cliente|mensaje|contenido|valoracion texto|descripcion|
        avaliacao|avaliacoes|comentario cliente|mensagem|descricao|conteudo|relato|reclamacao|depoimento""",
    "pros": "pros|advantages|liked|positive|positive review|vorteile|pluspunten|avantages|vantaggi|pro|avantaje|ventajas|"
    "vantagens|what do you like best|what i liked|likes best|highlights",
    "cons": "cons|disadvantages|disliked|negative|negative review|nachteile|minpunten|inconvenients|svantaggi|contro|"
    "dezavantaje|desventajas|desvantagens|what do you dislike|what i disliked|advice to management",
    "title": """review title|title|headline|subject|summary|review headline|review summary|comment title|topic|
        titel|betreff|ueberschrift|uberschrift|bewertungstitel|onderwerp|kop|
        titlu|subiect|titolo|oggetto|titre|objet|sujet|titulo|asunto|assunto|tema""",
    "rating": """rating|star rating|stars|review stars|review rating|score|review score|overall rating|overall|rating value|star|grade|
        nps|nps score|csat|csat score|satisfaction|satisfaction score|user rating|rate|ratings|rating score|points|
        bewertung sterne|sterne|sternebewertung|note|punkte|gesamtbewertung|bewertungspunkte|
        sterren|cijfer|beoordelingscijfer|aantal sterren|waardering|rapportcijfer|
        stele|nota|scor|punteggio|stelle|voto|valutazione|etoiles|evaluation|nombre etoiles|note globale|
        estrellas|puntuacion|valoracion|calificacion|estrelas|pontuacao|classificacao|nota geral|sentiment|label|class""",
    "published": """published|published at|published date|review datetime|review timestamp|date review|create time|created datetime|
        review created|tweet created|comment created|publication date|date published|review date|review time|
        reviewed at|posted|posted at|posted on|post date|date posted|date|datetime|date time|timestamp|created|
        created at|created date|created on|created time|created utc|creation date|date created|submitted|submitted at|
        submission date|submission time|comment date|tweet date|review created|review created at|day|at|published time|
        datum|bewertungsdatum|veroeffentlicht|veroffentlicht|erstellt|erstellt am|datum uhrzeit|zeitpunkt|
        geplaatst|geplaatst op|gepubliceerd|aangemaakt|datum beoordeling|
        data|data publicarii|data recenziei|creat la|pubblicato|pubblicata|data recensione|data pubblicazione|
        date avis|date publication|date de publication|publie|publie le|cree le|date de creation|
        fecha|fecha publicacion|fecha resena|fecha de publicacion|publicado|publicado em|data publicacao|
        data da publicacao|data avaliacao|data da avaliacao|criado em|tempo|time""",
    "time": "time|hour|review hour|time of day|uhrzeit|zeit|tijd|tijdstip|ora|orario|heure|hora|horario|tempo",
    "edited": """edited|edited at|updated|update time|update date|last update|updated at|updated date|modified|modified at|last modified|last edited|
        review updated at|bearbeitet|bearbeitet am|geaendert|geandert|bewerkt|gewijzigd|modificat|modificata|
        modifie|modifie le|editado|actualizado|atualizado|atualizado em""",
    "fetched": "fetched|fetched at|scraped|scraped at|crawled|crawled at|scrape date|crawl date|scraping date|extracted|"
    "extracted at|extraction date|retrieved|retrieved at|collected at|downloaded at|export date|exported at",
    "id": """review id|id|mention id|comment id|tweet id|post id|message id|external id|uuid|guid|response id|feedback id|
        review uuid|reviewid|unique id|complaint id|status id|bewertungs id|recensie id|id avis|id recensione|
        id recenzie|id resena|id avaliacao|id reclamacao|ticket id""",
    "url": "review url|url|link|permalink|review link|tweet url|post url|comment url|web url|page url|source url|"
    "bewertungslink|lien|enlace|href|permalink url|collegamento|uri",
    "language": "language|language code|lang|review language|locale|review lang|sprache|sprachcode|taal|limba|lingua|"
    "langue|idioma|idioma codigo|text language",
    "reply": """reply|reply text|response|company response|company reply|owner response|owner answer|owner reply|
        owner response text|business response|developer response|developer reply|developer response text|reply comment|
        brand response|management response|merchant reply|review reply|review reply comment|reply content|
        response from owner|response from the owner text|vendor response|host response|official reply|
        antwort|antwort des unternehmens|stellungnahme|antworttext|antwoord|reactie bedrijf|reactie eigenaar|
        raspuns|raspuns companie|risposta|risposta azienda|reponse|reponse entreprise|reponse du proprietaire|
        respuesta|respuesta empresa|respuesta del propietario|resposta|resposta empresa|resposta da empresa""",
    "replied": """reply date|reply time|replied at|company reply date|owner reply date|owner answer date|owner answer datetime|response date|response time|company response date|owner response date|
        developer response date|reply published|reply published at|reply created at|responded at|reply update time|review reply update time|
        response from the owner date|replied at date|owner answer timestamp|
        antwortdatum|antwort am|datum antwoord|data raspuns|data risposta|date reponse|date de reponse|
        fecha respuesta|data resposta|data da resposta""",
    "brand": """brand|brand name|company|firm|firm name|company name|business|business name|organization|organisation|merchant|vendor|
        shop|store name|restaurant name|hotel name|place name|restaurant|hotel|airline|airline name|company domain|domain|
        marke|firma|unternehmen|anbieter|merk|bedrijf|bedrijfsnaam|companie|azienda|marca|societa|
        marque|entreprise|enseigne|societe|empresa|compania|empresa nome|nome empresa""",
    "source": """source|source name|site|platform|channel|network|review site|review source|publisher|origin|provider|
        quelle|plattform|kanal|portal|bron|kanaal|platform naam|sursa|platforma|canal|fonte|piattaforma|canale|
        plateforme|fuente|plataforma|sitio|website""",
    "product": "product|product name|product title|item|item name|item title|article|app|app name|model|variant|sku|"
    "product id|asin|produkt|produktname|artikel|productnaam|produs|nume produs|prodotto|nome prodotto|produit|"
    "nom produit|producto|nombre producto|produto|nome produto",
    "location": "location|city|place|store|branch|store location|location name|region|state|country|local|ort|stadt|filiale|"
    "standort|land|plaats|stad|vestiging|oras|locatie|judet|tara|citta|luogo|sede|paese|ville|lieu|magasin|agence|pays|"
    "ciudad|lugar|tienda|sucursal|pais|cidade|loja|estado",
    "app_version": "app version|version|app version name|review created version|software version|app version code|versiune|versie|versione|"
    "versao",
    "status": "status|review status|state of complaint|resolution|resolution status|complaint status|ticket status|stare|stato|"
    "statut|estado reclamo|situacao",
}
"""Roles and the names that stand for them, as `normalise` writes them."""

ALWAYS_STARS = re.compile(r"\b(?:stars?|sterne|sternebewertung|sterren|stele|stelle|etoiles|estrellas|estrelas)\b")
"""Names that say that their numbers are stars, whatever the sample holds."""

ZERO_TO_TEN = re.compile(r"\bnps\b|\brecommend\b|\bempfehlen\b|\baanbevelen\b|\brecommander\b")
"""Names of questions that are answered from 0 to 10."""

_PERSONAL = re.compile(
    r"\b(?:author|authors|user|users|username|reviewer|reviewers|consumer|customer|client|kunde|kundin|klant|cliente|"
    r"autor|autorin|auteur|autore|utilisateur|utente|usuario|utilizator|gebruiker|benutzer|nutzer|verfasser|"
    r"screen name|nickname|nick|handle|profile|profil|display name|first name|last name|full name|surname|vorname|"
    r"nachname|nom|prenom|nombre|apellido|nome|cognome|sobrenome|nume|prenume|naam|voornaam|achternaam|person|"
    r"email|e mail|mail|phone|telephone|telefon|telefono|telefone|telefoon|mobile|ip|ip address|address|adresse|"
    r"direccion|endereco|indirizzo|adres|adresa|avatar|photo|picture|image|birth|geburt|age|gender|iban|"
    r"requester|assignee|submitter|agent|contact|sender|recipient|order|order id|order number|booking|bestellnummer|bestelnummer|reference|name|by|from user)\b"
)
_NAMED_THINGS = re.compile(
    r"\b(?:product|item|app|brand|company|business|store|shop|restaurant|hotel|place|location|city|platform|source|"
    r"empresa|produit|produto|producto|prodotto|branch|airline)s? (?:name|naam|nom|nome|nombre|nume)\b"
    r"|\b(?:nom|nome|nombre|nume) (?:produit|prodotto|produto|producto|produs|empresa)\b|\breference product\b"
)
_AUTHOR = re.compile(
    r"(?:review )?(?:author|user|reviewer|consumer|customer|username|autor|auteur|autore|gebruiker|benutzer|nutzer|"
    r"verfasser|utilisateur|utente|usuario|utilizator|by|name|kunde|klant|cliente|client|handle|nickname|screen name|"
    r"person|from user|display name|profile)(?: (?:name|handle|username|display name|screen name|nickname|login|title))?"
)
_ZONE = re.compile(r" (?:utc|gmt|cet|local|local time)$")
_BOOKKEEPING = re.compile(
    r"(?:.* )?(?:index|unnamed(?: \d+)?|column \d+|page|page index|row|row number|rownum|nr|no|number|position|rank|offset|"
    r"filtered|pending|is pending|hash|checksum|batch|ano|mes|dia|dia do ano|semana do ano|dia da semana|trimestre|"
    r"trimetres|year|month|day|week|weekday|quarter|hour|jahr|monat|tag|woche|jaar|maand|dag|annee|mois|jour|an|luna|zi|"
    r"anno|giorno|millis since epoch|length|word count|char count|created by|updated by)"
)


@lru_cache(maxsize=4096)
def normalise(name: str) -> str:
    """Return a column name as it is compared: "reviewText", "REVIEW_TEXT" and "Review text:" are one.

    >>> normalise("DESCRIÇÃO"), normalise("reviewText"), normalise("review.created_at")
    ('descricao', 'review text', 'review created at')
    """
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    plain = unaccented(spaced.replace("ß", "ss"))
    return " ".join(re.findall(r"[^\W_]+", plain.casefold()))


_NAMES = {role: tuple(name.strip() for name in names.split("|")) for role, names in ROLES.items()}
NAMES: dict[str, dict[str, int]] = {
    role: {name: rank for rank, name in reversed(list(enumerate(names)))} for role, names in _NAMES.items()
}
"""For every role, its names and their rank (0 is the likeliest)."""


def rank_of(role: str, column: str) -> int | None:
    """Return how likely a column of this name has the role (0 is likeliest), None where its name says nothing of it.

    Of a nested JSON field ("data.attributes.text") the last part counts where the whole says nothing.
    """
    names = NAMES[role]
    whole = names.get(_ZONE.sub("", normalise(column)))
    if whole is None and "." in column and not is_personal(column):
        last = names.get(normalise(column.rsplit(".", 1)[1]))
        whole = None if last is None or role == "id" else last + len(names)
    return whole


def role_of(column: str) -> str | None:
    """Return a role that a column of this name may have, None where the name says nothing."""
    return next((role for role in NAMES if rank_of(role, column) is not None), None)


def is_author(column: str) -> bool:
    """Say whether a column of this name holds the author's name or handle."""
    return bool(_AUTHOR.fullmatch(normalise(column)))


def is_personal(column: str) -> bool:
    """Say whether a column of this name tells something of a person: never kept, nor written to a rejects file."""
    name = normalise(column)
    return bool(_PERSONAL.search(name)) and not _NAMED_THINGS.search(name)


def is_bookkeeping(column: str) -> bool:
    """Say whether a column of this name says nothing about what was written (row numbers, parts of a date)."""
    return bool(_BOOKKEEPING.fullmatch(normalise(column)))
