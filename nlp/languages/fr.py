"""French."""

from __future__ import annotations

NAME = "French"

ABBREVIATIONS = """
m mm mme mmes mlle mlles mr dr pr mgr st ste p.ex c.-à-d c-à-d càd cad env tél av bd bld boul pl apt cf qqn qqch qq
hab incl excl ref dép dept resp approx vs n.b nb p.s éd trad
"""

CLOSING_ABBREVIATIONS = """
etc s.v.p svp s.a.r.l s.a s.a.s cie inc co r.a.s ras a.m p.m av.j.-c ap.j.-c max min ex janv févr fevr avr apr juill
août sept oct nov déc dec
"""

NUMBER_ABBREVIATIONS = "n no nos num p pp art vol chap fig v réf"

LINKING_WORDS = """
le la les un une des du de au aux mon ma mes ton ta son sa ses notre nos votre vos leur leurs ce cet cette ces chaque
à en dans par pour sur sous avec sans chez vers entre et ou mais donc car ni que qui dont où quand si comme lorsque
puisque parce je j' ils il on est très ne
"""

OPENING_WORDS = """
tout tous toute rien personne ensuite puis enfin après avant maintenant aujourd'hui hier ici là alors ainsi cependant
toutefois pourtant malheureusement dommage encore toujours jamais plus aucun aucune même seul seule bref merci bravo
oui non ça cela c'est c'était j'ai n'ai l'application quel quelle comment pourquoi combien vous y bon bonne livraison
depuis pendant nous elles elle sont était étaient a ai avons avez ont avait été sera trop vraiment
"""

BUSINESS_WORDS = "chez de par à avec"

ARTICLES = "un une le la les des ce cet cette mon ma mes son sa ses leur"

CAPITAL_NOUNS = False

ORDINAL_POINT = False

REFERENCE_WORDS = """
commande commandes réservation facture contrat sinistre dossier ticket colis expédition client réclamation compte
abonnement billet retour achat remboursement adhérent sociétaire
"""

REFERENCE_NUMBER_WORDS = "référence réf pnr suivi matricule imei siret"

PHONE_REGIONS = ("FR", "BE", "CH")
