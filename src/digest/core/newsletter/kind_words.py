"""The words by which an item's kind shows: what it asks, invites to, celebrates or declares."""

from digest.core.newsletter.vocabulary import any_of

ASKS = any_of(
    r"\bsign (?:the|our|this|on|and|here|at|up to)\b",
    r"\bcall (?:your|on|the|him|her|them|now)\b",
    r"\bwrite (?:to|a letter|your|her|him|by)\b",
    r"\b(?:e-?mail|contact|tell|urge|ask|demand|message) (?:your|that|the|him|her|them|governor|congress|senator|mayor)\b",
    r"\bsend (?:a|your|an|comments|letters|him|her)\b",
    r"\bsubmit (?:a |your |public )?comments?\b|\bcomment on\b",
    r"\b(?:take action|take a moment|act now|add your name|donate|chip in|petition|boycott|volunteer|pledge)\b",
    r"\bgive (?:today|now|what)\b",
    r"\b(?:e-?mail|call|text|phone) (?:\S+@\S+|\(?\d{3})",
    r"\b(?:volunteers?|drivers?|helpers?|hands|hosts|donations) (?:wanted|needed)\b|^se (?:busca|necesita)n?\b",
    r"\bobject(?:ions?)? (?:to|in writing)\b",
    r"\bfill (?:in|out)\b|\bhelp us\b|\bwe need (?:your|you)\b",
    r"\bplease (?:call|write|sign|send|give|donate|fill|reply|vote|return|bring|tell|contact)\b",
    r"\bcan you (?:take|call|send|help|write|sign|give)\b",
    r"\b(?:firma(?:d|r|n)?|firmas|llama(?:d|r)? a|escrib(?:e|í|id|an?)|envía(?:d|r)?|mand(?:a|á|ad)|exig(?:e|id|"
    r"ir)|aleg(?:a|ad|aciones))\b",
    r"\b(?:participa en|súmate|sumate|dona(?:d|r|tivos?)?|pide|pedid|apoya(?:d)?|difund(?:e|í|id)|rellena|"
    r"necesitamos|adhesiones)\b",
    r"\b(?:unterschreib\w*|schreib(?:t|en sie)|spenden?|signez|écrivez|appelez)\b",
)
ASKING_TITLE = any_of(
    r"^(?:urgent:? )?(?:demand|tell|call|sign|write|ask|urge|stop|save|keep|support|defend|oppose|object|help|"
    r"donate|protect|vote)\b",
    r"^(?:urgent:? )?(?:boycott|say|hands off|petition|send|email|contact|act|take action|volunteer|give|fund|"
    r"free|please|don[’']t let)\b",
    r"^(?:firma|llama|escribe|envía|exige|exijamos|alega|salvemos|salva|apoya|pide|defiende|dona|denuncia|paremos|no al?)\b",
    r"^(?:participa|súmate|necesitamos|se (?:busca|necesita)n?)\b",
    r"\b(?:wanted|needed)$",
)
OCCASION = any_of(
    r"\b(?:night|evening|party|picnic|march|rally|vigil|meeting|assembly|workshop|concert|festival|potluck|"
    r"screening|webinar)s?\b",
    r"\b(?:teach-in|training|fair|supper|dinner|noche|fiesta|marcha|concentración|vigilia|reunión|asamblea|taller|"
    r"concierto)s?\b",
    r"\b(?:proyección|charla|feria|cena|comida|jornada|fest|versammlung|kundgebung|fête|réunion|atelier)s?\b",
)
INVITES = any_of(
    r"\b(?:join us|rsvp|refreshments|free and open|open to (?:the public|all)|doors open|admission|tickets?)\b",
    r"\b(?:all|everyone) (?:is |are )?welcome\b|\binvite you\b|\bbring (?:a|your)\b|\bcome (?:to|and|along)\b",
    r"\b(?:register|we meet|meet (?:at|us)|speakers?|potluck|livestream|venue|hosted|meeting|workshop|concert|march|rally)\b",
    r"\b(?:vigil|picnic|screening|os esperamos|te esperamos|les esperamos|entrada (?:libre|gratuita)|acompáñanos|"
    r"ven (?:a|con))\b",
    r"\b(?:venid|te invitamos|asamblea|taller|concierto|proyección|marcha|charla|aforo|inscripción)\b",
    r"\b(?:eintritt|wir laden|lädt|treffpunkt|entrée libre|venez|rendez-vous|vous invite)\b",
)
WON = any_of(r"\b(?:victory|victories|won|wins?|triumph\w*|victoria|logro|gewonnen|sieg|gagné|victoire)\b")
WE_WON = any_of(
    r"\b(?:we (?:have |['’]ve )?won|we did it|they did it|victory is ours|(?:has been|is) saved)\b",
    r"\b(?:after|thanks to|because of) (?:our|your) (?:petition|campaign|pressure|letters|calls)\b",
    r"\blo (?:hemos |han )?(?:conseguido|logrado)\b|\blo (?:logramos|conseguimos|lograron)\b",
    r"\bhemos (?:ganado|conseguido|logrado)\b|\bganamos\b",
    r"\bwir haben (?:gewonnen|es geschafft)\b|\bon a gagné\b|\bnous avons gagné\b",
)
STATES = any_of(
    r"\b(?:we,? )?the undersigned\b|\bstatement (?:of|on|by|from)\b",
    r"\bwe (?:strongly )?(?:condemn|denounce|reject|declare|call (?:on|upon|for)|stand (?:with|in)|demand|affirm|"
    r"oppose|deplore|believe)\b",
    r"\bl[oa]s? (?:organizaciones |entidades )?(?:abajo )?firmantes\b",
    r"\b(?:condenamos|denunciamos|rechazamos|declaramos|exigimos|manifestamos|repudiamos|nos solidarizamos)\b",
    r"\b(?:comunicado|declaración|wir (?:verurteilen|fordern|erklären)|nous (?:condamnons|exigeons|dénonçons))\b",
)
STATEMENT_TITLE = any_of(
    r"\b(?:statement|open letter|declaración|pronunciamiento|comunicado|manifiesto|carta abierta|erklärung|déclaration)\b",
)
