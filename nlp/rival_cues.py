"""How people compare brands in eight languages: the words around a rival's name, without case and diacritics.

In `wins`, `loses`, `came` and `left`, RIVAL stands for the name with small words before it, OWN for the brand that the
sentence is said of, "GAP " for up to four words; NAME is the name with no word before it but an article. Each pattern
has one of RIVAL and NAME once.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Cues:
    """The cues of one language, each an alternation of regular expressions or a tuple of them.

    `better` and `worse` are comparatives that speak for and against what they are said of, `than` what follows them,
    `filler` small words before a name, `here` words for the brand at hand, `very` what strengthens, `verb` what links a
    rival to a comparative, `unlike` what sets a rival apart, `denial` what denies what follows. `wins` and `loses` are
    other ways to say better and worse, `came` that a customer came from a rival, `left` that one leaves for it.
    """

    better: str
    worse: str
    than: str
    filler: str
    here: str
    very: str
    verb: str
    unlike: str
    denial: str
    wins: tuple[str, ...] = ()
    loses: tuple[str, ...] = ()
    came: tuple[str, ...] = ()
    left: tuple[str, ...] = ()


CUES = {
    "en": Cues(
        better=r"better|faster|quicker|cheaper|easier|nicer|friendlier|cleaner|safer|simpler|smoother|kinder|superior"
        r"|less (?:expensive|complicated|hassle|money|costly|of a hassle)|lower|broader|wider"
        r"|more (?:affordable|reliable|helpful|responsive|comprehensive|convenient|generous|efficient|professional|personal"
        r"|transparent|flexible|comfortable|reasonable|reasonably|thorough|user-friendly|competitive|coverage|options"
        r"|benefits|value|accurate|knowledgeable|caring|coverages|punctual|modern|efficiently|quickly|consistent)",
        worse=r"worse|slower|pricier|ruder|dirtier|harder|inferior|higher|less (?:reliable|helpful|responsive|convenient"
        r"|comfortable|coverage|professional|flexible|efficient|friendly|value|generous|transparent)"
        r"|more (?:expensive|complicated|difficult|costly|confusing|frustrating|money|hassle|restrictive|bureaucratic)",
        than=r"than|to",
        filler=r"the|a|my|our|old|previous|former|prior|current|last|competitor|with|at|what|when i had|i had with|those"
        r"|of|from|that|company|provider|insurance|insurer|bank|companies|like|did|in|on|for|over|either|both|other"
        r"|ones|is|was|i had|i got|through|using|by|such as",
        here=r"these (?:guys|people)|this (?:\w+ )?(?:company|bank|place|one|app|shop|insurance|store|airline)|this|them|you"
        r"|here|yours|us",
        very=r"much|far|way|so|so much|even|a lot|lots|actually|always|also|still|just|definitely|clearly|significantly"
        r"|considerably|really|a bit|slightly|a little|a whole lot|infinitely|now",
        verb=r"is|are|was|were|has|have|had|offers?|offered|gave|gives|does|did|will be|would be|seems?|provides?|provided"
        r"|pays|paid|works?|worked|treats?|treated",
        unlike=r"unlike|(?:when |if you )?compared? (?:to|with)|in comparison (?:to|with)|in contrast to",
        denial=r"not|no|never|hardly|nothing|nobody|neither|don't|doesn't|didn't|won't|wouldn't|isn't|wasn't|cannot|without"
        r"|nor|dont|didnt|isnt|wont|would|if",
        wins=(
            r"(?:head and shoulders|leaps and bounds|miles|light years|way|far|heads and tails) (?:above|ahead of|over) RIVAL",
            r"(?:beats?|outperforms?|outshines?|trumps?|blows? away|surpass(?:es|ed)?) RIVAL",
            r"prefer(?:red)? (?:\w+ )?OWN (?:over|to|than) RIVAL",
            r"(?:glad|happy|pleased|thankful|relieved) (?:that )?(?:i|we) (?:\w+ )?(?:chose|picked|went with|selected|got|have"
            r"|bought|signed up with) GAP (?:over|instead of|rather than) RIVAL",
            r"(?:chose|picked|recommend|choose) (?:\w+ )?OWN (?:over|instead of|rather than) RIVAL",
        ),
        loses=(
            r"(?:not|n't|nowhere near|never|not nearly)(?: \w+)? as (?:good|fast|quick|cheap|easy|helpful|reliable|friendly"
            r"|responsive|nice|comprehensive|efficient|great|clean|comfortable|convenient) (?:GAP )?(?:as|like) RIVAL",
            r"(?:should(?:'ve| have|a)|wish (?:i|we)(?:'d| had| would have| could)?) (?:just )?(?:gone|stayed|stuck|signed up"
            r"|kept|stay|chosen|picked|bought|went)(?: with| from| at)? RIVAL",
            r"prefer(?:red)? RIVAL(?! (?:to|over|than))",
            r"(?:recommend|suggest) RIVAL (?:instead|rather|over OWN)",
            r"(?:regret|sorry) (?:ever )?(?:leaving|switching from|cancell?ing|that i left) RIVAL",
            r"wish (?:i|we) (?:had never|hadn't|never) (?:left|switched from|cancell?ed) RIVAL",
        ),
        came=(
            r"(?:switch(?:ed|ing)?|mov(?:ed|ing|e)|chang(?:ed|ing|e)|transferr?(?:ed|ing)?|migrat(?:ed|ing)|converted|came"
            r"|come|coming|moved over|jumped ship) (?:GAP )?from RIVAL",
            r"(?:left|leaving|ditched|ditching|dumped|dumping|quit|cancell?(?:ed|ing)|dropped|dropping|replaced)"
            r" (?:\w+ with )?NAME(?! (?:for|and went with|to go with) (?!OWN))",
            r"(?:used to|previously|formerly|originally) (?:be with|have|had|use|used|with|insured with|pay|be insured (?:with"
            r"|by|through)) RIVAL",
            r"(?:was|were|been) (?:previously |originally |formerly |insured )?(?:with|at) RIVAL"
            r"(?: (?:before|previously|for (?:\w+ ){1,3}(?:years|year|months)))",
            r"(?:had|used|tried|have had) RIVAL (?:before|previously|for (?:\w+ ){1,3}(?:years|year|months)|in the past|first)",
            r"after (?:\w+ ){1,3}(?:years|months) (?:with|at|of|using) RIVAL",
            r"my (?:previous|old|former|last|prior) (?:\w+ ){0,2}(?:was|,|with|is) RIVAL",
        ),
        left=(
            r"(?:switch(?:ed|ing)?|mov(?:ed|ing|e)|chang(?:ed|ing|e)|transferr?(?:ed|ing)?|migrat(?:ed|ing)|go(?:ing)? back"
            r"|went back|gone back|return(?:ed|ing)?|going over|jumped ship) (?:(?!from)[\w'-]+ ){0,4}?(?:to|over to|back to)"
            r" RIVAL(?! from (?!OWN))",
            r"(?:left|leaving|leave|ditched|dumped|quit|cancell?(?:ed|ing)|dropped) (?:OWN |it |my policy |my account |and )?"
            r"(?:for|and went with|to go with|went with|going with|and joined|joined) RIVAL",
            r"(?:took|taking|take) (?:my|our|his|her) (?:\w+ )?(?:business|money|custom|account) (?:to|over to) RIVAL",
            r"(?:went|going|gone|signed up|signing up) with RIVAL (?:instead|now|rather)",
        ),
    ),
    "de": Cues(
        better=r"(?:besser|schneller|gunstiger|billiger|einfacher|freundlicher|zuverlassiger|bequemer|punktlicher|sauberer"
        r"|angenehmer|netter|preiswerter|komfortabler|entspannter|unkomplizierter|leichter|kompetenter|sicherer|schoner"
        r"|flexibler|moderner|ubersichtlicher|gemutlicher|pfiffiger|praktischer)(?:e[nrsm]?)?|weniger (?:stress|verspatung\w*)",
        worse=r"(?:schlechter|langsamer|teurer|unzuverlassiger|unfreundlicher|komplizierter|unpunktlicher|schlimmer|dreckiger"
        r"|unbequemer|umstandlicher|enger|voller|anstrengender|chaotischer|lauter)(?:e[nrsm]?)?|weniger (?:zuverlassig|komfort)",
        than=r"als|wie",
        filler=r"bei|mit|die|der|das|den|dem|von|im|in|ein|eine|einem|einer|jede[rs]?|mein|meiner|zur|zum|zu|beim|vorher"
        r"|alten?|fruher|es|so manche[rs]?|auf|per|am|ist|was|man|etwa|beispielsweise|z\.b\.",
        here=r"hier|die(?:se[rsn]?)?|euch|ihnen|diese(?:r|n|m)? (?:\w+ )?(?:laden|bank|firma|verein)|denen",
        very=r"viel|deutlich|wesentlich|um einiges|sogar|immer|noch|auch|weit|um langen|definitiv|einfach|dann|doch|ja|da"
        r"|wirklich|klar|etwas|bedeutend|oft|meist",
        verb=r"ist|sind|war|waren|hat|hatte|bietet|bot|fahrt|fuhr|fahren|macht|scheint|funktioniert|ware|kann",
        unlike=r"im gegensatz zu[rm]?|anders als|im vergleich (?:zu[rm]?|mit)|verglichen mit",
        denial=r"nicht|kein\w*|nie|niemals|weder|kaum|ohne",
        wins=(
            r"lieber (?:GAP )?(?:OWN |mit OWN )?als RIVAL",
            r"(?:schlagt|ubertrifft|toppt) RIVAL",
        ),
        loses=(
            r"(?:nicht|bei weitem nicht|lange nicht|nicht annahernd) (?:so|ganz so) (?:gut|schnell|gunstig|billig|bequem"
            r"|zuverlassig|freundlich|punktlich|komfortabel|einfach) (?:GAP )?wie RIVAL",
            r"(?:dann |da |nachstes mal |in zukunft |kunftig )?(?:doch |wieder )?lieber (?:(?!als )\w+ ){0,3}?RIVAL(?! als)",
            r"hatte(?:n)? (?:\w+ )?(?:lieber|besser) (?:GAP )?RIVAL (?:genommen|gebucht|gewahlt|fahren sollen|bleiben)",
        ),
        came=(
            r"(?:gewechselt|wechseln?|wechsle|umgestiegen|umsteigen|gekommen|komme) (?:GAP )?von RIVAL",
            r"von RIVAL (?:GAP )?(?:gewechselt|umgestiegen|hierher|gekommen|weggegangen)",
            r"von RIVAL (?:zu|auf) (?:OWN|\w+) (?:gewechselt|umgestiegen)",
            r"(?:fruher|vorher|zuvor|bisher|jahrelang|jahre lang|jahre) (?:\w+ )?(?:bei|mit) RIVAL",
            r"(?:bei )?NAME (?:habe ich |hab ich )?(?:gekundigt|verlassen)",
        ),
        left=(
            r"(?:wechseln?|wechsle|gehe?n?|gehe wieder|zuruck|kehre|bin|umsteigen|steige) (?:GAP )?(?:zu[rm]?|auf) RIVAL"
            r"(?= (?:gewechselt|umgestiegen|zuruck|um|gegangen|wechseln|ubergelaufen)|\W*$)",
            r"(?:zu[rm]?|auf) RIVAL (?:gewechselt|umgestiegen|umgezogen|zuruckgekehrt|wechseln)",
            r"fahre?n? (?:\w+ ){0,3}?(?:wieder|lieber|jetzt|kunftig|zukunftig|nur noch) (?:\w+ ){0,2}?(?:mit )RIVAL",
            r"(?:in zukunft|kunftig|zukunftig|ab jetzt|nachstes mal|das nachste mal) (?:\w+ ){0,3}?(?:mit|zu[rm]?|bei) RIVAL",
        ),
    ),
    "nl": Cues(
        better=r"betere?|snellere?|goedkopere?|goedkoper|makkelijker|gemakkelijker|vriendelijker|betrouwbaarder|eenvoudiger"
        r"|prettiger|fijner|schoner|leuker|netter|voordeliger|duidelijker|beter|sneller|klantvriendelijker|handiger|soepeler"
        r"|minder (?:duur|gedoe|ingewikkeld)",
        worse=r"slechter|trager|langzamer|duurder|moeilijker|ingewikkelder|onvriendelijker|erger|omslachtiger|viezer"
        r"|onbetrouwbaarder|minder (?:goed|snel|betrouwbaar|vriendelijk|duidelijk|service)",
        than=r"dan|als",
        filler=r"bij|met|de|het|een|van|mijn|onze|vorige|oude|die|op|in|wat|via|voorheen|bank|is|was|aan",
        here=r"hier|deze(?: \w+)?|jullie|hen|dit|hun|u",
        very=r"veel|stukken|een stuk|nog|zelfs|altijd|ook|echt|gewoon|duidelijk|iets|aanzienlijk|toch|wel|al",
        verb=r"is|zijn|was|waren|heeft|had|biedt|werkt|levert|doet|rijdt|blijft",
        unlike=r"in tegenstelling tot|anders dan|vergeleken met|in vergelijking met|vergeleken bij",
        denial=r"niet|geen|nooit|nauwelijks|noch|zonder|nergens",
        wins=(
            r"liever (?:\w+ )?OWN dan RIVAL",
            r"blij dat (?:ik|we|wij) (?:GAP )?(?:in plaats van|ipv) RIVAL",
        ),
        loses=(
            r"(?:niet|lang niet|bij lange na niet) zo (?:goed|snel|goedkoop|makkelijk|fijn|vriendelijk|betrouwbaar|duidelijk)"
            r" (?:GAP )?als RIVAL",
            r"(?:dan )?(?:toch )?(?:liever|beter) (?:(?!dan )\w+ )?(?:naar )?RIVAL(?! dan)",
            r"(?:was|waren) (?:\w+ )?(?:maar|beter) bij RIVAL gebleven",
        ),
        came=(
            r"(?:overgestapt|overstappen|overstap|stapte over|gewisseld|gekomen|kom|kwam|overgegaan) (?:GAP )?(?:van|vanaf) RIVAL",
            r"(?:van|vanaf) RIVAL (?:\w+ ){0,3}(?:overgestapt|overgegaan|gekomen|afgestapt)",
            r"(?:weg|vertrokken|weggegaan|opgezegd|gestopt) (?:bij|met) RIVAL",
            r"(?:bij )?RIVAL opgezegd",
            r"(?:voorheen|vroeger|eerst|eerder|hiervoor|jarenlang|jaren) (?:\w+ )?bij RIVAL",
        ),
        left=(
            r"(?:overgestapt|overstappen|overstap|stap over|stapte over|ga|gaan|verhuisd|terug|overgegaan|vertrek|switch"
            r"|stap) (?:(?!van)\w+ ){0,3}?naar RIVAL",
            r"naar RIVAL (?:\w+ ){0,2}?(?:overgestapt|gegaan|overstappen|vertrokken|teruggegaan)",
        ),
    ),
    "fr": Cues(
        better=r"meilleure?s?|mieux|plus (?:rapide|simple|fiable|pratique|facile|agreable|efficace|professionnel|competent"
        r"|serieux|aimable|reactif|reactive|clair|confortable|interessant|avantageux|propre|ponctuel|accueillant|souple"
        r"|abordable|economique|sympa|rapidement|humain|securisant)\w*|moins (?:cher|chere|couteux|complique|stressant)\w*",
        worse=r"pires?|moins (?:bien|bon|bonne|rapide|fiable|efficace|professionnel|pratique|serieux|reactif|confortable|clair"
        r"|competent|aimable)\w*|plus (?:cher|chere|lent|lente|complique|long|longue|difficile|couteux|stressant)\w*",
        than=r"que|qu",
        filler=r"chez|avec|la|le|les|l|l'|a|au|aux|de|du|d|d'|mon|ma|celui|celle|ceux|dans|en|pour|ancienne?|banque|a la|celles"
        r"|des|par|sur|un|une",
        here=r"ici|eux|vous|celle-ci|celui-ci|cette (?:\w+)|cet \w+|ce \w+",
        very=r"bien|beaucoup|nettement|largement|meme|toujours|encore|tellement|aussi|vraiment|un peu|clairement|carrement",
        verb=r"est|sont|etait|etaient|a|ont|avait|offre|propose|fait|reste|semble|marche|fonctionne|c'est|sera",
        unlike=r"contrairement (?:a|au|aux)|a la difference (?:de|du|des)|compare (?:a|au|aux|avec)|comparee? a"
        r"|par rapport (?:a|au|aux)|a l'inverse (?:de|du|des)",
        denial=r"pas|jamais|ni|aucun|aucune|guere|sans|rien",
        wins=(
            r"prefere (?:\w+ )?OWN (?:a|au|plutot que) RIVAL",
            r"(?:surpasse|bat|devance) RIVAL",
        ),
        loses=(
            r"pas (?:aussi|si) (?:bien|bon|bonne|rapide|fiable|pratique|efficace|simple|confortable|clair) (?:GAP )?que RIVAL",
            r"(?:je |on |nous )?prefere(?:r|rais|rai|ons)? (?:\w+ )?RIVAL(?! (?:a|au|que))",
            r"(?:aurais|aurions) (?:\w+ )?(?:du|mieux fait de) (?:rester|prendre|aller|choisir) RIVAL",
            r"regrette (?:d'avoir quitte |mon ancien\w* \w+ )?RIVAL",
        ),
        came=(
            r"(?:quitte|quitter|quittant|abandonne|laisse|resilie) NAME(?! (?:pour|et) (?:aller |passer )?(?!OWN|venir))",
            r"(?:passe|passee|change|venue?|viens|venons|migre|transfere) (?:GAP )?de RIVAL",
            r"(?:avant|auparavant|anciennement|precedemment|jusqu'ici) (?:(?:j'|nous |on )?(?:etais|etions|etait) )?RIVAL",
            r"(?:j'etais|nous etions|etais|etant|on etait) (?:\w+ )?(?:client\w* )?(?:avant |auparavant )?(?:chez|a|client de) RIVAL",
            r"apres (?:\w+ ){1,2}(?:ans|annees|mois) (?:passes )?chez RIVAL",
            r"ancienn?e? cliente? (?:de|chez) RIVAL",
        ),
        left=(
            r"(?:passe|passer|passee|parti|partie|partir|pars|aller|vais|retourne|retourner|retour|revenue?|reviens|migre|transfere"
            r"|change|changer) (?:(?!de )[\w']+ ){0,3}?(?:chez|a|au|pour|vers) RIVAL",
            r"(?:quitte|quitter|resilie|quittons) (?:OWN |tout )?(?:pour|et aller|et je vais) RIVAL",
        ),
    ),
    "es": Cues(
        better=r"mejor(?:es)?|mas (?:rapid|barat|facil|fiable|comod|economic|sencill|amable|segur|clar|eficiente|agil|limpi|puntual"
        r"|practic|profesional|asequible|confiable)\w*|menos (?:car|complicad|costos)\w*",
        worse=r"peor(?:es)?|mas (?:car|lent|complicad|dificil|incomod|costos|suci|burocratic)\w*"
        r"|menos (?:fiable|segur|profesional|comod|eficiente|clar|rapid)\w*",
        than=r"que|frente a",
        filler=r"en|con|el|la|los|las|a|de|del|al|mi|mis|lo|un|una|antiguo|anterior|banco|por|otros|como|otras|ofrece",
        here=r"aqui|ellos|ustedes|vosotros|esta (?:\w+)|este (?:\w+)|estos|esto",
        very=r"mucho|muchisimo|bastante|incluso|siempre|aun|tambien|muy|realmente|claramente|infinitamente|un poco|ahora",
        verb=r"es|son|era|eran|fue|tiene|tienen|tenia|ofrece|ofrecen|funciona|da|hace|esta|sale|resulta",
        unlike=r"a diferencia de|comparad[oa]s? con|en comparacion (?:con|a)|al contrario (?:de|que)",
        denial=r"no|nunca|jamas|ni|tampoco|nada|sin",
        wins=(
            r"prefiero (?:\w+ )?OWN (?:a|antes que|que) RIVAL",
            r"(?:supera|gana) (?:con creces )?(?:a )?RIVAL",
        ),
        loses=(
            r"no (?:es |son |era |esta )?(?:tan|ni de lejos tan) (?:buen[oa]?s?|rapid[oa]s?|barat[oa]s?|facil|fiable|comod[oa]s?|bien"
            r"|eficiente) (?:GAP )?como RIVAL",
            r"prefiero (?:\w+ )?RIVAL(?! (?:a|antes|que))",
            r"(?:deberia|tendria que|tenia que) (?:haberme|haber) (?:quedado|ido|elegido|contratado) RIVAL",
        ),
        came=(
            r"(?:cambi\w+|pas\w+|migr\w+|vengo|venia|vine|venimos|portabilidad) (?:(?!a )\w+ ){0,4}?(?:de|desde|del) RIVAL",
            r"(?:deje|dejamos|dejado|abandone|dejar) NAME(?! (?:por|para) (?!OWN))",
            r"antes (?:estaba|tenia|era|estabamos|usaba|tuve|iba) (?:cliente )?RIVAL",
            r"(?:estaba|estuve|era cliente|llevaba anos|despues de \w+ anos) RIVAL",
        ),
        left=(
            r"(?:cambi\w+|pas(?:o|e|ar|arme|amos|aremos|are|ado)|migr\w+|voy|ire|fui|vamos|vuelvo|volver\w*|regres\w+|mudar\w*|largo)"
            r" (?:(?!de )\w+ ){0,3}?(?:a|con|para|hacia) RIVAL",
            r"(?:deje|dejo|dejar|abandone) (?:OWN |esta compania )?por RIVAL",
        ),
    ),
    "it": Cues(
        better=r"meglio|migliore?i?|piu (?:veloc|economic|rapid|facil|semplic|affidabil|comod|gentil|convenient|efficient|puntual"
        r"|pulit|chiar|professional|pratic|disponibil|cortes|sicur|conveniente)\w*|meno (?:car|costos|complicat)\w*",
        worse=r"peggio|peggiore?i?|piu (?:car|lent|costos|complicat|difficil|scomod|sporc)\w*"
        r"|meno (?:affidabil|veloc|comod|chiar|efficient|professional|gentil|sicur)\w*",
        than=r"di|che|rispetto a|rispetto ad|del|della|dell|delle|dei|degli|rispetto alla|rispetto al|rispetto a quella di"
        r"|rispetto a quello di",
        filler=r"il|la|lo|le|i|gli|l|con|da|a|in|mia|mio|quello|quella|di|banca|vecchia|vecchio|quelli|del|della|quando ero",
        here=r"qui|loro|voi|questa (?:\w+)|questo (?:\w+)|questi|qua",
        very=r"molto|decisamente|assai|anche|sempre|nettamente|tanto|ancora|davvero|di gran lunga|ben|un po'|ora",
        verb=r"e|sono|era|erano|ha|hanno|aveva|offre|funziona|da|costa|resta|risulta|sara",
        unlike=r"a differenza d(?:i|ella|el|ell)|rispetto a(?:l|lla|ll)?|in confronto a(?:l|lla|ll)?|paragonat[oaie] a(?:l|lla|ll)?"
        r"|al contrario d(?:i|ella|el)",
        denial=r"non|mai|ne|nessun\w*|nemmeno|neanche|senza|niente",
        wins=(
            r"preferisco (?:\w+ )?OWN a(?:l|lla|ll)? ?RIVAL",
            r"(?:batte|supera|surclassa) RIVAL",
        ),
        loses=(
            r"non (?:e |sono |era )?(?:cosi|tanto|all'altezza) (?:buon\w|veloc\w|bene|comod\w|affidabil\w|economic\w)? ?"
            r"(?:come|quanto|di) RIVAL",
            r"non (?:e |sono )?all'altezza d(?:i|ella|el|ell)[ ']RIVAL",
            r"preferisco (?:\w+ )?RIVAL(?! (?:a|che))",
            r"(?:dovevo|avrei dovuto|era meglio) (?:restare|rimanere|scegliere|andare) (?:con )?RIVAL",
            r"rimpiango RIVAL",
        ),
        came=(
            r"(?:passat\w+|passare|passando|cambiat\w+|trasferit\w+|migrat\w+|vengo|venivo|arrivo|provengo) (?:(?!a )\w+ ){0,3}?"
            r"da(?:l|lla|ll)?[ ']RIVAL",
            r"(?:lasciato|lasciando|abbandonato|mollato|disdetto) NAME(?! per (?!OWN))",
            r"(?:prima|in precedenza|precedentemente) (?:ero|avevo|usavo|stavo|eravamo|ero cliente) RIVAL",
            r"(?:ero|stato|stata) (?:cliente )?(?:con|in|di|da) RIVAL (?:prima|per \w+ anni)",
            r"dopo (?:\w+ ){1,2}(?:anni|mesi) (?:con|in|di) RIVAL",
        ),
        left=(
            r"(?:passat\w+|passo|passare|passero|torn\w+|ritorn\w+|andat\w+|vado|andro|migr\w+|trasferi\w+|cambi\w+)"
            r" (?:(?!da|di )\w+ ){0,3}?(?:a|al|alla|all|con|ad|verso)[ ']RIVAL",
            r"(?:lasciato|lascio|mollato) (?:OWN |tutto )?per RIVAL",
        ),
    ),
    "pt": Cues(
        better=r"melhor(?:es)?|mais (?:rapid|barat|facil|pratic|confiavel|simples|eficiente|organizad|agil|segur|economic|atencios"
        r"|educad|pontual|claro|transparente|confortavel|em conta|acessivel)\w*|menos (?:car|complicad|burocratic)\w*",
        worse=r"pior(?:es)?|mais (?:car|lent|complicad|demorad|dificil|burocratic|desorganizad|enrolad)\w*"
        r"|menos (?:confiavel|eficiente|organizad|segur|pratic|atencios)\w*",
        than=r"(?:do |da |dos |das )?que|q|do q|comparado com|comparado a",
        filler=r"a|o|as|os|na|no|da|do|de|com|em|minha|meu|antig[oa]|banco|anterior|plano|pela|pelo|era|um|uma|operadora|tinha"
        r"|foi|quando|n[ao]s",
        here=r"aqui|eles|voces|esta (?:\w+)|este (?:\w+)|essa (?:\w+)|esse (?:\w+)|isso",
        very=r"muito|bem|bastante|ate|sempre|ainda|tambem|mil vezes|infinitamente|realmente|com certeza|um pouco|mto",
        verb=r"e|sao|era|eram|foi|tem|tinha|oferece|funciona|atende|faz|esta|entrega|paga|resolve",
        unlike=r"ao contrario (?:d[aoe]s?)|diferente(?:mente)? (?:d[aoe]s?)|comparad[oa] (?:com|a|ao)|em comparacao (?:com|a|ao)",
        denial=r"nao|nunca|jamais|nem|tampouco|nada|sem|nenhum\w*",
        wins=(
            r"prefiro (?:\w+ )?OWN (?:a|ao|do que|que) RIVAL",
            r"(?:supera|bate|ganha d[aoe]) RIVAL",
        ),
        loses=(
            r"nao (?:e |sao |era )?(?:tao|ta) (?:bo[ma]|bons|rapid[oa]s?|barat[oa]s?|facil|bem|eficiente|confiavel)"
            r" (?:GAP )?(?:quanto|como) RIVAL",
            r"prefiro (?:mil vezes |mais )?RIVAL(?! (?:a|do|que))",
            r"(?:devia|deveria|era melhor) (?:ter )?(?:ficado|comprado|ido|escolhido|contratado) RIVAL",
            r"(?:da proxima|proxima vez|na proxima)(?: vez)?,? (?:eu )?(?:vou |compro |fico )(?:na |no |com )?RIVAL",
        ),
        came=(
            r"(?:mudei|mudar|mudando|migrei|migrar|migrando|sai|sair|saindo|vim|vindo|portabilidade|fiz portabilidade)"
            r" (?:(?!para|pra|pro)\w+ ){0,3}?d[aoe]s? RIVAL",
            r"(?:troquei|trocar|trocando|larguei|abandonei|deixei|cancelei) NAME(?! (?:por|pel[ao]|para|pra) (?!OWN))",
            r"(?:antes|anteriormente) (?:eu )?(?:era|tinha|usava|fui) (?:cliente )?RIVAL",
            r"(?:era|fui) (?:cliente )?d[aoe] RIVAL",
            r"depois de (?:\w+ ){1,2}(?:anos|meses) (?:n[ao]|com) RIVAL",
        ),
        left=(
            r"(?:mudei|mudar|mudando|migrei|migrar|migrando|vou|fui|voltar|voltei|voltando|indo|ir|passar|passei|portabilidade)"
            r" (?:(?!d[aoe] )\w+ ){0,3}?(?:para|pra|pro|a|ao) RIVAL",
            r"(?:troquei|trocar|trocando|larguei|deixei) (?:OWN |voces |tudo )?(?:por|pel[ao]) RIVAL",
        ),
    ),
    "ro": Cues(
        better=r"mai (?:bun|buna|buni|bune|bine|rapid|rapida|ieftin|simplu|simpla|usor|sigur|convenabil|amabil|curat|eficient"
        r"|prietenos|comod|confortabil|profesionist|punctual|accesibil|serios|practic|avantajos)\w*|superior\w*",
        worse=r"mai (?:prost|proasta|slab|lent|scump|complicat|rau|rea|greu|nasol|incet|murdar|incomod)\w*|inferior\w*",
        than=r"decat|ca|fata de",
        filler=r"la|cu|cei|cele|cel|cea|de|banca|in|pe|fosta|fostul|vechea|vechiul|mea|meu|pentru|a fost|era|prin|de la|alte|alti",
        here=r"aici|ei|voi|dumneavoastra|acest[ai]? (?:\w+)|aceasta (?:\w+)|asta|astia",
        very=r"mult|cu mult|chiar|si|mereu|tot|inca|clar|net|putin|foarte|de departe|sigur",
        verb=r"este|e|sunt|era|erau|are|au|avea|ofera|functioneaza|a fost|au fost|livreaza|pare|merge",
        unlike=r"spre deosebire de|comparativ cu|in comparatie cu|fata de|in schimb,? la",
        denial=r"nu|niciodata|nici|fara|deloc|niciun|nicio|n",
        wins=(
            r"prefer (?:\w+ )?OWN (?:in loc de|decat|fata de|in locul) RIVAL",
            r"(?:bate|intrece|depaseste) (?:pe )?RIVAL",
        ),
        loses=(
            r"nu (?:e |este |sunt )?(?:la fel de|asa de|atat de) (?:bun\w*|rapid\w*|ieftin\w*|sigur\w*|bine|eficient\w*)"
            r" (?:GAP )?(?:ca|precum|cum) RIVAL",
            r"prefer (?:\w+ )?RIVAL(?! (?:in loc|decat|fata))",
            r"(?:trebuia|mai bine) (?:sa )?(?:raman\w*|ramaneam|alegeam|aleg|mergeam|comandam|iau|luam) RIVAL",
            r"regret ca am (?:plecat de la|renuntat la) RIVAL",
        ),
        came=(
            r"(?:trecut|mutat|schimbat|migrat|venit|plecat|vin|venim|portat) (?:(?!la )\w+ ){0,3}?de la RIVAL",
            r"(?:renuntat|renunt|reziliat) (?:la|cu|contractul cu) RIVAL(?! (?:pentru|in favoarea) (?!OWN))",
            r"(?:inainte|anterior|pana acum) (?:eram|aveam|am fost|foloseam|am avut) (?:client\w* )?RIVAL",
            r"(?:am fost|eram) (?:client\w* )?(?:la|cu) RIVAL",
            r"dupa (?:\w+ ){1,3}(?:ani|luni) (?:la|cu) RIVAL",
        ),
        left=(
            r"(?:trecut|mutat|trec|mut|trece|revin|revenit|intors|intorc|plecat|plec|migrat|portez|ma duc|merg|mers)"
            r" (?:(?!de )\w+ ){0,3}?(?:la|pe|catre|spre) RIVAL",
            r"(?:renuntat|renunt) (?:la OWN )?(?:pentru|in favoarea) RIVAL",
        ),
    ),
}  # fmt: skip
"""The cues by language code."""
