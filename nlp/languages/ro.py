"""Romanian."""

from __future__ import annotations

NAME = "Romanian"

ABBREVIATIONS = """
dl dvs dv d-l dna d-na d-lui dr prof ing av sf str bd bl sc et ap jud mun tel nr.crt aprox cca ex de.ex pt ptr incl
excl resp vs d.p.d.v dpdv d.v col mr lt a.k.a alin
"""

CLOSING_ABBREVIATIONS = """
etc ș.a ş.a s.a ș.a.m.d ş.a.m.d s.a.m.d șamd s.r.l srl co inc a.m p.m max min ian febr apr iun iul aug sept oct noiem
dec
"""

NUMBER_ABBREVIATIONS = "nr no pag p vol cap art fig v"

LINKING_WORDS = """
un o unei unui niște cel cea cei cele de la din pe cu în in prin spre către până pana fără fara pentru despre între
intre și si sau dar iar însă insa că ca dacă daca deși desi deoarece când cand care ce să sa a al ai ale va vor ar
foarte prea își isi îmi imi nici
"""

OPENING_WORDS = """
acum apoi deci totuși totusi astfel aici acolo așa asa dupa după inainte înainte tot toate toți toti nimic nimeni
niciodată niciodata mereu doar numai chiar de-a cine cum unde cât cat da mersi mulțumesc multumesc recomand vă se mi
mi-a mi-am n-am le îi ii l-am am-am produsul serviciul livrarea comanda aplicația aplicatia am au este e sunt era erau
fost fi nu mai eu noi ei ele
"""

BUSINESS_WORDS = "la de pe cu din"

ARTICLES = "un o niște niste unui unei acest aceasta această acel acea"

CAPITAL_NOUNS = False

ORDINAL_POINT = False

REFERENCE_WORDS = """
comanda comandă comenzii comenzi rezervare rezervarea rezervării factura factură facturii contract contractul poliță
polița polita poliței politei dosar dosarul tichet tichetul colet coletul expediție client clientul cont reclamație
reclamația reclamatie reclamatia sesizare sesizarea abonament retur bilet biletul dauna daună
"""

REFERENCE_NUMBER_WORDS = "awb awb-ul referință referinta ref cnp pnr cod-client imei"

PHONE_REGIONS = ("RO", "MD")
