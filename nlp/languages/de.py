"""German."""

from __future__ import annotations

NAME = "German"

ABBREVIATIONS = """
z.b zb u.a u.ä d.h dh i.d.r idr z.t zt u.u m.e s.o s.u v.a o.ä o.g i.a i.v z.zt zzt zz bzw ca wg evtl eventl ggf inkl
exkl zzgl abzgl vgl sog ugs insb insbes bspw mind ungef dr prof dipl ing hr fr frl str tel jährl allg bes betr bzgl dt
engl entspr geb gegr gem gest hl lfd lt mio mrd tsd vorm nachm m.fr b.a z.hd z.hdn i.s.v d.j d.m fa st
"""

CLOSING_ABBREVIATIONS = """
usw etc uvm u.v.m u.s.w usf pp co inc a.d n.chr v.chr o.k e.v m.b.h max min std sek mtl jan feb apr jun jul aug sept
okt nov dez stk
"""

NUMBER_ABBREVIATIONS = "nr abs art kap bd s abt pos ziff rd vers v"

LINKING_WORDS = """
der die das den dem des ein eine einen einem einer eines mein meine meinen meinem meiner dein ihr ihre ihren ihrem
ihrer sein seine seinen unser unsere unseren unserem unserer kein keine keinen keinem keiner diesen diesem jeder jede
jedes jeden und oder aber denn sondern weil dass ob wenn während obwohl damit sodass von bei für gegen ohne durch bis
seit aus zwischen zum zur vom beim im am ins ans wir er sehr ziemlich mit in
"""

OPENING_WORDS = """
an auf nach vor über unter zu als wie da dort hier dann danach daher deshalb trotzdem leider auch noch nur nie
immer schon jetzt heute gestern man alles nichts alle viele was wer wo warum wieso bitte danke ja nein doch dafür dazu
dabei daran außerdem insgesamt sonst zuerst erst endlich absolut gerne gern klare mehr bisher dieser diese dieses ich
sie es ist sind war waren wird wurde wurden werden hat habe haben hatte hatten kann können konnte wirklich nicht
"""

BUSINESS_WORDS = "bei beim von vom zu zum zur mit"

ARTICLES = """
ein eine einen einem einer eines der die das den dem des mein meine meinen meinem meiner dein deine kein keine
keinen dieser diese dieses
"""

CAPITAL_NOUNS = True

ORDINAL_POINT = True

REFERENCE_WORDS = """
bestellung bestellungen auftrag auftrags buchung reservierung rechnung vertrag vertrags police schaden schadenfall
schadensfall ticket vorgang sendung paket kunden kundenkonto konto reklamation mitglied storno bestell
"""

REFERENCE_NUMBER_WORDS = """
bestellnummer bestellnr bestell-nr bestell-nummer bestellcode auftragsnummer auftragsnr auftrags-nr buchungsnummer
buchungsnr buchungs-nr buchungscode buchungs-code reservierungsnummer rechnungsnummer rechnungsnr rechnungs-nr
vertragsnummer vertragsnr vertrags-nr policennummer policen-nr versicherungsnummer versicherungsscheinnummer
versicherungsschein-nr schadennummer schadensnummer schaden-nr ticketnummer ticket-nr vorgangsnummer vorgangs-nr
fallnummer sendungsnummer sendungs-nr trackingnummer paketnummer kundennummer kundennr kunden-nr kd-nr kontonummer
konto-nr mitgliedsnummer mitglieds-nr aktenzeichen referenznummer referenz belegnummer seriennummer zählernummer
personalausweisnummer steuernummer reklamationsnummer reisepassnummer
"""

PHONE_REGIONS = ("DE", "AT", "CH")
