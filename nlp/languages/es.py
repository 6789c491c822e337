"""Spanish."""

from __future__ import annotations

NAME = "Spanish"

ABBREVIATIONS = """
sr sra srta sres sras d dª dña dr dra prof profa lic ing arq p.ej ej p.e aprox av avda cra ctra pl pza tel tfno tlf
tfn ext incl excl vs cf n.b p.d pd atte ff.aa art.º dpto depto dto izq dcha hnos gral i.e a.k.a núm.ref q.e.p.d
"""

CLOSING_ABBREVIATIONS = """
etc s.a sa s.l sl s.a.u cía cia co inc a.m p.m a.c d.c ee.uu uds vds hrs max máx min mín ene feb abr ago sept oct nov
dic ud vd
"""

NUMBER_ABBREVIATIONS = "n nº no núm num nro art pág pag págs p vol cap fig v"

LINKING_WORDS = """
el la los las un una unos unas mi mis tu tus su sus nuestro nuestra cada de del a al en con por para sin sobre entre
desde hasta hacia según y e o u pero sino porque aunque que si cuando como donde mientras pues ni es muy se me te le
"""

OPENING_WORDS = """
lo les nos todo todos toda todas nada nadie nunca siempre solo sólo además después antes luego ahora hoy ayer aquí
allí ahí así entonces también tampoco incluso ya aún todavía quién qué cómo cuánto sí gracias recomiendo recomendado
recomendable excelente buen buena mal mala pésimo desgraciadamente lamentablemente volveré volveremos llegó este esta
estos estas ese esa yo son era eran está están estaba fue fueron he ha hemos han había ser demasiado realmente no
"""

BUSINESS_WORDS = "de en con a del"

ARTICLES = "un una unos unas el la los las este esta ese esa mi mis su sus"

CAPITAL_NOUNS = False

ORDINAL_POINT = False

REFERENCE_WORDS = """
pedido pedidos reserva factura contrato póliza siniestro expediente ticket paquete envío cliente reclamación cuenta
suscripción billete devolución compra incidencia reembolso albarán
"""

REFERENCE_NUMBER_WORDS = "referencia ref localizador pnr dni guía imei justificante matrícula"

PHONE_REGIONS = ("ES", "MX")
