"""Texts come out as they were meant, and as the store takes them."""

from __future__ import annotations

import ftfy
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from overheard.intake.repair import repair, storable

WISHES = ftfy.TextFixerConfig(unescape_html=True, uncurl_quotes=False, fix_latin_ligatures=False)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("Nice, 100 %, no doubt.\n\tReally", "Nice, 100 %, no doubt.\n\tReally"),
        ("Très élégant, ça coûte 5 € « net » 👍🏽", "Très élégant, ça coûte 5 € « net » 👍🏽"),
        ("TrÃ¨s Ã©lÃ©gant, Ã§a coÃ»te 5 â‚¬", "Très élégant, ça coûte 5 €"),
        ("It&#39;s &lt;ok&gt; &amp; it&rsquo;s cheap", "It's <ok> & it’s cheap"),
        ("“curly” and ﬁne", "“curly” and ﬁne"),
        ("ＬＯＵＤ", "LOUD"),
        ("e\u0301te\u0301", "été"),
        ("a\r\nb\x00c\x1b[31md\x7f\ud800e", "a\nbcd\ufffde"),
        ("", ""),
    ],
)
def test_a_text_as_it_was_meant(text: str, meant: str) -> None:
    assert repair(text) == meant


SIGNS = (
    "aeoZ é ß ü ț ã â Ã Â © ª º ¨ ´ · – — ’ “ ” „ « » … ¿ ¡ € £ ¼ ² × œ Œ à ð Ð Ø Ù \ufffd &amp; &eacute; 1 \t \n \r "
    "\u200b \u2028 \xa0 ﬁ Ｌ 👍 ❤️ \x85"
)


@given(st.lists(st.sampled_from(SIGNS.split(" ")) | st.characters(), max_size=12).map("".join))
@example("\nÃ nice")
@example("œ\n€")
def test_a_sound_text_is_told_from_a_broken_one_as_ftfy_does(text: str) -> None:
    assert repair(text) == storable(ftfy.fix_text(text, WISHES))
