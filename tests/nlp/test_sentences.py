"""Sentence splitting: a table of nasty review lines in eight languages, and what must hold for any text at all."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overheard.nlp.sentences import LONGEST, PIECE, split

LANGUAGES = ("en", "de", "nl", "ro", "it", "fr", "es", "pt")

# A ¦ stands where a sentence must end; it is taken out before the text is split.
LINES = [
    # emoji and smileys
    ("en", "Great app 😍¦ Love it.¦But slow!!"),
    ("en", "I ❤️ this app so much"),
    ("en", "We ❤️ Amazon for this"),
    ("en", "Best day ever 👨‍👩‍👧‍👦¦ The kids loved it 🏳️‍🌈¦ Thank you 🙏🏻🙏🏻¦ You rock"),
    ("en", "Great! 😍😍¦ Will buy again 👍"),
    ("en", "😍 Great app"),
    ("en", "★★★★★¦\nWorth every penny"),
    ("en", "Love it😍¦Will be back"),
    ("en", "Nice staff :)¦ The room was cold :-(¦ Never again"),
    ("en", "Ordered twice <3¦ Always fresh"),
    ("en", "they 😡 ignored me for weeks"),
    ("en", "Great app 😍.¦ Love it"),
    ("en", "Super!!!1!¦ Buy it"),
    ("de", "Kostet 5 €.¦ Super Preis"),
    ("de", "Top Laden 👍🏽¦ Immer wieder gerne 😊"),
    ("de", "Mit 🐶 Hund angereist, alles bestens"),
    ("fr", "Service au top 🤩¦ Je recommande !"),
    ("es", "Se cuelga siempre 😤😤¦ No la recomiendo"),
    ("pt", "Amei 💜💜¦ Chegou antes do prazo 🚚"),
    ("it", "Pizza spettacolare 🍕🍕🍕¦ Torneremo presto"),
    ("nl", "Wat een gedoe 🙄¦ Nooit meer"),
    ("ro", "Super magazin ❤️❤️❤️¦ Revin cu drag"),
    ("en", "✅ Fast delivery ¦✅ Good price ¦❌ Box was torn"),
    ("en", "Pros: 1️⃣ ¦cheap 2️⃣ fast".replace("1️⃣ ¦", "¦1️⃣ ").replace("2️⃣", "¦2️⃣")),
    # repeated and mixed stops
    ("en", "Never again!!!¦ They lost my parcel, twice!!!!¦ Avoid"),
    ("en", "Really?!¦ You call that service??¦ no thanks"),
    ("en", "What a joke !¦ Waited 3 hours !!¦ Left"),
    ("en", "So bad . . .¦ Never again"),
    ("en", "slow... but it works"),
    ("en", "Slow...¦ The app hangs every day"),
    ("en", "I waited… and waited… and left.¦ Bye…"),
    ("en", "After only... 3 days the screen died"),
    ("en", "Not bad...¦But not good either"),
    ("en", "(10 weeks (!) of waiting) and no reply"),
    ("en", "They wrote [...] that it is my fault"),
    ("en", "wow!amazing".replace("!", "!¦")),
    ("en", "This bullsh!t costs money and they F!CK you over"),
    ("en", "Great!5 stars".replace("!", "!¦")),
    ("ja", "配送が早い。¦また買います！"),
    # no space after the full stop
    ("en", "Great.¦But slow"),
    ("en", "Works fine.¦the app is ugly though"),
    ("en", "Booked on booking.com and on Hotels.com for 3.50 a night"),
    ("en", "Version 2.3.1 crashes, 2.4 works.¦Thanks"),
    ("en", "it was not.¦we left.¦i want my money back"),
    ("it", "Ordinato il 5.¦Mai arrivato"),
    ("en", "The .net client and node.js work, see readme.md"),
    ("en", "Mail me at jane.Doe@example.com or see https://example.com/a.Great?x=1.¦ Thanks"),
    ("en", "See www.example.com.¦ It is all there"),
    ("en", "Ask at help@example.com.¦ They answer"),
    ("en", "Good .¦But pricey"),
    ("en", "Refused a refund.¦I cancelled"),
    ("de", "War gut.¦Aber zu teuer.¦Trotzdem danke"),
    ("de", "gut.¦aber teuer"),
    ("de", "Bei check24.de gebucht, z.B. am 12.03.2024 um 12.30 Uhr für 1.299,00 Euro"),
    ("fr", "Très bien.¦Mais livraison lente"),
    ("it", "Tutto ok.¦Consigliato"),
    ("es", "Muy bueno.¦Llegó a tiempo"),
    ("ro", "Foarte bun.¦Dar livrarea a durat"),
    ("nl", "Prima.¦Maar duur"),
    ("pt", "Muito bom.¦Mas caro"),
    # abbreviations, initials, numbers
    ("en", "Dr. Smith and Mrs. Jones, e.g. at St. Mary's, were kind.¦ Thanks"),
    ("en", "The U.S. customers pay more.¦ I live in the U.S.¦ The parcel never came"),
    ("en", "Open until 9 p.m.¦ The staff left at 8 a.m. already"),
    ("en", "Chairs, tables, etc.¦ Everything arrived"),
    ("en", "Bags, shoes etc. were missing"),
    ("en", "I asked J. R. Miller about order no. 5 vs. no. 6"),
    ("en", "Would I buy again?¦ No.¦ Never"),
    ("en", "It cost 50.¦ Never again"),
    ("en", "Bought in 2019.¦ Still works"),
    ("en", "I gave it 4.5 out of 5.¦ Good value"),
    ("en", "Arrived 12. 03. 2024 in a torn box"),
    ("de", "Am 3. Mai bestellt, am 12. März geliefert.¦ Super"),
    ("de", "Der 2. Versuch war z. B. auch nichts, d. h. ich kündige"),
    ("de", "Kabel, Stecker usw.¦ Die Lieferung war komplett"),
    ("de", "Hr. Müller u. Fr. Schmidt von der Fa. Nordlicht waren ca. 20 Min. da"),
    ("de", "Musterstr. 5 wurde nicht gefunden, Nr. 7 auch nicht"),
    ("de", "Seit 2019. ¦Nie Probleme".replace(". ¦", ".¦ ")),
    ("de", "Dr.Weber ist toll, inkl. Beratung bzgl. Zahnersatz"),
    ("de", "Kostet 4,99.¦ Das ist fair"),
    ("de", "Wir waren die 10.¦ Der Saal war leer"),
    ("nl", "Dhr. Jansen belde i.v.m. de bestelling, d.w.z. nr. 12 enz.¦ De rest was goed"),
    ("nl", "Bijv. de kleur klopt niet.¦ Geld terug a.u.b.¦ Bedankt"),
    ("ro", "Dl. Popescu de pe str. Florilor nr. 5, bl. 3, sc. A mi-a răspuns.¦ Mulțumesc"),
    ("ro", "Aprox. 3 zile, ex. luni și marți, etc.¦ Recomand"),
    ("it", "Il Sig. Rossi e la Dott.ssa Bianchi, p.es. ieri, sono stati gentili.¦ Grazie"),
    ("it", "Piatti, posate ecc.¦ Tutto pulito"),
    ("fr", "M. Dupont et Mme. Martin, p. ex. hier, ont été aimables.¦ Merci"),
    ("fr", "Câbles, piles, etc.¦ Tout y était"),
    ("es", "El Sr. García y la Dra. López, p. ej. ayer, en la Avda. Sol núm. 5, me ayudaron.¦ Gracias"),
    ("es", "Luz, agua, etc.¦ Todo incluido"),
    ("pt", "O Sr. Silva e a Dra. Costa, p. ex. ontem, na Av. Central n.º 5, ajudaram.¦ Obrigado"),
    ("pt", "Pilhas, cabos, etc.¦ Tudo certo"),
    # quotes and brackets
    ("en", 'He said "It works." and hung up'),
    ("en", '"No refund."¦ Then she hung up.'),
    ("en", "“Not our problem!”¦ That was the answer"),
    ("en", '"Sold out!" they told me'),
    ("en", "I asked (twice.)¦ Nobody answered"),
    ("de", "„Geht nicht!“¦ Das war alles.¦ Der Satz „Kommt morgen.“ war gelogen"),
    ("de", "»Alles gut.«¦ So hieß es"),
    ("fr", "On m'a dit « Impossible ! »¦ Et voilà"),
    ("fr", "« C'est normal. » m'a-t-on répondu"),
    ("it", "«Domani arriva.»¦ Mai arrivato"),
    ("pt", "“Amanhã chega.”¦ Nunca chegou"),
    # Spanish marks
    ("es", "Muy buen servicio ¦¡Lo recomiendo!¦ ¿Volveré?¦ Seguro"),
    ("es", "Hola, ¿qué tal?¦ Pues ¿Por qué no contestan?"),
    ("es", "Llegó roto.¦¡Qué vergüenza!¦¡Nunca más!"),
    # lines and lists
    ("en", "Great service¦\nThe delivery was late"),
    ("en", "The delivery was\nlate by two days"),
    ("en", "The room that we booked had a view of the\nParking lot and no curtains"),
    ("en", "First line¦\n\nsecond one in lower case"),
    ("en", "good price¦\nfast delivery¦\nnice staff"),
    ("en", "Pros:¦\n- fast¦\n- cheap¦\n\nCons:¦\n* ugly¦\n* loud"),
    ("en", "• fast ¦• cheap ¦• loud"),
    ("en", "¦1. fast¦\n2. cheap¦\n3. quiet".lstrip("¦")),
    ("en", "Reasons: ¦1) price ¦2) speed ¦3) staff"),
    ("en", "1. Fast delivery ¦2. Good price.¦ Happy"),
    ("en", "Still slow...¦\nbut cheaper now"),
    ("en", "Nice food,\nGood wine and friendly people"),
    ("en", "Windows\r\n".strip() + " crashed¦\r\nThen it rebooted¦\u2028Then it died"),
    ("de", "Der Kundendienst hat bei meiner\nBestellung sehr schnell reagiert"),
    ("de", "Gründe:¦\n1. Preis¦\n2. Service"),
    ("de", "+ günstig¦\n+ schnell¦\n- laut"),
    ("de", "Vom 1. bis 2. Tag war alles gut"),
    ("nl", "Pluspunten:¦\n- snel¦\n- goedkoop"),
    ("fr", "Les points forts :¦\n– le prix¦\n– l'accueil"),
    ("it", "Ottimo hotel¦\nColazione scarsa"),
    ("es", "Lo bueno:¦\n1) precio¦\n2) trato"),
    ("pt", "Chegou rápido¦\nProduto igual à foto"),
    ("ro", "Livrare rapidă¦\nAmbalaj bun"),
    # unmarked ends and nothing to read
    ("en", "great app. works fine. ¦no ads".replace(". ", ".¦ ").replace("¦ ¦", "¦ ")),
    ("en", "!!! ... ???"),
    ("en", "👍"),
    ("en", "5"),
    ("en", "  \n\t "),
    ("xx", "Labai gerai.¦ Ačiū"),
]


def expected(marked: str) -> list[str]:
    """Return the sentences that the marked text shows."""
    pieces = (piece.strip() for piece in marked.split("¦"))
    return [piece for piece in pieces if any(sign.isalnum() or ord(sign) > 0x2600 for sign in piece)]


@pytest.mark.parametrize(("language", "marked"), LINES)
def test_splits_review_lines(language: str, marked: str) -> None:
    text = marked.replace("¦", "")
    assert [text[start:end] for start, end in split(text, language)] == expected(marked)


def test_table_covers_every_language() -> None:
    assert {language for language, _ in LINES} >= set(LANGUAGES)
    assert len(LINES) >= 80


@pytest.mark.parametrize(
    "text",
    [
        "the queue moved on and nobody came " * 60,
        "paid twice, got nothing, called again; " * 40,
        "endlessmoan" * 150,
        "warten – " * 150,
        "😡👨‍👩‍👧" * 300,
    ],
)
def test_run_on_text_is_cut_into_pieces(text: str) -> None:
    spans = split(text, "en")
    assert len(text) > LONGEST
    assert all(0 < end - start <= PIECE for start, end in spans)
    assert sum(end - start for start, end in spans) >= len(text) - 2 * len(spans)
    assert not any(text[end : end + 1] in ("\u200d", "\ufe0f") for _, end in spans)


def test_run_on_text_is_cut_at_semicolons_before_spaces() -> None:
    clause = "they promised me a call back within the hour and then nobody ever rang me"
    text = "; ".join([clause] * 12)
    assert all(text[start:end].rstrip(";").endswith("rang me") for start, end in split(text, "en"))


SIGNS = st.sampled_from(
    [
        *"aZé5.!?…;, \n\"'()[]«»¡¿:-•/@#ß漢",
        *("😍", "👨‍👩‍👧", "🇩🇪", "z.B.", "1. ", "2) ", "https://x.de/", "\u200d", "\r\n", ":)", "I ", "the "),
    ]
)


@given(st.one_of(st.text(), st.lists(SIGNS, max_size=60).map("".join)), st.sampled_from([*LANGUAGES, "pl", "und", ""]))
def test_spans_are_ordered_stripped_and_lose_nothing(text: str, language: str) -> None:
    position = 0
    for start, end in split(text, language):
        assert position <= start < end <= len(text)
        assert text[start:end] == text[start:end].strip()
        assert not any(sign.isalnum() for sign in text[position:start])
        position = end
    assert not any(sign.isalnum() for sign in text[position:])


@given(st.text(min_size=LONGEST, max_size=3000), st.sampled_from(LANGUAGES))
def test_no_piece_of_any_long_text_is_longer_than_a_run_on(text: str, language: str) -> None:
    assert all(end - start <= LONGEST for start, end in split(text * 2, language))


@pytest.mark.parametrize(
    "unit",
    [".", "a.a.", "!)", "😍 a", "( 😍 ", "a@", "https://", "1. ", "a\n", "• ", "z.B. ", " ", "Fine. Next! ", "a\n-"],
)
def test_time_grows_with_the_length_and_not_faster(unit: str) -> None:
    small, large = (unit * (size // len(unit)) for size in (20_000, 160_000))
    times = []
    for text in (small, large):
        started = time.process_time()
        split(text, "de")
        times.append(time.process_time() - started)
    assert times[1] < 8 * 4 * times[0] + 0.5
