"""Portuguese."""

from __future__ import annotations

NAME = "Portuguese"

ABBREVIATIONS = """
sr sra srs sras srta dr dra drs prof profa eng enga arq exmo exma av r lg pç trav tel telef tlm ext ex p.ex aprox incl
excl vs cf n.b p.s obs dept depto dpto apto qd qtd st sto sta v.exa v.ex cel gen cód
"""

CLOSING_ABBREVIATIONS = """
etc lda ltda s.a sa cia co inc a.m p.m a.c d.c hrs max máx min mín jan fev abr ago set out nov dez
"""

NUMBER_ABBREVIATIONS = "n nº núm num nr art pág pag págs p vol cap fig v"

LINKING_WORDS = """
o a os as um uma uns umas meu minha meus minhas seu sua seus suas nosso nossa cada de do da dos das em no na nos nas
num numa com por para pelo pela pelos pelas sem sobre entre desde até e ou mas porém porque embora que se quando como
onde enquanto pois nem é me te lhe ao aos à às
"""

OPENING_WORDS = """
nós eles elas ele ela você vocês tudo todos todas nada ninguém nunca sempre só apenas além depois antes agora hoje
ontem aqui ali lá assim então também ainda já quem qual quanto sim obrigado obrigada recomendo recomendado excelente
ótimo ótima bom boa péssimo péssima infelizmente enfim afinal atendimento chegou voltarei isto isso parabéns este esta
estes estas esse essa eu são era eram está estão estava foi foram tem tenho têm tinha ser muito demasiado bem não
"""

BUSINESS_WORDS = "na no da do pela pelo com à ao"

ARTICLES = "um uma uns umas o a os as este esta esse essa meu minha seu sua"

CAPITAL_NOUNS = False

ORDINAL_POINT = False

REFERENCE_WORDS = """
encomenda encomendas pedido pedidos reserva fatura factura contrato apólice sinistro processo ticket bilhete envio
cliente reclamação conta assinatura devolução compra protocolo reembolso chamado
"""

REFERENCE_NUMBER_WORDS = "referência ref localizador pnr nif cpf rastreio rastreamento protocolo imei matrícula"

PHONE_REGIONS = ("PT", "BR")
