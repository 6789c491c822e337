"""Comparisons that customers make: which rival is named, and which way it goes, in eight languages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overheard.nlp.rivalry import CUES, DIRECTIONS, Names, find, fold

NAMES = Names({"Südsee": ["Sued-See Bank", "SSB"], "Ostwald": [], "Spot": []}, ["Nordwind", "NW Bank"])

W, L, C, G = DIRECTIONS

SAID = {
    "en": [
        ("Much better than Südsee.", [("Südsee", W)]),
        ("They are far faster at paying out than SSB ever was.", [("Südsee", W)]),
        ("Cheaper than Ostwald and the app is nicer.", [("Ostwald", W)]),
        ("More reliable than my old bank Ostwald.", [("Ostwald", W)]),
        ("Ostwald is much better.", [("Ostwald", L)]),
        ("Ostwald was cheaper than you.", [("Ostwald", L)]),
        ("Honestly, slower than Ostwald.", [("Ostwald", L)]),
        ("More expensive than Südsee by a mile.", [("Südsee", L)]),
        ("Not as good as Südsee.", [("Südsee", L)]),
        ("I should have stayed with Ostwald.", [("Ostwald", L)]),
        ("I wish I had gone with Ostwald.", [("Ostwald", L)]),
        ("We switched from Südsee last year and never looked back.", [("Südsee", C)]),
        ("I left Ostwald for Nordwind.", [("Ostwald", C)]),
        ("After ten years with Ostwald I have had enough of their fees.", [("Ostwald", C)]),
        ("I used to be with Südsee.", [("Südsee", C)]),
        ("I am switching to Ostwald next month.", [("Ostwald", G)]),
        ("I left Nordwind for Ostwald.", [("Ostwald", G)]),
        ("Left for Ostwald after the third fee.", [("Ostwald", G)]),
        ("I am taking my business to Südsee.", [("Südsee", G)]),
        ("Going back to Ostwald.", [("Ostwald", G)]),
        ("Prefer Nordwind to Südsee any day.", [("Südsee", W)]),
        ("Head and shoulders above Südsee.", [("Südsee", W)]),
        ("I moved from Südsee to Ostwald.", []),
        ("Ostwald is better than Südsee.", []),
        ("It is not better than Ostwald.", []),
        ("I would never switch to Ostwald.", []),
        ("Is it better than Ostwald?", []),
        ("There is a branch next to Ostwald.", []),
        ("They were on the spot and faster than expected.", []),
        ("Better than I thought, on the spot.", []),
        ("I have an account at Ostwald too.", []),
        ("Better service than Nordwind you will not find.", []),
    ],
    "de": [
        ("Viel schneller als die Südsee.", [("Südsee", W)]),
        ("Der Service ist deutlich besser als bei Ostwald.", [("Ostwald", W)]),
        ("Günstigere Preise als Ostwald.", [("Ostwald", W)]),
        ("Ostwald ist viel besser.", [("Ostwald", L)]),
        ("Langsamer als die Ostwald.", [("Ostwald", L)]),
        ("Leider teurer als Südsee.", [("Südsee", L)]),
        ("Nicht so gut wie die Südsee.", [("Südsee", L)]),
        ("Dann doch lieber Ostwald.", [("Ostwald", L)]),
        ("Bin von Südsee zu Nordwind gewechselt.", [("Südsee", C)]),
        ("Ich war vorher bei Ostwald.", [("Ostwald", C)]),
        ("Ich wechsle zu Ostwald.", [("Ostwald", G)]),
        ("Nächstes Mal fahre ich mit Ostwald.", [("Ostwald", G)]),
        ("Wir sind zu Südsee gewechselt.", [("Südsee", G)]),
        ("Lieber Nordwind als Südsee.", [("Südsee", W)]),
        ("Das ist nicht besser als bei Ostwald.", []),
        ("Die Filiale liegt neben Ostwald.", []),
        ("Besser als erwartet.", []),
    ],
    "nl": [
        ("Veel sneller dan Südsee.", [("Südsee", W)]),
        ("De service is beter dan bij Ostwald.", [("Ostwald", W)]),
        ("Goedkoper dan Ostwald.", [("Ostwald", W)]),
        ("Ostwald is veel beter.", [("Ostwald", L)]),
        ("Duurder dan Südsee.", [("Südsee", L)]),
        ("Niet zo goed als Südsee.", [("Südsee", L)]),
        ("Ik ben overgestapt van Ostwald.", [("Ostwald", C)]),
        ("Ik zat jarenlang bij Südsee.", [("Südsee", C)]),
        ("Ik stap over naar Ostwald.", [("Ostwald", G)]),
        ("Ik ben naar Südsee overgestapt.", [("Südsee", G)]),
        ("Liever Nordwind dan Ostwald.", [("Ostwald", W)]),
        ("Niet beter dan Ostwald.", []),
        ("Het kantoor naast Ostwald is gesloten.", []),
    ],
    "fr": [
        ("Bien plus rapide que Südsee.", [("Südsee", W)]),
        ("C'est mieux que chez Ostwald.", [("Ostwald", W)]),
        ("Moins cher qu'Ostwald.", [("Ostwald", W)]),
        ("Ostwald est nettement meilleur.", [("Ostwald", L)]),
        ("Plus cher que la Südsee.", [("Südsee", L)]),
        ("Ce n'est pas aussi bien que Südsee.", [("Südsee", L)]),
        ("J'ai quitté Ostwald pour venir chez Nordwind.", [("Ostwald", C)]),
        ("Avant, j'étais chez Südsee.", [("Südsee", C)]),
        ("Je vais retourner chez Ostwald.", [("Ostwald", G)]),
        ("Je suis passé chez Südsee.", [("Südsee", G)]),
        ("Ce n'est pas mieux qu'Ostwald.", []),
        ("L'agence est à côté d'Ostwald.", []),
    ],
    "es": [
        ("Mucho más rápido que Südsee.", [("Südsee", W)]),
        ("El trato es mejor que en Ostwald.", [("Ostwald", W)]),
        ("Más barato que Ostwald.", [("Ostwald", W)]),
        ("Ostwald es mucho mejor.", [("Ostwald", L)]),
        ("Es más caro que Südsee.", [("Südsee", L)]),
        ("No es tan bueno como Südsee.", [("Südsee", L)]),
        ("Me cambié de Ostwald hace un año.", [("Ostwald", C)]),
        ("Antes estaba en Südsee.", [("Südsee", C)]),
        ("Me voy a Ostwald.", [("Ostwald", G)]),
        ("Vuelvo con Südsee.", [("Südsee", G)]),
        ("No es mejor que Ostwald.", []),
        ("La oficina está al lado de Ostwald.", []),
    ],
    "it": [
        ("Molto più veloce di Südsee.", [("Südsee", W)]),
        ("Il servizio è migliore che da Ostwald.", [("Ostwald", W)]),
        ("Meno caro di Ostwald.", [("Ostwald", W)]),
        ("Ostwald è decisamente meglio.", [("Ostwald", L)]),
        ("Più caro di Südsee.", [("Südsee", L)]),
        ("Peggio di Ostwald.", [("Ostwald", L)]),
        ("Sono passata da Ostwald a Nordwind.", [("Ostwald", C)]),
        ("Prima ero con Südsee.", [("Südsee", C)]),
        ("Torno a Ostwald.", [("Ostwald", G)]),
        ("Passerò a Südsee il mese prossimo.", [("Südsee", G)]),
        ("Non è meglio di Ostwald.", []),
        ("La filiale è accanto a Ostwald.", []),
    ],
    "pt": [
        ("Muito mais rápido que a Südsee.", [("Südsee", W)]),
        ("O atendimento é melhor do que na Ostwald.", [("Ostwald", W)]),
        ("Mais barato do que Ostwald.", [("Ostwald", W)]),
        ("A Ostwald é muito melhor.", [("Ostwald", L)]),
        ("Mais caro que a Südsee.", [("Südsee", L)]),
        ("Pior que a Ostwald.", [("Ostwald", L)]),
        ("Troquei a Ostwald pela Nordwind.", [("Ostwald", C)]),
        ("Saí da Südsee há dois anos.", [("Südsee", C)]),
        ("Vou mudar para a Ostwald.", [("Ostwald", G)]),
        ("Voltei para a Südsee.", [("Südsee", G)]),
        ("Não é melhor que a Ostwald.", []),
        ("A loja fica ao lado da Ostwald.", []),
    ],
    "ro": [
        ("Mult mai rapid decât Südsee.", [("Südsee", W)]),
        ("Serviciile sunt mai bune decât la Ostwald.", [("Ostwald", W)]),
        ("Mai ieftin ca Ostwald.", [("Ostwald", W)]),
        ("Ostwald este mult mai bun.", [("Ostwald", L)]),
        ("Mai scump decât Südsee.", [("Südsee", L)]),
        ("Nu este la fel de bun ca Südsee.", [("Südsee", L)]),
        ("Am venit de la Ostwald anul trecut.", [("Ostwald", C)]),
        ("Înainte eram la Südsee.", [("Südsee", C)]),
        ("Mă mut la Ostwald.", [("Ostwald", G)]),
        ("Am trecut la Südsee.", [("Südsee", G)]),
        ("Nu e mai bun decât Ostwald.", []),
        ("Sucursala este lângă Ostwald.", []),
    ],
}
"""What customers might say of Nordwind, sentences of our own."""

CASES = [(language, text, found) for language, lines in SAID.items() for text, found in lines]


@pytest.mark.parametrize(("language", "text", "expected"), CASES, ids=[f"{case[0]}-{case[1]}" for case in CASES])
def test_who_is_named_and_which_way(language: str, text: str, expected: list[tuple[str, str]]) -> None:
    assert find(text, NAMES, language) == expected


def test_there_are_a_hundred_sentences_in_every_language_that_is_read() -> None:
    assert set(SAID) == set(CUES)
    assert len(CASES) >= 100


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Unlike Ostwald, they answer.", "en"),
        ("Compared to Ostwald it is a different world.", "en"),
        ("Im Gegensatz zu Ostwald geht hier jemand ans Telefon.", "de"),
        ("In tegenstelling tot Ostwald.", "nl"),
        ("Contrairement à Ostwald.", "fr"),
        ("A diferencia de Ostwald.", "es"),
        ("A differenza di Ostwald.", "it"),
        ("Ao contrário da Ostwald.", "pt"),
        ("Spre deosebire de Ostwald.", "ro"),
    ],
)
def test_unlike_a_rival_goes_by_the_sentiment(text: str, language: str) -> None:
    assert find(text, NAMES, language, "positive") == [("Ostwald", "win")]
    assert find(text, NAMES, language, "negative") == [("Ostwald", "lose")]
    assert find(text, NAMES, language) == find(text, NAMES, language, "mixed") == []


def test_a_name_is_found_however_it_is_written_and_nowhere_else() -> None:
    for written in ("südsee", "SUDSEE", "Sued see bank", "sued-see-bank", "SSB", "Südsee's"):
        assert find(f"Better than {written}!", NAMES, "en") == [("Südsee", "win")], written
    for other in ("Südseestrand", "ssb.example", "@ssb", "xssb"):
        assert find(f"Better than {other}!", NAMES, "en") == [], other


def test_a_spelling_that_the_brand_has_too_is_no_rivals() -> None:
    assert find("Better than NW.", Names({"Neu-West": ["NW"]}, ["NW"]), "en") == []


def test_no_rivals_and_no_cues_give_nothing() -> None:
    assert find("Better than Ostwald.", Names({}, []), "en") == []
    assert find("Better than Ostwald.", NAMES, "xx") == []


@pytest.mark.parametrize(
    ("said", "found"), [("\ue0009\ue000", []), ("\ue0000\ue000", []), ("\ue000Südsee\ue001", ["Südsee"])]
)
def test_private_use_characters_are_no_marks_of_ours(said: str, found: list[str]) -> None:
    assert [rival for rival, _ in find(f"Much better than {said}, and Ostwald is near.", NAMES, "en")] == found


WORDS = "better than Ostwald Südsee from to left, switched not - ' Nordwind ? als que \ue0007\ue000 \ue001".split()


@given(st.lists(st.sampled_from(WORDS)))
def test_any_sentence_is_read(words: list[str]) -> None:
    for language in CUES:
        for rival, direction in find(" ".join(words), NAMES, language, "positive"):
            assert rival in ("Ostwald", "Südsee")
            assert direction in DIRECTIONS


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_name_and_any_text(name: str, text: str) -> None:
    find(f"better than {name} {text}", Names({name: [text]}, []), "en")
    assert fold(fold(text)) == fold(fold(fold(text)))
