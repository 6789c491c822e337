"""What pages say around a review, in the eight languages: dates, replies, and the words that are the page's own.

Everything here is an expression of a language; nothing belongs to one site.
"""

from __future__ import annotations

import re

# -- dates -----------------------------------------------------------------------------------------------------------

_MONTH = (
    r"(?:j[aä]n|janv|fe[bv]|fév|febr|mär|mar|mrt|maa|apr|abr|avr|ma[iy]|mag|mei|jun[iu]?|juin|giu|iun|jul|juil|lug|iul|aug|"
    r"ag[oô]|août|aoû|sep|set|okt|oct|out|ott|nov|noi|de[czs]|déc|dic|gen|ene|ian)[a-zà-ÿăâîșțşţ]{0,8}\.?"
)
_MONTHS = (
    "january february march april june july august september october november december januar februar märz juni juli oktober "
    "dezember januari februari maart augustus janvier février mars avril juin juillet août octobre novembre décembre gennaio "
    "febbraio marzo aprile maggio giugno luglio agosto settembre ottobre dicembre enero febrero abril mayo junio julio "
    "septiembre octubre noviembre diciembre janeiro fevereiro março maio junho julho setembro outubro novembro dezembro "
    "ianuarie februarie martie aprilie iunie iulie septembrie octombrie noiembrie decembrie"
)
_TIME = r"(?:[\s,]*(?:at|um|om|à|alle|a las|às|la|ora|ore|-|–)?\s*\d{1,2}[:h]\d{2}(?::\d{2})?(?:\s?[ap]\.?m\b\.?)?)?"
_ORDINAL = r"(?:st|nd|rd|th|er|e|º|°|ª|\.)?"
_SOME = r"(?:\d{1,3}|an?|one|ein\w*|zwei|drei|een|één|twee|un[aeo']?|deux|dos|tres|due|tre|um|uma|dois|duas|o|două|doi)"
DATE = re.compile(
    r"(?<![\w.,/-])(?:"
    r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?\s?(?:Z|UTC|[+-]\d{2}:?\d{2})?)?"
    rf"|\d{{1,2}}[./-]\s?\d{{1,2}}[./-]\s?(?:\d{{4}}|\d{{2}})\b{_TIME}"
    rf"|\d{{1,2}}{_ORDINAL}\s+(?:de\s+|d')?{_MONTH}[\s,]+(?:de\s+|del\s+)?\d{{4}}{_TIME}"
    rf"|\d{{1,2}}{_ORDINAL}\s+(?:de\s+|d')?(?:{_MONTHS.replace(' ', '|')})(?=\s*(?:$|[,;)|·]))"
    rf"|{_MONTH}\s+\d{{1,2}}(?:st|nd|rd|th)?,?\s+\d{{4}}{_TIME}"
    rf"|{_SOME}\s+(?:seconds?|minutes?|hours?|days?|weeks?|months?|years?)\s+ago"
    rf"|vor\s+{_SOME}\s+(?:sekunde|minute|stunde|tag|woche|monat|jahr)\w*"
    rf"|{_SOME}\s+(?:seconden|minuten|uur|dag|week|maand|jaar)(?:en)?\s+geleden|{_SOME}\s+weken\s+geleden"
    rf"|il y a\s+{_SOME}\s+(?:seconde|minute|heure|jour|semaine|mois|an)\w*"
    rf"|hace\s+{_SOME}\s+(?:segundo|minuto|hora|día|semana|mes|año)\w*"
    rf"|{_SOME}\s+(?:second|minut|or|giorn|settiman|mes|ann)\w+\s+fa\b"
    rf"|há\s+{_SOME}\s+(?:segundo|minuto|hora|dia|semana|m[êe]s|ano)\w*"
    rf"|acum\s+{_SOME}\s+(?:de\s+)?(?:secund|minut|or|zi|săptăm|lun|an)\w*"
    r"|^\W*(?:yesterday|today|gestern|heute|gisteren|vandaag|hier|aujourd'hui|ayer|hoy|ieri|oggi|ontem|hoje|astăzi|azi)"
    r"(?:[\s,]+(?:at|um|om|à|alle|a las|às|as|la|ora)?\s*\d{1,2}[:h]\d{2}|,)?\W*$"
    r")",
    re.IGNORECASE,
)
"""A date with its day, or how long ago, anywhere in a short text."""
MOMENT = re.compile(
    r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}\S*(?:\s?(?:UTC|Z|[+-]\d{2}:?\d{2}))?)?|\d{2}[./]\d{2}[./]\d{2,4}"
)
EPOCH = re.compile(r"1\d{9}(?:\d{3})?")
DATED = re.compile(r"date|time|stamp|epoch|(?:^|-)ts$|publi", re.IGNORECASE)
OTHER_DATE = re.compile(
    r"experi[eê]n|experienț|expérience|esperienz|erfahrung|ervaring|\bstay|stayed|séjour|estancia|estadia|soggiorn|sejur|"
    r"nacht\b|nächte|nachten|nights?\b|nuits?\b|noches?|notti?\b|noites?|nopți|edited|modif|gewijzigd|bearbeitet|"
    r"geändert|editado|actualiz|updated on|joined|register|registr|regist|lid geworden|mitglied seit|membre depuis|"
    r"inscrit|iscritto|miembro|membro desde|membru din|purchase|gekauft|aankoop|acquist|version|versión",
    re.IGNORECASE,
)
"""What a date says that is not that of the publication: the stay, the purchase, an edit, the membership."""

