"""Dutch."""

from __future__ import annotations

NAME = "Dutch"

ABBREVIATIONS = """
bijv bv d.w.z dwz o.a oa m.a.w maw t.a.v tav t.o.v tov i.p.v ipv i.v.m ivm m.b.t mbt t/m n.a.v m.b.v mbv i.h.v incl
excl ca evt mevr mw dhr dr drs prof ing ir mr st tel resp zgn vgl ong ongev gem afd blz ned o.l.v m.i j.l jl a.s d.d
p.p.p.n
"""

CLOSING_ABBREVIATIONS = """
enz etc e.d a.u.b aub svp s.v.p b.v n.v co inc e.a max min jan feb apr jun jul aug sept okt nov dec mrt zsm z.s.m p.p
p.m
"""

NUMBER_ABBREVIATIONS = "nr nrs no art p pag hfst fig dl v"

LINKING_WORDS = """
de het een mijn je uw onze ons hun elke elk van voor bij naar tegen zonder tussen tot sinds per en of maar want omdat
dat als toen hoewel terwijl zodat ik wij we ze heel zeer geen 't met
"""

OPENING_WORDS = """
in op na om te er daar hier dan daarna daarom ook nog nooit altijd alleen alles niets niemand veel wat wie waar
waarom hoe nu vandaag helaas jammer verder bovendien echt goed prima top dus toch zelfs al ja nee dank bedankt kortom
uiteindelijk eerst inmiddels jullie men zijn haar dit deze hij jij u is was waren wordt werd worden heb heeft hebben
had hadden kan kon kunnen zal zou zouden moet moest wil erg niet
"""

BUSINESS_WORDS = "bij van naar via met"

ARTICLES = "een de het mijn mn m'n je jouw zijn haar ons onze deze dit die dat geen"

CAPITAL_NOUNS = False

ORDINAL_POINT = False

REFERENCE_WORDS = """
bestelling bestellingen order boeking reservering factuur contract polis claim schade ticket zaak pakket zending
klacht klant account lidmaatschap retour abonnement
"""

REFERENCE_NUMBER_WORDS = """
bestelnummer bestelnr bestel-nr ordernummer ordernr order-nr boekingsnummer boekingscode reserveringsnummer
reserveringscode factuurnummer factuurnr contractnummer polisnummer polisnr schadenummer claimnummer ticketnummer
zaaknummer dossiernummer dossier klantnummer klantnr klantennummer lidnummer lidmaatschapsnummer rekeningnummer
kenmerk referentie referentienummer trackingnummer zendingnummer zendingsnummer pakketnummer klachtnummer bsn
retournummer serienummer
"""

PHONE_REGIONS = ("NL", "BE")
