"""Italian."""

from __future__ import annotations

NAME = "Italian"

ABBREVIATIONS = """
sig sigg sig.ra sig.na sig.re dott dott.ssa dr prof prof.ssa avv ing arch geom rag spett egr gent gent.ma gent.mo es
p.es ad.es ca cfr tel incl escl n.b nb p.s ps s st ss c.so p.za v.le vs all allus pres seg ecc.mo c.a p.v a.r cod agg
"""

CLOSING_ABBREVIATIONS = """
ecc etc s.p.a spa s.r.l srl s.n.c snc s.a.s sas co inc a.c d.c a.m p.m c.v max min gen febb mar apr giu lug ago sett
ott nov dic lun mart merc giov ven sab dom
"""

NUMBER_ABBREVIATIONS = "n nr num art pag pagg p vol cap fig v par lett"

LINKING_WORDS = """
il lo la i gli le un uno una ogni di da in con su per tra fra a del dello della dei degli delle dal dalla dai al allo
alla ai agli alle nel nello nella nei nelle sul sulla e ed o ma però perché perche che se quando anche come mentre
sebbene quindi dove cui è ha viene
"""

OPENING_WORDS = """
poi dopo prima ora adesso oggi ieri qui qua lì là così cosi inoltre infine purtroppo mai sempre solo tutto tutti
niente nessuno chi cosa quanto quale sì si no grazie consiglio consigliato consigliatissimo ottimo ottima pessimo
pessima peccato comunque tuttavia insomma personale servizio mi ti ci vi l'ho ne mio mia miei mie suo sua nostro
nostra questo questa questi queste sono era erano ho hai abbiamo hanno avevo aveva molto troppo davvero non io noi
"""

BUSINESS_WORDS = "da dal dalla con di della alla"

ARTICLES = "un uno una il lo la i gli le questo questa quel quella mio mia"

CAPITAL_NOUNS = False

ORDINAL_POINT = False

REFERENCE_WORDS = """
ordine ordini prenotazione fattura contratto polizza sinistro pratica ticket spedizione pacco cliente reclamo conto
abbonamento biglietto reso segnalazione acquisto rimborso
"""

REFERENCE_NUMBER_WORDS = "riferimento rif pnr protocollo matricola imei codice-cliente lettera-di-vettura iccid"

PHONE_REGIONS = ("IT",)
