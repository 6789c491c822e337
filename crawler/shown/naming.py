"""What the names in a page's mark-up mean, in the eight languages: of classes and ids, of icons, of properties.

Everything here is a word of a language or a habit of a kind of mark-up; nothing belongs to one site.
"""

from __future__ import annotations

import re
from functools import lru_cache

from lxml import etree

_PIECE = re.compile(r"[a-zà-ÿ]+", re.IGNORECASE)
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")


@lru_cache(maxsize=8192)
def pieces(names: str) -> frozenset[str]:
    """Return the words that class names are made of.

    >>> sorted(pieces("c-review__body isOpen"))
    ['body', 'c', 'is', 'open', 'review']
    """
    return frozenset(_cut(names))


def _cut(names: str) -> list[str]:
    return [piece.casefold() for piece in _PIECE.findall(_CAMEL.sub("-", names))]


def words(element: etree._Element) -> frozenset[str]:
    """Return the words of an element's class, id and itemprop."""
    given = (element.get("class"), element.get("id"), element.get("itemprop"))
    return pieces(" ".join(filter(None, given)))


def endings(element: etree._Element) -> frozenset[str]:
    """Return the last word of each class name of an element, which says what it is: `title` in `user-review__title`."""
    cut = (_cut(name) for name in (element.get("class") or "").split())
    return frozenset(each[-1] for each in cut if each)


OPINION = frozenset(
    """
    review reviews reviewlist opinion opinions testimony complaint complaints feedback bewertung bewertungen
    rezension rezensionen erfahrung erfahrungen meinung beoordeling beoordelingen ervaring klacht avis temoin
    temoignage plainte recensione recensioni opinioni parere reclamo opinione valoracion valoraciones opiniones
    resena resenas queja avaliacao avaliacoes opiniao opinioes reclamacao recenzie recenzii pareri reclamatie
    """.split()
)
"""What is said of a thing: reviews, complaints."""
TALK = frozenset(
    """
    comment comments post posts postbit message messages reply replies topic thread discussion forum kommentar
    kommentare beitrag antwort bericht reactie commentaire commentaires messaggio commento commenti comentario
    comentarios mensaje mensagem comentariu comentarii mesaj
    """.split()
)
"""What is said to each other: comments, posts."""
CHOSEN = frozenset(
    """
    testimonial testimonials quote quotes swiper carousel slider faq qa qna question questions
    """.split()
)
"""Names of what a company shows of itself: chosen quotations, questions with its own answers."""
REPLY = frozenset(
    """
    reply replies response responses respond answer answers owner vendor merchant seller dev developer antwort
    reactie antwoord reponse respuesta resposta risposta raspuns
    """.split()
)
"""An answer, or those who answer for a company."""
TALKBACK = frozenset("comments comentarii children replies thread discussion customer".split())
"""What other people say to a review."""
QUOTE = frozenset("quote quoted bbquote citat citation cita zitat citazione citacao citaat".split())
"""Another's words, repeated."""
SIGNATURE = frozenset("signature sig firma signatur handtekening assinatura semnatura".split())
"""What stands below each post of a person."""
EDITED = frozenset("lastedit lastedited edited edit editnote".split())
"""A note that a post was changed."""
AUTHOR = frozenset(
    """
    author authors user username nick nickname name who by byline reviewer customer consumer guest member pseudo
    pseudonym autor auteur autore nom nombre naam nume utente usuario utilizator gast cliente poster creator fn
    profile avatar credit
    """.split()
)
"""Who wrote it."""
PERSON = frozenset("author user username avatar guest member reviewer profile".split())
"""Names that mean a person even where the last word of the name means a headline: the title of a user."""
HEADLINE = frozenset(
    """
    title headline heading subject summary titre titel titolo titulo titlu tit betreff sujet
    """.split()
)
"""The headline of a review."""
ASIDE = frozenset(
    """
    meta info infos details helpful useful votes vote voting action actions actionbar footer foot tag tags badge
    badges chip label verify verified version stay room photo photos pics images gallery location city flag country
    share report buttons toolbar scores score rating ratings stars note bar status usertitle rank extra likes
    reactions permalink attribution empty removed deleted notice variant ad promo
    """.split()
)
"""Names of what stands beside the words of a review; what says so is not read as those words."""
STATE = frozenset("status state badge tag chip seal".split())
"""A mark such as "answered"."""
PORTRAIT = frozenset("avatar initial initials monogram icon".split())
"""A picture of the author, or the letter in its place."""
HIDDEN = frozenset("hidden skeleton tpl placeholder proto prototype".split())
"""What is not shown, or is a pattern for a script to fill."""
ASIDE_LINES = frozenset("meta info infos details header foot footer by byline attribution".split())
"""Names of lines that may say by whom, beside what else they say."""
SPOKEN = frozenset("visually sr spoken aria offscreen".split())
"""Names of what is hidden and yet read out, to those who do not see the page."""
RATED = frozenset(
    """
    star stars starrating rating ratings rate rated score scores note nota stern sterne ster sterren etoile etoiles
    estrella estrellas estrela estrelas stella stelle stea stele punkte point points bubble bubbles voto valoracion
    """.split()
)
"""A rating, or what holds one."""
STARS = frozenset("star stars stern sterne ster sterren etoile estrella estrela stella stea".split())
"""One star, where two icons or less must mean a rating."""
FULL = frozenset(
    """
    full on filled active checked selected solid yes voll gefuellt vol gevuld plein pleine pieno piena lleno llena
    cheio cheia plin plina aktiv actief actif activa activo ativa ativo attivo attiva activ
    """.split()
)
"""An icon that counts."""
BLANK = frozenset(
    """
    empty off blank grey gray inactive outline border unfilled o no none leer leeg vide vuoto vuota vacio vacia
    vazio vazia gol goala inaktiv inactief inactif inactiva inativa
    """.split()
)
"""An icon that does not; `o` is the outlined star of Font Awesome."""