# -- who answers, and what the page itself says ------------------------------------------------------------------------

REVIEWS = re.compile(
    r"\breviews?\b|\bopinions?\b|\bcomments?\b|\bfeedback|\bcomplaints?\b|bewertung|rezension|erfahrung|meinung|kommentar|"
    r"beoordeling|ervaring|reacties|\bavis\b|témoignage|commentaire|recension|opinion[ei]|comment[io]\b|valoraci|opinión|reseña|"
    r"comentari|avaliaç|opini(?:ão|ões)|reclamaç|recenzi|păreri|recomandăril|recomendaci|plângeri",
    re.IGNORECASE,
)
"""The heading of what people say."""
PROFILE = re.compile(
    r"/(?:u|users?|members?|memberlist|profiles?|people|authors?|autor|auteur|utilisateurs?|membres?|usuarios?|utenti|utente|"
    r"gebruikers?|nutzer|mitglied\w*|utilizatori?)(?:[/.?]|$)|[?&](?:u|uid|user|member)=|/@|mode=viewprofile|consumer-profile",
    re.IGNORECASE,
)
"""An address that is a person's."""
_ANSWERS = (
    r"repl(?:y|ies|ied)|respon(?:se|ded|ds)|answer(?:ed)?|antwort\w*|geantwortet|stellungnahme|kommentar\s+(?:der|des|vom|von)|"
    r"arbeitgeber-kommentar|reactie|antwoord\w*|reageerde|gereageerd|réponse|répond(?:u|ait)?|respuesta|responde|respondi(?:ó|eron)|"
    r"respondeu|resposta|risposta|risposto|răspuns\w*|raspuns\w*"
)
REPLIES = re.compile(rf"\b(?:{_ANSWERS})(?!\w)", re.IGNORECASE)
"""A heading that says: here answers someone."""
CUSTOMERS = re.compile(
    r"\b(?:van een|eine[sr]|d'une?|de una?|di una?|de uma?|al unui|a unui|by a|from an?)\s+(?:\w+\s+)?"
    r"(?:klant|kunden?|kundin|client\w*|cliente|customer|user|gast|bezoeker|lezer|nutzer\w*|utilisat\w+|usuario|utente|"
    r"utilizador|utilizator\w*)\b|\bcomment(?:ed|ato)\b|\bcomentat\b|\bcomentó\b|\bcomentou\b|\bkommentierte\b|\ba commenté\b",
    re.IGNORECASE,
)
"""That it is another customer who answers."""
STAFF = re.compile(
    r"\b(?:store|shop|owner|manager|staff|team|support|customer (?:care|service)|developer|tienda|loja|winkel|negozio|boutique|"
    r"magazin\w*|vendeur|venditore|verkäufer\w*|inhaber\w*|kundenservice|klantenservice|service client)\b|\bbypostauthor\b",
    re.IGNORECASE,
)
OWN_WORDS = re.compile(
    r"\bhelpful\b|\buseful\b|hilfreich|nützlich|\bnuttig|behulpzaam|\butile\b|\bútil\b|\butil[ăe]?\b|de ajutor|de folos|"
    r"\breport\b|\bmelden\b|missbrauch|misbruik|signaler|segnala|denunciar|raporteaz|verified|verifizier|geverifieerd|vérifié|"
    r"verificat|verificad|permalink|👍|👎",
    re.IGNORECASE,
)
"""What the page itself says beside a review: was it helpful, report it, verified purchase."""
ACTION = re.compile(
    r"\W*(?:(?:reply|share|like|quote|edit|delete|report|link|permalink|respond|teilen|zitieren|antworten|melden|reageer|reageren|"
    r"citeer|citeren|beantwoorden|partager|répondre|citer|signaler|condividi|rispondi|cita|segnala|compartir|responder|citar|"
    r"denunciar|partilhar|compartilhar|distribuie|răspunde|citează|raportează)(?:\s+(?:to|an|à|a|op)\b.{0,40})?|#?\d+)\W*",
    re.IGNORECASE,
)
"""The whole of a link that does something with a post: answer it, share it, count it."""
MORE = re.compile(
    r"^\W*(?:(?:read|show|see|continue)\s+(?:the\s+)?(?:more|full|whole|all|reading)\b.*|more|mehr(?:\s+\w+)?|weiter\s?lesen|"
    r"(?:alles|vollständig)\s+(?:lesen|anzeigen)|lees\s+(?:meer|verder|alles)|(?:toon\s+)?meer|lire (?:la suite|plus)|voir plus|"
    r"suite|leggi\s+(?:tutto|di più|altro)|continua(?:\s+a leggere)?|mostra\s+\w+|altro|leer más|seguir leyendo|ver más|"
    r"mostrar más|ler mais|ver mais|continuar lendo|citește\s+\w+(?:\s+\w+)?|vezi\s+\w+(?:\s+\w+)?|mai mult)\W*$",
    re.IGNORECASE,
)
CUT = re.compile(r"(?:…|\.\.\.)\s*$")
EDITS = re.compile(
    r"\W*(?:last edited|edited by|zuletzt (?:geändert|bearbeitet)|bearbeitet von|laatst (?:gewijzigd|bewerkt)|gewijzigd door|"
    r"derni[èe]re (?:modification|édition)|modifié par|últim[ao] (?:edici[oó]n|edição|modificaci[óo]n|modificação|alteração)|"
    r"editado (?:por|pela)|ultima (?:modifica|modificare|editare)|modificato da|editat de)",
    re.IGNORECASE,
)
"""How a note of an edit begins."""
_NO = r"not?|non|não|nu|nessun\w*|nenhum\w*|ningún|niet|geen|nicht|kein\w*|pas|aucun\w*|sans|sem|sin|senza|fără"
_POST = (
    r"reviews?|comments?|posts?|messages?|content|replies|reply|bewertung|kommentar|beitrag|nachricht|inhalt|antwort|bericht|"
    r"reactie|beoordeling|commentaire|avis|contenu|réponse|comentario|mensaje|opinión|contenido|respuesta|commento|"
    r"messaggio|recensione|contenuto|risposta|comentário|mensagem|avaliação|conteúdo|resposta|comentariul?|mesajul?|recenzia|"
    r"conținutul|răspunsul"
)
_GONE = (
    r"removed|deleted|hidden|retirée?|supprimée?|masquée?|rimoss[oa]|cancellat[oa]|nascost[oa]|eliminad[oa]|eliminat[oa]?|"
    r"removid[oa]|apagad[oa]|retirad[oa]|ocultad[oa]|ocultat?|ștears?ă?|șters|ascuns[ăa]?|entfernt|gelöscht|ausgeblendet|"
    r"verwijderd|verborgen"
)
NO_WORDS = re.compile(
    rf"\W*+(?:"
    # "This guest left no written comment", as one sentence: what goes on is somebody's own.
    rf"[^,.;:!?]{{0,40}}?\b(?:{_NO})\b[^,.;:!?]{{0,25}}?\b(?:comment|kommentar|opmerking|commento|comentári|comentari)"
    r"[^,.;:!?]*+\W*+$"
    r"|(?:kein(?:en)?|geen|fără|sans|sin|senza|sem|no)\s+te(?:x|ks)\w*\W*+$"
    r"|(?:[^\W\d]+\s+){0,3}(?:only|nur|alleen|solo|seulement|apenas|só|doar)\s+(?:an?\s+|een\s+|una?\s+)?"
    r"(?:stars?|sterne?|rating|score|sterren|étoiles|stelle|estrellas|estrelas|stele)"
    r"(?:\s+(?:and|und|en|et|e|y|și)\s+\w+(?:\s+\w+)?)?\W*+$"
    r"|your (?:comment|review) is awaiting"
    r"|(?:(?:this|the|diese[rs]?|de[rt]|die|das|dit|deze|het|ce|cet|cette|la|le|el|est[ae]|quest[oa]|il|o|a|acest\w*)\s+)?"
    rf"(?:{_POST})\b.{{0,40}}?\b(?:has been|was|is|a été|è stat[ao]|fue|ha sido|foi|a fost|wurde|werd)\s+(?:{_GONE})\b"
    rf"|(?:{_GONE})\W*+$)",
    re.IGNORECASE,
)
"""How the note begins that stands in the place of a review which has no words, or was taken away."""
FILLER = re.compile(
    r"\W*lorem ipsum|.{0,60}\byour (?:review|text) (?:goes )?here|\s*(?:(?:\{\{[^{}]*\}\}|\$?\{\w+\}|<%[^%]*%>)\s*)+$",
    re.IGNORECASE,
)
"""The whole of a text, or its beginning, that a pattern of the page holds until a script fills it."""
_NOBODY = re.compile(
    r"anon[iyî]m\w*|anoniem|anònim\w*|anônim\w*|anónim\w*|gast|guest|a guest|invité|invitado|ospite|convidado|vizitator|"
    r"visitante|(?:(?:ein\w*|een|une?|an?|una|uno|um|uma)\s+(?:[\w-]+[\s-])?|verified\s+)?(?:customer|buyer|user|kunde|kundin|"
    r"nutzer|klant|gebruiker|client|cliente|acheteur|utilisateur|usuario|comprador|utente|acquirente|utilizador|usuário|"
    r"utilizator|cumpărător)(?:\s+(?:anon\w+|vérifié|verificad\w+|verificat\w*))?",
    re.IGNORECASE,
)


def nobody(name: str) -> bool:
    """Say whether a name is what a site writes where the author gave none.

    >>> nobody("Anonym"), nobody("Een Appkast-gebruiker"), nobody("Anneke")
    (True, True, False)
    """
    return bool(_NOBODY.fullmatch(name.strip(" \t\n-–—.,:()")))
