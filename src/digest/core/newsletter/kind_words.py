"""The words by which an item's kind shows: what it asks, invites to, celebrates or declares."""

from digest.core.newsletter.calendar_words import WEEKDAY
from digest.core.newsletter.vocabulary import any_in_lower

ASKS = any_in_lower(
    r"\bsign (?:the|our|this|on|and|here|at|up to)\b",
    r"\bcall (?:your|on|the|him|her|them|now)\b",
    r"\bwrite (?:to|a letter|your|her|him|by)\b",
    r"\b(?:e-?mail|contact|tell|urge|ask|demand|message) (?:your|that|the|him|her|them|governor|congress|senator|mayor)\b",
    r"\bsend (?:a|your|an|comments|letters|him|her)\b",
    r"\bsubmit (?:a |your |public )?comments?\b|\bcomment on\b",
    r"\b(?:take action|take a moment|get in touch|act now|add your name|donate|chip in|petition|boycott|volunteer|pledge)\b",
    r"\bappeals? (?:to|for)\b|\b(?:may|can|should) be (?:sent|handed|given|left|dropped|returned)\b|\bkindly \w+",
    r"\blet (?:\w+ or )?\w+ know\b|\bgive it a (?:go|try)\b|\b(?:se reciben|enviar) (?:postulaciones|propuestas|una carta)\b",
    r"\bgive (?:today|now|what)\b|\bwe(?: are|[’']re) short of\b|\bclaim (?:one|yours?|an?)\b",
    r"\bneeds? (?:you\b|\d+|more|another|help|volunteers|people|someone|somebody)",
    r"\b(?:ring|call|text|phone) \w+(?: \w+)? (?:on|at) \(?\d|\b(?:unser konto|spendenkonto)\b",
    r"\b(?:find|spare) (?:an hour|\w+ hours?)\b",
    r"\b(?:tell|let|ring|text|call|phone|see|email|message|reply to|speak to|talk to|contact) "
    r"\w+(?: know)? (?:by|before|on|if|whether) ",
    r"\b(?:send|bring) (?:them|him|her|it|yours) (?:along|in|our way)\b|\bif you know (?:an?|any|some|who|someone)\b",
    r"\b(?:nominations?|entries|responses|applications|submissions|proposals|suggestions|bookings|orders) "
    r"(?:to|by|close|are due|due|in by|before|welcome)\b",
    r"\b(?:add|have) your (?:say|voice)\b|\bspread the word\b|\bshare (?:this|widely|the petition)\b|\bturn in\b|"
    r"\bhand (?:it|them) in\b",
    r"\b(?:e-?mail|call|text|phone) (?:\S+@\S+|\(?\d{3})",
    r"\b(?:volunteers?|drivers?|helpers?|hands|hosts|donations) (?:wanted|needed)\b|^se (?:busca|necesita)n?\b",
    r"\bobject(?:ions?)? (?:to|in writing)\b",
    r"\bfill (?:in|out)\b|\bhelp us\b|\bwe (?:still |urgently )?need (?:your|you|an?|some|more|a few|another|\d+|two|"
    r"three|four|five|six|seven|eight|nine|ten|twelve|\w+ (?:more )?(?:people|volunteers|drivers|helpers))\b",
    r"\bif you (?:are|[’']re|would like to|can|want to|wish to) (?:curious|interested|help|spare|join|lend|apply|volunteer)\b",
    r"\b(?:escríbe|llám[ae]|mánda|envía|fírma|descárga|rellén[ae])(?:nos|me|l[aeo]s?)\b",
    r"\b(?:is|are) asked to\b|\b(?:trae|traed|traigan|hace falta|apuntaos|anotarse)\b",
    r"\bapply (?:by|before|here|now)\b|\bsign up\b|\border (?:here|now|by|online|your)\b|\bvote (?:yes|no|for)\b",
    r"\b(?:llame|escriba|envíe|firme|inscríbase|acérquese|llamen|marquen|escriban|envíen|firmen|hay que (?:firmar|inscribirse|"
    r"anotarse|escribir|llamar))\b",
    r"\bplease (?:call|phone|ring|e-?mail|speak|help|drop|write|sign|send|give|donate|fill|reply|vote|return|bring|tell|"
    r"contact)\b",
    r"\bcan you (?:take|call|send|help|write|sign|give)\b",
    r"\b(?:firma(?:d|r|n)?|firmas|llama(?:d|r)? a|escrib(?:e|í|id|an?)|envía(?:d|r)?|mand(?:a|á|ad)|exig(?:e|id|"
    r"ir)|aleg(?:a|ad|aciones))\b",
    r"\b(?:participa en|súmate|sumate|dona(?:d|r|tivos?)?|pide|pedid|apoya(?:d)?|difund(?:e|í|id)|rellena|"
    r"necesitamos|adhesiones)\b",
    r"\b(?:unterschreib\w*|schreib(?:t|en sie)|spenden?|signez|écrivez|appelez)\b",
    r"\b(?:apuntaos|apúntate|apúntense|encargad|encarga(?:rlos|rlas)?|escribidnos|acudid|participad|votad|confirmar? a|"
    r"hacen? falta|presentar? alegaciones|rellenad|compartid|comparte|ayúdanos|ayudadnos|colabora(?:d)?)\b",
    r"\b(?:meldet euch|melde dich|melden sie sich|macht mit|mitmachen|wir (?:suchen|brauchen)|bitte \w+|anmelden|bewerbt)\b",
    r"\b(?:inscrivez-vous|participez|partagez|rejoignez|envoyez|faites un don|nous (?:cherchons|avons besoin)|merci de)\b",
)
_ASKED = (
    r"(?:send|tell|bring|leave|put|text|ring|e-?mail|write|call|phone|telephone|sign|ask|give|take|apply|register|book|order|"
    r"return|drop|fill|let|check|contact|share|vote|donate|help|don[’']t|do not|keep|offer|reply|respond|collect|speak|talk|add|"
    r"choose|nominate|volunteer|forward|report|complete|pledge|support|demand|hand|pick|come|join|pay|renew|submit|print|"
    r"download|buy|pass|post|message)"
)
IMPERATIVES = any_in_lower(
    rf"(?:^|[.!?:;–—\n]\W{{0,3}}){_ASKED}\b(?! (?:for|of|was|is|were|by|from)\b)",
    rf"\b(?:please|kindly) (?:\w+ )?{_ASKED}\b",
    rf"\bif (?:you|your)\b[^.!?]{{3,80}}, (?:please )?{_ASKED}\b",
    r"(?:^|[.!?:;\n]\W{0,3})(?:llevar|anotarse|presentar|acercarse|comunicarse|escribir|avisar|inscribirse|apuntarse|traer) ",
)
"""What a reader is told to do, at the beginning of a sentence."""
SEEKS = any_in_lower(
    r"\b(?:looking for|seeking|in need of|short of|could do with|in search of)\b|\bwe(?:['’]d| would) (?:like|love) to find\b",
    r"\b(?:is|are) (?:again )?(?:collecting|appealing|asking for|recruiting)\b|\basks? (?:again )?for\b",
    r"\b(?:buscamos|se buscan?|necesita(?:n|mos)?|juntar para|gesucht|suchen wir|nous cherchons)\b",
    r"\b(?:could be|can be) (?:borrowed|lent|donated|left|dropped)\b|\bto (?:sign up|apply|volunteer|help|donate|take part),",
)
"""What an editor is looking for among the readers."""
TO_READER = any_in_lower(
    r"\bif (?:you|your|anyone|anybody)\b|\bsi (?:tienes?|puedes?|quieres?|conoces?)\b|\bwer (?:kann|hat|möchte)\b|\bsi vous\b",
    r"\b(?:can|could|would|will) you\b|\byou (?:can|could|may)\b|\b(?:puedes|podéis|pueden?|se puede) \w+r\b",
    r"https?://|\S+@\S+\.\w|\b\d{3,5}[ -]\d{3,4}\b",
)
"""Words to the reader, and where to turn to."""
ASKING_TITLE = any_in_lower(
    r"^¿?(?:do you|can you|could you|would you|have you got|tienes|puedes|podéis|quieres|hast du|können sie|avez-vous|"
    r"pouvez-vous)\b|^take (?:the|our|part)\b|\b(?:spendenaufruf|appel aux (?:dons|bénévoles)|llamamiento)\b",
    r"^(?:urgent:? )?(?:demand|tell|call|sign|write|ask|urge|stop|save|keep|support|defend|oppose|object|help|"
    r"donate|protect|vote|"
    r"book(?! (?:\w+ )?(?:rental|club|sale|fair|swap|launch|group|fund|drive|shop|week|review))|order|"
    r"register|apply|join|bring|comment|nominate|host|renew|reserve)\b",
    r"^(?:urgent:? )?(?:boycott|adopt|claim|pledge|sponsor|volunteers|say|hands off|petition|send|email|contact|act|"
    r"take action|volunteer|give|fund|"
    r"free|please|don[’']t let)\b",
    r"^(?:firma|llama|escribe|envía|exige|exijamos|alega|salvemos|salva|apoya|pide|defiende|dona|denuncia|paremos|no al?)\b",
    r"^needs?:|^(?:buscamos|participa|súmate|necesitamos|se (?:busca|necesita)n?)\b",
    r"\bcall for (?:abstracts|papers|proposals|entries|volunteers|nominations|submissions|applications|contributions)\b|"
    r"\b(?:nominations|applications|registrations?|enrol?lment|entries|sign-ups?) (?:are |is |now )*open\b|"
    r"^(?:applications|nominations) (?:for|open)\b|\bappeal$|\blast chance to\b|\bdeadline\b|"
    r"^encuesta\b|^(?:survey|umfrage)(?: on| about|:|$)|"
    r"\bsurvey$|^hacen? falta\b|^(?:colecta|recogida de|inscripci(?:ón|ones)|convocatoria de)\b",
    r"\b(?:wanted|needed|gesucht|cherchons|recherche)\b|\bneeds? (?:you|your|more|help)\b|\b(?:last|final) call\b|"
    r"\b(?:recogida de firmas|unterschriften(?:sammlung|aktion|liste)|sign-on)\b",
    r"\bplease!*$|\b(?:today|now|ya|jetzt|maintenant)!+$|\borders$|\bfill (?:it|them) in\b|\bhelp (?:us|them|save|stop)\b",
    r"\b\w{3,}[^dtr]ad\b(?= |$)|^(?:mitmachen|unterschreib\w*|signez|écrivez|soutenez|stoppt|rettet)\b",
)
OCCASION = any_in_lower(
    r"\b(?:night|evening|party|picnic|(?<!\d )march(?! \d)|rally|vigil|meeting|assembly|workshop|concert|festival|potluck|"
    r"screening|webinar)s?\b",
    r"\b(?:teach-in|training|fair|supper|dinner|noche|fiesta|marcha|concentración|vigilia|reunión|asamblea|taller|"
    r"concierto)s?\b",
    r"\b(?:ride|walk|hike|tour|trip|outing|visit|breakfast|brunch|lunch|luncheon|tea|barbecue|bbq|tournament|lecture|talk|"
    r"exhibition|show|performance|open day|carnival|parade|gathering|conference|seminar|celebration)s?\b",
    r"\b(?:drop-in|surgery|clinic|classes|course|agm|launch|ceremony|bazaar|gig|recital|procession|rehearsal|quiz|bingo|open mic|"
    r"ceilidh|disco|auction|hustings|open house|town hall|coffee|q&a|reunion|retreat|dance)s?\b(?! (?:news|report|results))",
    r"\b(?:plant|jumble|bake|cake|book|garage|yard|rummage) sale\b|\b(?:street|christmas|farmers[’']|flea|craft) market\b",
    r"\b(?:mercadillo|rastrillo|romería|procesión|ensayo|recital|inauguración|presentación|coloquio|mesa redonda|curso|"
    r"formación|manifestación|concentración|cineforum|verbena|permanencia)(?:e?s)?\b",
    r"\b(?:flohmarkt|basar|sommerfest|stammtisch|demo|führung|konzert|lesung|infoabend|sprechstunde|mahnwache|kurs|"
    r"vide-grenier|brocante|kermesse|loto|manifestation|balade|soirée|assemblée générale|permanence|spectacle|projection|"
    r"portes ouvertes|concert|marche)(?:s|e|en)?\b",
    r"\b(?:viaje|excursión|paseo|caminata|visita|almuerzo|desayuno|torneo|exposición|encuentro|festival|kermés|desfile|"
    r"jornadas|tertulia|conferencia|ausflug|ausstellung|wanderung|vortrag|treffen|repas|sortie|exposition|conférence)e?s?\b",
    r"\b(?:picture|sports?|open|field|work|fun|action|family|training|clean-?up) day\b|\bclean-?up\b|\bhuelga\b",
    r"\b(?:proyección|charla|feria|cena|comida|jornada|fest|versammlung|kundgebung|fête|réunion|atelier)s?\b",
)
INVITES = any_in_lower(
    r"\bsave the date\b|\bmark your calendars?\b|\bdiary dates?\b|\b(?:apunta|reserva|anota)(?:d)? la fecha\b|"
    r"\btermin vormerken\b|\bà vos agendas\b",
    r"\b(?:join us|rsvp|refreshments|free and open|open to (?:the public|all)|doors open|admission|tickets?)\b",
    r"\b(?:all|everyone) (?:is |are )?welcome\b|\binvite you\b|\bbring (?:a|your)\b|\bcome (?:to|and|along)\b",
    r"\b(?:register|we meet|meet (?:at|us)|speakers?|potluck|livestream|venue|hosted|meeting|workshop|concert|"
    r"(?<!\d )march(?! \d)|rally)\b",
    r"\b(?:vigil|picnic|screening|os esperamos|te esperamos|les esperamos|entrada (?:libre|gratuita)|acompáñanos|"
    r"ven (?:a|con))\b",
    r"\b(?:venid|te invitamos|asamblea|taller|concierto|proyección|marcha|charla|aforo|inscripción)\b",
    r"\b(?:eintritt|wir laden|lädt|treffpunkt|entrée libre|venez|rendez-vous|vous invite)\b",
)
RECURS = any_in_lower(
    rf"\b(?:first|second|third|fourth|last) {WEEKDAY} (?:of|in) (?:the|each|every) month\b",
    r"\b(?:primer|último) \w+ de(?:l| cada) mes\b",
    r"\b(?:every|each|todos los|cada|jeden|tous les|chaque) (?:(?:first|second|third|last|other|primer|último|ersten|premier) )?"
    rf"{WEEKDAY}(?!\w)|\b(?:mon|tues|wednes|thurs|fri|satur|sun)days\b",
)
RECURS_AT = any_in_lower(
    r"\b(?:(?:every|each|todos los|cada|jeden|tous les|chaque|first|second|third|fourth|last) (?:\w+ )?"
    rf"{WEEKDAY}(?: of the month)?|(?:mon|tues|wednes|thurs|fri|satur|sun)days|"
    r"los (?:lunes|martes|miércoles|jueves|viernes|sábados|domingos)|"
    r"(?:mon|diens|donners|frei|sams|sonn)tags|mittwochs|les (?:lundis|mardis|mercredis|jeudis|vendredis|samedis|dimanches))"
    r"(?!\w)(?:(?!until|till|hasta|bis)[^.;]){0,40}\d(?:[:.h]\d\d)? ?(?:[ap]\.?m\b|h\b|uhr\b|to \d|[-–] ?\d|a \d)",
)
SHUT = any_in_lower(
    r"\b(?:is|are|will be|remains?) (?:closed|shut)\b|\b(?:new|changed?|change of) (?:\w+ )?hours\b",
    r"\bhours (?:are )?chang(?:e|ing)\b|"
    r"\bcambio de horarios?\b|\b(?:office|library|hall) closed\b|\bestará cerrad[oa]\b|"
    r"\bbleibt geschlossen\b|\b(?:opening|office) hours\b|\bhorario\b|\böffnungszeiten\b|\bhoraires\b|\bsera fermée?\b",
)
MOURNS = any_in_lower(
    r"\b(?:passed away|passing (?:away )?of|(?:the )?death of|has died|died (?:on|at|in|last|peacefully)|in memoriam|obituary|"
    r"survived by|funeral arrangements|falleci\w+|ha muerto|murió el|verstorben|gestorben|décès|nous a quittés)\b"
)
"""Tells of a death."""
WON = any_in_lower(
    r"\b(?:victory|victories|won|wins?|triumph\w*|saved|secured|reprieved?|good news|victoria|logro|"
    r"buenas noticias|gewonnen|sieg|gerettet|gute nachrichten?|gagné|victoire|sauvée?s?|bonne nouvelle)\b"
)
GRANTED = any_in_lower(
    r"\b(?:approved|upheld|recogni[sz]ed|reinstated|granted|scrapped|shelved|stopped|withdrawn|overturned|halted|reversed|"
    r"agrees?|agreed|throws? out|thrown out|reopens?|saved|secured|salvad[oa]s?|we got|"
    r"(?:is|are) back|stays?|se queda|bleibt|reste|"
    r"conquistad[oa]|aprobad[oa]|concedid[oa]|genehmigt|bewilligt|accordée?)\b"
)
WE_WON = any_in_lower(
    r"\b(?:finds?|found|rul\w+|decid\w+) (?:for us\b|in our favou?r\b)",
    r"\bwe(?: have|['’]ve) (?:done|got|made) it\b",
    r"\b(?:we (?:have |['’]ve )?won|we did it|they did it|victory is ours|(?:has been|is) saved)\b",
    r"\bwe (?:have |['’]ve )?(?:stopped|saved|beat|beaten|blocked|defeated|halted|overturned|secured)\b",
    r"\b(?:eviction|closure|closing|cuts?|deportation|plans?|demolition) (?:has been |have been |is |are |was |were )?"
    r"(?:stopped|halted|averted|called off|cancelled|canceled|withdrawn|scrapped|reversed|defeated)\b",
    r"\b(?:hemos|han) (?:parado|frenado|evitado|salvado)\b|\b(?:paramos|frenamos|salvamos|evitamos) (?:el|la|los|las|un|una)\b",
    r"\bwir haben (?:\w+ ){0,4}(?:gestoppt|verhindert|gerettet|durchgesetzt|erreicht)\b|\bnous avons (?:obtenu|sauvé|stoppé)\b",
    r"\b(?:after|thanks to|because of) (?:our|your) (?:petition|campaign|pressure|letters|calls)\b",
    r"^¡?(?:conseguid[oa]|logrado|geschafft|gewonnen|gagné)\W",
    r"\b(?:conseguimos|logramos)\b|\blo (?:hemos |han )?(?:conseguido|logrado)\b|\blo (?:logramos|conseguimos|lograron)\b",
    r"\bhemos (?:ganado|conseguido|logrado)\b|\bganamos\b",
    r"\bwir haben (?:gewonnen|es geschafft)\b|\bon a gagné\b|\bnous avons gagné\b",
)
OUTCOME = any_in_lower(
    r"\b(?:finds?|found|rul\w+|decid\w+) in (?:their favou?r\b|favou?r of\b)",
    r"\b(?:convicted|found guilty|acquitted|freed|reinstated|rehired|reopened)\b|\blife (?:sentences?|in prison)\b",
    r"\b(?:is|are) (?:staying|safe|fixed|here to stay|open again)\b|\bsa(?:ys?|id) yes\b",
    r"\b(?:reach|sign|win|won|strike|struck|agree)\w*\b[^.!?]{0,24}\b(?:deal|agreement|contract|settlement|pay rise)\b",
    r"\b(?:reach|pass|beat|smash|hit|exceed|top|surpass)\w* (?:(?:its|our|the|their) (?:\w+ )?(?:target|goal)\b|[£$€]\d)",
    r"\b(?:threw|thrown|throws) out\b|\bknock(?:s|ed) back\b|\b(?:struck down|waived|agrees? with us|good news)\b|"
    r"\baccept(?:s|ed) (?:the|our) demands?\b|\bdrop(?:s|ped) the (?:charges|case|plans?)\b|\bes nuestr[oa]!",
    r"\b(?:we|te)(?:['’]ve| have|nemos)\b[^.?]{0,40}!|\b(?:meta|objetivo) (?:cumplid|alcanzad|superad)[oa]\b",
    r"\b(?:condenó|condena|condenad[oa]s?|perpetua|sentencia (?:favorable|firme)|le?s? da la razón|ha dado la razón|"
    r"reconoce|readmitid[oa]s?|concedió|concede|obliga a)\b",
    r"\b(?:gericht|urteil)\b[^.!?]{0,40}\b(?:recht|rechtswidrig|unzulässig)\b|"
    r"\btribunal\b[^.!?]{0,40}\b(?:annule|donne raison)\b",
)
"""How something came out, in the title or the first words."""
GLAD = any_in_lower(
    r"\bwith (?:great |much )?(?:joy|pleasure)\b|\bcongratulations to\b|\bcon (?:mucha |gran )?alegría\b",
    r"\b(?:big|huge|enormous|massive|heartfelt|hearty|heartiest|warm|warmest|deepest) (?:thanks|congratulations|thank you)\b",
    r"\b(?:happy|delighted|thrilled|proud|overjoyed) to (?:inform|report|say|tell)\b",
    r"\bfor the first time\b|\bthe first (?:such|of its kind|in the history)\b|\b(?:es la|por) primera vez\b",
    r"\b(?:gracias, gracias|felicidades,? (?:a|doña|don)|más de lo (?:que|previsto)|antes de lo previsto|¡victoria)\b",
    r"\b(?:ahead of|sooner than|earlier than|more than) (?:time|schedule|planned|we (?:asked|hoped|needed))\b|"
    r"\b(?:voted|vote of) \d+ (?:to|[-–]) \d+\b",
)
"""Gladness about it."""
CAMPAIGNED = any_in_lower(
    r"\b(?:petition|signatures|wrote in|turned up|on strike|protest\w*|letters|asking for|"
    r"gave (?:way|in)|paid off)\b",
    r"\b(?:firmas|pidiendo|llevábamos|movilizaci\w+|concentraciones|huelga|"
    r"reivindica\w+|unterschriften|streik|pétition|grève)\b",
)
EARNED = any_in_lower(
    r"\b(?:emails|letters|calls|signatures) did (?:that|it|this)\b|\bby \d+ votes? to \d+\b",
    r"\b(?:has|have) (?:dropped|shelved|scrapped|abandoned|reversed|withdrawn|cancelled|canceled) (?:its|the|their|all)\b",
    r"\b(?:money|funding|grant|it) (?:has )?(?:came|come|comes) through\b|\bbrought (?:back )?in[- ]house\b|"
    r"\bit(?: is|[’']s) official\b|\b(?:massive|huge|enormous) thanks\b|\bcan stay\b|\bsigned into law\b|\bstays? open\b|"
    r"\b(?:hemos|han) (?:ganado|logrado|conseguido|obtenido)\b|\bse quedan?$",
    r"\b(?:is )?what took (?:us )?(?:the )?\w+ (?:months|years)\b|\bit was a (?:campaign|fight|struggle)\b",
    r"\b[\w.,-]+ of you (?:wrote|signed|called|came|marched|spoke|testified|gave)\b|\bwithdr[ae]ws? (?:the|its|their) \w+|"
    r"\b(?:rul|decid)(?:es|ed) (?:in favou?r of|for us)\b|\bdismissed the (?:\S+ )?(?:appeal|application|claim)\b|\bbravo\b|"
    r"\b(?:county|council|city|board|company) (?:drops|withdraws|scraps|shelves|backs down)\b",
    r"\bawarded us\b|\bthey listened\b|\bsafe (?:for ever|forever|for good|at last)\b|\bno one can (?:build|sell|close)\b|"
    r"\bwill not (?:raise|close|sell|cut|build|go ahead|proceed|appeal)\b|\bcancelled the (?:flight|eviction|sale|closure)\b",
    r"\b\S+ (?:hundred|thousand) of you\b|\bvuelven? al trabajo\b|\bfirma la subida\b|\b(?:para|für) \w+ \w+ gestimmt\b|"
    r"\bmit \d+ zu \d+ stimmen\b|\b(?:haben|hat) sich gelohnt\b|\bjahre(?:n|r)? (?:arbeit|kampf)\b",
    r"\b(?:semanas|meses|años) de (?:lucha|espera|movilizaci\w+|concentraciones|protestas)\b|\bbrindamos\b|\bse quedan?\b(?= ?!)",
    r"\b(?:aufgehoben|gibt uns recht|recht gegeben|gekämpft|geschafft|durchgesetzt)\b",
    r"\bthank(?:s| you) to (?:all|everyone|those) who (?:gave evidence|took part|objected|helped|stood|kept|never)\b",
    r"\b(?:congratulations|well done|bravo|enhorabuena|glückwunsch|félicitations)\b[^.]{0,24}(?:!|\b(?:to|a|an|à) )",
    r"\bcelebrate!",
    r"\b(?:because|now that) (?:so|as) many of you\b|\b(?:is|was) what we (?:have )?(?:asked|fought|campaigned) for\b|"
    r"\bthis is what \S+(?: \S+)? (?:comments|letters|signatures|calls|people) can do\b",
    r"\b(?:has|have) (?:finally )?(?:agreed to|given in|backed down|dropped|withdrawn)\b",
    r"\bafter an? \S+[- ](?:week|month|year)s?[- ](?:long )?(?:strike|campaign|fight|battle|sit-in|occupation)\b",
    r"\b(?:denied|refused|rejected|turned down|withdrew|threw out) the (?:\w+ )?(?:permit|plans?|application|proposal|licen[cs]e|"
    r"extension|scheme)\b",
    r"\bdanke an alle\b|\bmerci à (?:tou(?:s|tes)|vous)\b|\bgestoppt\b|\b(?:renonce|recule)\b|\bha confirmado que\b",
    r"\b(?:at last|finally|por fin|endlich|enfin)\b",
    r"\b(?:said yes|thrown out|backed down|gave in|has been (?:dropped|withdrawn|scrapped)|will not be (?:built|closed|sold))\b",
    r"\bvoted? (?:by )?\d+ ?(?:-|–|to) ?\d+ (?:to|in favou?r)\b|\b(?:set|sets) (?:the \w+|it) aside\b",
    r"\b(?:quashed|overturned|reinstated|walked (?:out|free)|released|ruled in (?:our|their|favou?r))\b",
    r"\b(?:grant|funding|application|appeal|petition)\b[^.]{0,30} (?:was|has been|were) (?:approved|granted|awarded|upheld)\b",
    r"\bwe (?:fought|campaigned|pushed|petitioned|asked) (?:[\w-]+ ){0,3}for\b",
    r"\btold us (?:\w+ ){0,3}it (?:could|would) (?:not|never)\b",
    r"\b(?:ha|han) (?:aprobado|concedido|retirado|dado marcha atrás|cedido|rectificado|anulado)\b|\bse acabó\b|\bcelebramos\b",
    r"\b(?:genehmigt|bewilligt|zugesagt|gekippt|erfolgreich|a (?:accordé|approuvé|renoncé|cédé|reculé))\b",
    r"\b(?:two|three|four|five|dos|tres|cuatro) (?:petitions|marches|cortes|peticiones)\b|\b\d[\d.,]* (?:signatures|firmas)\b",
    r"\b(?:huge|big|real|great) (?:win|victory|success)\b|\byour (?:success|doing)\b",
    r"\bthank(?:s| you) to (?:you all|all of you|all|everyone|everybody|those)\b[^.]{0,24} who (?:ever )?(?:wrote|signed|"
    r"called|marched|campaigned|stood|spoke|fought|came|turned up|never gave up)\b",
    r"\bwell done,? (?:to )?(?:you|all|everyone|everybody)\b|\bcongratulations to us\b",
    r"\b(?:after|it took) (?:more than |over |almost |nearly )?(?:\w+|\d+) (?:long )?(?:weeks?|months?|years?)(?: of|,| and)\b|"
    r"\b(?:months|years) of (?:asking|campaigning|letters|vigils|protests?|pressure)\b",
    r"\b(?:tras|después de|al cabo de) (?:\w+|\d+) (?:días|semanas|meses|años)\b",
    r"\b(?:triunfo|conquista|la razón|anula|gracias a (?:todas|todos|quienes))\b",
    r"\bnach (?:\w+|\d+) (?:wochen|monaten|jahren)\b|\baprès (?:\w+|\d+) (?:semaines|mois|ans)\b",
)
STATES = any_in_lower(
    r"\b(?:we,? )?the undersigned\b|\bstatement (?:of|on|by|from)\b",
    r"\bwe (?:strongly )?(?:condemn|denounce|reject|declare|call (?:on|upon|for)|stand (?:with|in|beside)|demand|affirm|"
    r"oppose|deplore|urge|believe)\b",
    r"\bwe,? [^.!?]{3,80}, (?:declare|demand|call|condemn|reject|ask|affirm|state)\b|\bwe ask (?:our|the|all|you to)\b",
    r"\bstrongly (?:protests?|condemns?|objects?|opposes?)\b|\b(?:our|full) solidarity (?:to|with)\b",
    r"\b(?:adopted|adopts|agreed|issued|passed) (?:this|the following) (?:position|statement|resolution|motion)\b",
    r"\b(?:supports?|opposes?|rejects?|do(?:es)? not support) (?:the|a|an|any|this|these|one|scenario)\b",
    r"\b(?:signed|signatories|firman|suscriben|firmantes|unterzeichnet|signataires)\s*:|\b(?:undersigned|gravely concerned)\b",
    r"\b(?:board|committee|council of elders|union|members|branch|society|coalition|network|trustees) (?:of [^.]{3,30} )?"
    r"(?:regrets?|condemns?|deplores?|rejects?|stands? (?:with|by))\b|\bwe (?:regret|stand by|are appalled|are outraged)\b",
    r"\bl[oa]s? (?:organizaciones |entidades )?(?:abajo )?firmantes\b",
    r"\b(?:condenamos|denunciamos|rechazamos|declaramos|exigimos|manifestamos|repudiamos|nos solidarizamos)\b",
    r"\b(?:pedimos|instamos|reclamamos|llamamos|apelamos) (?:a|al) |\bqueremos recordar\b",
    r"\b(?:comunicado|declaración|wir (?:verurteilen|fordern|erklären)|nous (?:condamnons|exigeons|dénonçons))\b",
)
ON_THE = any_in_lower(r"^(?:on|about|regarding|concerning|ante|sobre) (?:the|el|la|los|las)\b|^zu[mr]? ")
STATEMENT_TITLE = any_in_lower(
    r"\b(?:statement|open letter|offener brief|lettre ouverte|resolution|resolución|our position|position paper|joint letter|"
    r"wrote a letter|letter to (?:the|our)|stellungnahme|declaración|pronunciamiento|comunicado|"
    r"manifiesto|carta abierta|erklärung|déclaration)\b",
)
