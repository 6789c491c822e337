"""Personal data in texts is masked before anything is stored.

Every recogniser is a pattern that finds candidates and a check that decides (mod-97, Luhn, a valid number plan, a word
such as "Bestellnummer" beside it), so that prices, years, dates, ratings and postcodes stay. All languages are looked
for in every text: a Dutch review may hold a Spanish phone number. Masking is repeated until nothing is left to mask,
which makes it idempotent, and every pattern looks at a bounded stretch, which keeps it linear.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Collection
from typing import Final
from urllib.parse import unquote_plus

import phonenumbers

from overheard.nlp.languages import CODES, load, unaccented

Span = tuple[int, str]
"""Where a masked stretch ends and what stands in its place."""


def _fold(word: str) -> str:
    return unaccented(word.casefold())


_LANGUAGES: Final = tuple(load(code) for code in CODES)
_REFERENCES: Final = frozenset(_fold(word) for language in _LANGUAGES for word in language.reference_words)
_NUMBER_WORDS: Final = frozenset(_fold(word) for language in _LANGUAGES for word in language.reference_number_words)
_REGIONS: Final = tuple(dict.fromkeys(region for language in _LANGUAGES for region in language.phone_regions))
_REGIONS_OF: Final = {
    "trunk": _REGIONS,
    "american": ("US",),
    "brazilian": ("BR",),
    "grouped": tuple(region for region in _REGIONS if phonenumbers.ndd_prefix_for_region(region, True) != "0"),
}
_ANNOUNCING: Final = frozenset(
    "# : = no nr nro n num number numbers numero nummer numar numarul id code codigo codice cod ref kennung".split()
)
_FILLING: Final = frozenset(
    "is ist war was lautet e est es este the my mein meine mijn mi mon mit with con com cu avec met der el o".split()
)

_URL_SIGN: Final = r"[^\s<>\"\[\]{}|\\^`]"
_URL_END: Final = r"[^\s<>\"\[\]{}|\\^`.,;:!?)'’»”…]"
_FIXED: Final = re.compile(
    rf"""
      (?P<placeholder>\[(?:email|phone|iban|card|number|handle|ip)\])
    | (?<![\w@.])(?P<url>(?:(?:https?|ftp)://|www\.){_URL_SIGN}*{_URL_END}
                       |(?<!-)(?:[a-z0-9-]{{1,63}}\.){{1,6}}[a-z]{{2,24}}(?::\d{{1,5}})?/{_URL_SIGN}*{_URL_END})
    """,
    re.VERBOSE | re.IGNORECASE,
)
_URL_PARTS: Final = re.compile(r"([a-z]+://)?(?:[^/?#]*@)?([^/?#:]*)(:\d+)?([^?#]*)", re.IGNORECASE)
_PROFILE_HOSTS: Final = frozenset("facebook.com instagram.com twitter.com x.com threads.net t.me tiktok.com".split())
_PROFILE_FOLDERS: Final = frozenset("u user users profile profiles profil member members".split())

_PROVIDERS: Final = "gmail|gmx|googlemail|hotmail|icloud|live|outlook|web|yahoo"
_EMAIL: Final = re.compile(
    rf"""(?<![\w.+%-])(?<!\W@)(?<!^@)(?=[.+%-]*\w)[\w.+%-]++
    (?:@(?:[\w-]+\.)+(?:[a-z]{{2,24}}|[A-Z]{{2,24}})(?!\w)
      |(?<!\.)@[^\W\d_][\w-]{{2,}}(?:\.[\w-]+)*
      |\s?(?:\bat\b|arroba|chiocciola|@)\s?(?:{_PROVIDERS})\.[a-z]{{2,3}}\b
      |@(?:[\w-]+\.)+\w{{2,24}}
      |\s?[\[(]\s?(?:at|ät|@)\s?[\])]\s?[\w-]{{2,63}}(?:(?:\.|\s?[\[(]\s?(?:dot|punkt|punto|point)\s?[\])]\s?)[\w-]{{2,63}})+
    )""",
    re.VERBOSE,
)
_IBAN: Final = re.compile(r"(?<![^\W_])[A-Za-z]{2}\d{2}(?:[ \u00a0.-]?[A-Za-z0-9]){11,30}")
_IBAN_LENGTHS: Final = {
    country: int(length)
    for country, length in re.findall(
        r"([A-Z]{2})(\d{2})",
        "AD24AE23AL28AT20BA20BE16BG22BR29CH21CY28CZ24DE22DK18EE20ES24FI18FR27GB22GE22GR27HR21HU28IE22IL23IS26IT27LI21"
        "LT20LU20LV21MC27MD24ME22MK19MT31NL18NO15PL28PT25RO24RS22SA24SE24SI19SK24SM27TR26UA29VA22XK20",
    )
}
_CARD: Final = re.compile(r"(?<![\w+])(?<!\d[.,:/-])[2-6](?:[ -]?\d){12,18}")
_CARD_GROUPS: Final = re.compile(r"\d{13,19}|\d{4}([ -])\d{4}\1\d{4}\1\d{4}(?:\1\d{1,3})?|\d{4}([ -])\d{6}\2\d{4,5}")
# Visa, Mastercard, American Express, Diners and JCB, the 6… of Discover, Maestro and UnionPay.
_CARD_ISSUERS: Final = re.compile(
    r"4(?:\d{12}|\d{15}|\d{18})|(?:5[0-8]|2[2-7]|35)\d{14}|3[47]\d{13}|3[0689]\d{12}|6\d{15,18}"
)
_IP: Final = re.compile(
    r"(?<![\w.:])(?:\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}(?![\w.]*\d)|(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4}(?![\w:]))"
)
_VERSION_BEFORE: Final = re.compile(r"(?:\bv|\bvers\w+|update|build|firmware)\W{0,3}$", re.IGNORECASE)

_GAP: Final = "[-./() \u00a0\u202f]{0,3}"
_PHONE: Final = re.compile(
    rf"""(?<![\w+])(?<!\d[.,:/-])
    (?:(?P<international>(?:\+|00)[ ]?\(?[1-9]\d{{0,3}}\)?(?:{_GAP}\d){{6,13}})
      |(?P<trunk>\(?0[1-9]\d{{0,4}}\)?(?:{_GAP}\d){{5,10}})
      |(?P<american>(?:1[ .-])?\(?[2-9]\d\d(?:\)[ ]?|[ .-])\d{{3}}[ .-]\d{{4}})
      |(?P<brazilian>\(?[1-9]\d\)?[ ]?9?\d{{4}}[ -]\d{{4}})
      |(?P<grouped>\(?\d\d\)?[ -]\d{{4}}[ -]\d{{4}}
                  |[679]\d\d(?:[ .-]\d\d){{3}}
                  |[2679]\d\d(?:[ .-]?\d{{3}}){{2}}
                  |[89]\d[ .-]\d{{3}}(?:[ .-]\d\d){{2}}
                  |3[2-9]\d[ ./-]?\d{{3}}[ .-]?\d{{3,4}}))
    (?!\w)""",
    re.VERBOSE,
)
_DATE_OR_TIME: Final = re.compile(
    r"""\d{1,2}([./ -])\d{1,2}\1(?:(?:19|20)\d\d(?!\d)|\d\d(?!\1?\d))
    |\d{1,2}[./-](?:19|20)\d\d(?!\d)
    |(?:19|20)\d\d([./-])\d{1,2}\2\d{1,2}(?:T\d\d)?(?!\d)
    |\d{1,2}-[A-Za-z]{3,9}-\d{2,4}
    |\d{1,2}[.]\d{1,2}[.](?!\d)
    |\d{1,2}[.][ ]\d{1,2}[.][ ](?:19|20)?\d\d
    |\d{1,2}[.]\d{1,2}[ ]\d{1,2}[.:]\d\d(?!\d)
    |[0-2]\d[.h]?[0-5]\d[ ]?[-–][ ]?[0-2]\d[.h]?[0-5]\d(?!\d)""",
    re.VERBOSE,
)
_TOKEN: Final = re.compile(
    r"""(?<![\w@&\#-])(?<!\d[.,:/])(?:\#\s?)?(?=[A-Za-z/_.-]{0,20}\d)
    [A-Za-z0-9]{1,40}(?:[-/_.][A-Za-z0-9]{1,40}){0,8}(?!\w)""",
    re.VERBOSE,
)
_SPACED: Final = re.compile(r"\d{2,}(?: \d{2,}){1,6}(?!\w)")
_FIGURE: Final = re.compile(r"\d{1,3}(?:[.,]\d{3})+|\d{1,4}0{3,}")
_YEAR: Final = re.compile(r"(?:19|20)\d\d")
_AMOUNT_BEFORE: Final = re.compile(r"(?:[€$£¥₹]|\b(?:eur|ron|usd|gbp|chf|brl|rs))[ \u00a0]?$", re.IGNORECASE)
_PRICE_AFTER: Final = re.compile(
    r"[ \u00a0\u202f]?(?:[€$£¥₹%]|(?:eur|euros?|lei|ron|usd|gbp|chf|brl|reais|dollars?|pounds?|francs?|franken)\b)",
    re.IGNORECASE,
)
_AMOUNT_AFTER: Final = re.compile(
    r"""[,.]\d|[ \u00a0\u202f-]?(?:°|(?:punkte|points?|punti|puncte|puntos|pontos|punten|km|kg|mg|ml|cm|mm|kb|mb|gb|tb
    |mah|watt|kwh|mal|times|steps|stück|stk|pieces|stuks|people|personen|followers|views|reviews|years|jahre|jaar|ani|anni
    |ans|años|anos)\b)""",
    re.VERBOSE | re.IGNORECASE,
)
_SENTENCE_END: Final = re.compile(r"(?<![Nn][ro])(?<!\b[Nn])[.!?;]\s")
_CONTEXT: Final = re.compile(r"[^\W\d_]+(?:[-.][^\W\d_]+)*|[#:=]|\d")
_NEAR: Final = 60
_HANDLE: Final = re.compile(
    r"""(?<![\w@＠])[@＠](?=[\w.]*[^\W\d_])(\w(?:[\w.]*\w)?(?:@\w(?:[\w.-]*\w)?)*)
    |(?<![\w/])/?\bu/[\w-]{3,20}(?![\w/])""",
    re.VERBOSE,
)
_SUSPECT: Final = re.compile(r"[\d@＠/]|[wW]{3}\.|[\[(]\s?[aAäÄ]")
# What a recogniser cannot do without, looked for first because it is found faster, or found missing.
_FIXED_SIGN: Final = re.compile(r"[\[/]|[wW]{3}\.")
_EMAIL_SIGNS: Final = ("@", "(", "[", *(f"{provider}." for provider in _PROVIDERS.split("|")))
_HANDLE_SIGNS: Final = ("@", "＠", "u/")
_DIGIT: Final = re.compile(r"\d")


def mask(text: str, keep: Collection[str] = ()) -> str:
    """Return the text with placeholders where it names a person or an account: [email] [phone] [iban] [card] [number]
    [handle] [ip]; web addresses keep scheme, host and the harmless part of the path.

    `keep` are the handles and profile names that stay (brands, rivals), in any case, with or without "@". Masking a
    masked text changes nothing. Never raises.
    """
    if not _SUSPECT.search(text):
        return text
    kept = frozenset(re.sub(r"[@\s]", "", name).casefold() for name in keep) - {""}
    while _SUSPECT.search(text):
        masked = _mask_once(text, kept)
        if masked == text:
            break
        text = masked
    return text


def _mask_once(text: str, kept: Collection[str]) -> str:
    if not _FIXED_SIGN.search(text):
        return _mask_plain(text, kept)
    parts, position = [], 0
    for found in _FIXED.finditer(text):
        parts.append(_mask_plain(text[position : found.start()], kept))
        parts.append(found[0] if found["placeholder"] else _harmless(found[0], kept))
        position = found.end()
    return "".join([*parts, _mask_plain(text[position:], kept)])


def _mask_plain(text: str, kept: Collection[str]) -> str:
    """Mask a text that holds no web address, the surest recogniser first."""
    if any(sign in text for sign in _EMAIL_SIGNS):
        text = _EMAIL.sub("[email]", text)
    digits = len(_DIGIT.findall(text))
    for least, pattern, check in _RECOGNISERS:
        if digits >= least:
            text = _replace(text, pattern, check)
    if any(sign in text for sign in _HANDLE_SIGNS):
        text = _HANDLE.sub(lambda found: found[0] if _is_kept(found[1] or "", kept) else "[handle]", text)
    return text


def _replace(text: str, pattern: re.Pattern[str], check: Callable[[re.Match[str]], Span | None]) -> str:
    """Replace what the check confirms; where it declines, the search goes on one character later."""
    parts, position, begin = [], 0, 0
    while found := pattern.search(text, begin):
        span = check(found)
        if span is None:
            begin = found.start() + 1
            continue
        parts += [text[position : found.start()], span[1]]
        position = begin = span[0]
    return "".join([*parts, text[position:]])


def _check_iban(found: re.Match[str]) -> Span | None:
    length = _IBAN_LENGTHS.get(found[0][:2].upper(), 0)
    ends = [place.end() for place in re.finditer(r"[A-Za-z0-9]", found[0])]
    if not length or len(ends) < length:
        return None
    end = found.start() + ends[length - 1]
    account = re.sub(r"[^A-Z0-9]", "", found.string[found.start() : end].upper())
    digits = "".join(str(int(sign, 36)) for sign in account[4:] + account[:4])
    return (end, "[iban]") if int(digits) % 97 == 1 and not found.string[end : end + 1].isalnum() else None


def _check_card(found: re.Match[str]) -> Span | None:
    for length in range(len(found[0]), 12, -1):
        number, end = found[0][:length], found.start() + length
        whole = number[-1].isdigit() and not found.string[end : end + 1].isalnum()
        if whole and _CARD_GROUPS.fullmatch(number) and _is_card(re.sub(r"\D", "", number)):
            return end, "[card]"
    return None


def _is_card(digits: str) -> bool:
    """Say whether an issuer gives out such numbers and the last digit is the one that Luhn's sum asks for."""
    backwards = [int(digit) for digit in reversed(digits)]
    doubled = (sum(divmod(2 * digit, 10)) for digit in backwards[1::2])
    return _CARD_ISSUERS.fullmatch(digits) is not None and (sum(backwards[::2]) + sum(doubled)) % 10 == 0


def _check_ip(found: re.Match[str]) -> Span | None:
    before = found.string[max(0, found.start() - 20) : found.start()]
    if _VERSION_BEFORE.search(before) or (":" in found[0] and len(re.findall(r"\w+", found[0])) < 3):
        return None
    try:
        ipaddress.ip_address(found[0])
    except ValueError:
        return None
    return found.end(), "[ip]"


def _check_phone(found: re.Match[str]) -> Span | None:
    """Confirm a phone number, if need be without its last groups of digits ("0171 1234567 12 Tage")."""
    number, kind, begin = found[0], found.lastgroup or "", found.start()
    if date := _DATE_OR_TIME.match(found.string, begin + number.startswith("(")):
        return date.end(), found.string[begin : date.end()]
    if _AMOUNT_BEFORE.search(found.string[max(0, begin - 5) : begin]):
        return None
    while sum(map(str.isdigit, number)) >= 7:
        end = begin + len(number)
        if _is_phone(number, kind) and not _PRICE_AFTER.match(found.string, end):
            return end, "[phone]"
        if kind not in ("international", "trunk"):
            return None
        number = re.sub(r"\D*\d+$", "", number)
    return None


def _is_phone(number: str, kind: str) -> bool:
    digits = re.sub(r"\D", "", number)
    if len(set(digits[1:])) < 2:
        return False
    if kind == "international":
        parsed = _parse("+" + digits.removeprefix("00"), None)
        check = phonenumbers.is_possible_number if len(digits) >= 10 else phonenumbers.is_valid_number
        return parsed is not None and check(parsed)
    if kind == "trunk" and len(digits) >= 9:
        return len(digits) <= 12
    if kind == "american" and re.search(r"[-.(]", number):
        return True
    candidates = (_parse(digits, region) for region in _REGIONS_OF[kind])
    return any(parsed is not None and phonenumbers.is_valid_number(parsed) for parsed in candidates)


def _parse(digits: str, region: str | None) -> phonenumbers.PhoneNumber | None:
    try:
        return phonenumbers.parse(digits, region)
    except phonenumbers.NumberParseException:
        return None


def _check_reference(found: re.Match[str]) -> Span | None:
    """Confirm the number of an order, a policy, … that a word in front of it announces."""
    token, text = found[0].lstrip("# "), found.string
    begin = found.end() - len(token)
    said = _announced(text, found.start(), "#" in found[0])
    if not said:
        return (found.end(), "[number]") if "#" in found[0] and _is_tag(token) else None
    spaced = _SPACED.match(text, begin)
    if spaced and 8 <= sum(map(str.isdigit, spaced[0])) <= 24 and not _is_plain(spaced[0], text, begin):
        return spaced.end(), "[number]"
    if _is_plain(token, text, begin) or _YEAR.fullmatch(token) or (said == "thing" and _FIGURE.fullmatch(token)):
        return None
    digits = sum(map(str.isdigit, token))
    mixed = not token.replace("-", "").replace("/", "").isdigit()
    if said == "number":
        enough = digits >= 4 or (mixed and len(token) >= 5 and token.isupper())
    else:
        enough = digits >= (6 if mixed else 5)
    return (found.end(), "[number]") if enough else None


def _announced(text: str, begin: int, hashed: bool) -> str:
    """Return "number" where the words before say that a number follows, "thing" where they only name an order."""
    before = text[max(0, begin - _NEAR) : begin].rpartition("]")[2].rstrip(". ")
    words = [_fold(word) for word in reversed(_CONTEXT.findall(_SENTENCE_END.split(before)[-1])[-8:])]
    number = hashed
    for place, word in enumerate(words[:6]):
        if word in _NUMBER_WORDS:
            return "number"
        if word in _REFERENCES:
            return "number" if number or _ANNOUNCING & set(words[place + 1 : place + 3]) else "thing"
        number = number or word in _ANNOUNCING
        if word not in _ANNOUNCING and word not in _FILLING:
            break
    return ""


def _is_tag(token: str) -> bool:
    """Say whether what follows a # is a number, and not a hashtag or a year."""
    return token[0].isdigit() and sum(map(str.isdigit, token)) >= 4 and not _YEAR.fullmatch(token)


def _is_plain(token: str, text: str, begin: int) -> bool:
    """Say whether a number is a date, a time, a price or an amount."""
    end = begin + len(token)
    amount = _AMOUNT_BEFORE.search(text[max(0, begin - 5) : begin]) or _AMOUNT_AFTER.match(text, end)
    return bool(amount or _PRICE_AFTER.match(text, end) or _DATE_OR_TIME.fullmatch(token))


def _check_number(found: re.Match[str]) -> Span | None:
    """Confirm a number that is long enough to be somebody's: near a word such as "order", or longer still alone."""
    token, text = found[0].lstrip("# "), found.string
    digits = sum(map(str.isdigit, token))
    if digits < 7 or "." in token or _FIGURE.fullmatch(token) or _is_plain(token, text, found.end() - len(token)):
        return None
    serial = token.isupper() and token.isalnum() and len(token) >= 12 and digits >= 8
    alone = serial or (token.isdigit() and digits >= 10) or re.search(r"\d{12}", token)
    around = text[max(0, found.start() - _NEAR) : found.start()].rpartition("]")[2] + " . "
    around += text[found.end() : found.end() + _NEAR // 2].partition("[")[0]
    named = token.isupper() or "-" in token or "/" in token or token.isdigit()
    near = named and any(_fold(word) in _REFERENCES | _NUMBER_WORDS for word in _CONTEXT.findall(around))
    return (found.end(), "[number]") if alone or near else None


_RECOGNISERS: Final = (
    (2, _IBAN, _check_iban),
    (13, _CARD, _check_card),
    (0, _IP, _check_ip),
    (1, _TOKEN, _check_reference),
    (7, _PHONE, _check_phone),
    (7, _TOKEN, _check_number),
)
"""From the surest on: how many digits a text must have for it, the pattern, the check."""


def _is_kept(handle: str, kept: Collection[str]) -> bool:
    """Say whether a handle ("bank", "bank.com", "bank@social.example") is one to keep."""
    first, *others = handle.casefold().split("@")
    names = [first, *(other for other in others if "." not in other)]
    return all(name in kept or name.partition(".")[0] in kept for name in names)


def _harmless(url: str, kept: Collection[str]) -> str:
    """Return the address without credentials, query and fragment, its path cut in front of the first secret."""
    parts = _URL_PARTS.match(url)
    scheme, host, port, path = parts.groups("") if parts else ("", url, "", "")
    site = host.casefold().removeprefix("www.").removeprefix("m.")
    folders = path.split("/")
    for place, folder in enumerate(folders[1:], start=1):
        name, before = unquote_plus(folder), _fold(folders[place - 1])
        personal = "@" in name or before in _PROFILE_FOLDERS or (place == 1 and site in _PROFILE_HOSTS)
        personal = personal or (before == "in" and site.endswith("linkedin.com"))
        if (personal and not _is_kept(name.lstrip("@"), kept)) or _is_secret(folder, before):
            folders = folders[:place]
            break
    return scheme + _IP.sub("[ip]", host) + port + "/".join(folders)


def _is_secret(folder: str, before: str) -> bool:
    """Say whether a part of a path is a token or a personal number, and not the words of a title."""
    if before in _REFERENCES and sum(map(str.isdigit, folder)) >= 4:
        return True
    words = re.split(r"[-_.~%+,]", folder)
    return bool(re.fullmatch(r"[0-9a-fA-F-]{20,}", folder)) or any(map(_is_random, words))


def _is_random(word: str) -> bool:
    digits = sum(map(str.isdigit, word))
    return digits >= 10 or (len(word) >= 16 and (digits > 0 or re.search(r"[a-z][A-Z]", word) is not None))
