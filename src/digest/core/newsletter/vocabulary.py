"""The words by which newsletters in English and Spanish (some German and French) give their parts away."""

import re


def any_of(*patterns: str) -> re.Pattern[str]:
    r"""One pattern that fits where any of the given ones does, whatever the case of the letters.

    The \b that some begin with is taken out in front of them all: in most places it fails, and none need be tried.
    """
    return re.compile(_alternatives(patterns), re.IGNORECASE)


def any_in_lower(*patterns: str) -> re.Pattern[str]:
    """As `any_of`, for a text put in lower case before: three times as fast."""
    return re.compile(_alternatives(patterns))


def _alternatives(patterns: tuple[str, ...]) -> str:
    words = [each.removeprefix(r"\b") for each in patterns if each.startswith(r"\b")]
    others = [each for each in patterns if not each.startswith(r"\b")]
    forms = [*others, *([rf"\b(?:{'|'.join(words)})"] if words else [])]
    return "|".join(f"(?:{form})" for form in forms)


RELEASE = any_of(
    r"for immediate release",
    r"(?:for|embargoed).{0,12}until .{0,30}release",
    r"para (?:su )?(?:publicación|difusión|divulgación) inmediata",
    r"de (?:publicación|difusión) inmediata",
    r"zur sofortigen veröffentlichung",
    r"^for (?:immediate use|(?:general )?release\b.{0,30}\d)",
    r"^(?:issued|released) (?:by|on behalf of) |^(?:emitid[oa]|difundid[oa]) por |^herausgegeben von ",
    r"pour diffusion immédiate",
    r"^(?:(?:press|media) (?:release|note|statement|advisory)|news release|comunicado de prensa|nota de prensa|boletín de prensa|"
    r"communiqué de presse|pressemitteilung|presseerklärung)\b\s*(?:[-–—:|,]|$)",
)
RELEASE_END = any_of(r"^[-–—\s#]*30[-–—\s#]*$", r"^#{2,}$", r"^-?\s*(?:end|ends|fin)\s*-?$")
CONTACT = any_of(
    r"^(?:press |media )?contacts?\b(?: person)?\s*[:：]",
    r"^(?:contacto|contactos)(?: de prensa| para la prensa| para medios)?\s*:",
    r"^(?:kontakt|pressekontakt|contact presse)\s*:",
    r"^(?:e-?mail|phone|tel|tel[ée]fono|correo|cell|móvil)\.?\s*:",
    r"^for more information",
    r"^para más información",
)
REACHED = re.compile(r"\S@\S|(?<![\d-])(?:\+\d\d |0|\(\d)[\d() -]{7,}\d|\b\d{3}[ -]\d{4}\b")
"""An address to write to, or a number to call."""
SIGN_OFF = any_of(
    r"^(?:yours )?in (?:solidarity|struggle|peace|community|power|love|hope|unity|faith|service)\b.{0,30},?$",
    r"^(?:with|in) .{0,20}(?:solidarity|gratitude|thanks|love|hope|appreciation|regards|wishes)\b.{0,40}[^.!?]$",
    r"^(?:cheers|sincerely|regards|warmly|blessings|atentamente|saludos|cordialmente|abrazos)[.!]?$",
    r"^(?:yours|sincerely|regards|best|warmly|cheers|onward|onwards|respectfully|peace|gratefully|thank you|thanks)"
    r"\b.{0,25},$",
    r"^(?:ciao|tschüss|tschüß|bye|goodbye|so long|hasta (?:pronto|luego|la próxima)|bis bald|à bientôt)\b.{0,48}[^.]$",
    r"^(?:en|con) (?:solidaridad|lucha|resistencia|gratitud|unidad|esperanza|paz|cariño|afecto)\b.{0,30},?$",
    r"^(?:atentamente|saludos|un abrazo|un saludo|abrazos|fraternalmente|cordialmente|solidariamente|gracias)\b.{0,25},$",
    r"^(?:mit .{0,20}grüßen|viele grüße|solidarische grüße|cordialement|solidairement|salutations?)\b.{0,20},?$",
    r"^(?:signed|firmado|firman|unterzeichnet|signé)\s*[:,]?$",
)
FAREWELL = any_of(
    r"^(?:see you|catch you)\b(?! (?:there|then|at|inside|outside)\b).{0,48}$",
    r"^(?:until|till) (?:next|the next|then|we meet)\b.{0,48}$",
    r"^(?:that[’']s (?:all|it)|that is all) (?:for|from|this)\b.{0,60}$",
    r"^(?:thank you|thanks) for reading\b.{0,30}$|^happy reading\b.{0,30}$",
    r"^have an? (?:good|great|lovely|nice|wonderful|happy|peaceful) (?:week|weekend|month|summer|winter|holiday)\b.{0,30}$",
    r"^(?:¡ ?)?(?:hasta (?:pronto|luego|entonces|la (?:próxima|semana)|el (?:próximo|mes))|nos (?:vemos|leemos))\b.{0,48}$",
    r"^(?:¡ ?)?(?:feliz|buena|buen) (?:semana|fin de semana|mes|verano)\b.{0,30}$",
    r"^(?:eso es todo|gracias por leer(?:nos)?)\b.{0,48}$",
)
"""Takes leave until the next issue."""
CLOSING = any_of(
    r"^(?:(?:with )?(?:best|kind|warm|good)(?:est)? (?:wishes|regards)|all the best|best|warmly|cheers)\W*$",
    r"^(?:(?:un )?(?:cordial )?saludos?|(?:un )?(?:fuerte )?abrazos?)\b[^.]{0,20}$",
)
"""Ends a letter of any kind, where nothing is declared."""
EDITORS = any_of(
    r"^[–—-]* ?(?:the|your|our) (?:[\w’'-]+ ){0,3}(?:committee|team|editors?|board|editorial (?:team|board))\b",
    r"^[–—-]* ?(?:la|el|los|las|tu|vuestr[oa]|nuestr[oa]) (?:junta|equipo|comité|redacción|comisión|editor(?:es|as|a)?)\b",
)
"""Those who make a newsletter, as they sign it."""
ASKS = any_of(
    r"\b(?:sign(?: ?up)?|signature|rsvp|regist\w+|book(?:ing)?s?|tickets?|apply|join|donat\w+|give|write|act|take action|vote|"
    r"petition|form|reserve|enrol\w*)\b",
    r"\b(?:firm\w+|inscr\w+|reg[ií]str\w+|reserv\w+|entradas?|apúnta\w*|apuntarse|particip\w+|dona\w*|escrib\w+|vota\w*|"
    r"únete|petición|formulario)\b",
    r"\b(?:anmeld\w+|unterschr\w+|spenden?|inscription|signez|signer)\b",
)
"""A label of a link that is there to be followed."""
CREDIT = any_of(
    r"^(?:photos?|picture|image|pic|credit|source|via|fotos?|fotografía|imagen|fuente|crédito|bild|quelle|crédit)\b[^:]{0,30}:?$",
)
GREETING = any_of(
    r"^[¡!]? ?(?:dear|hello|hi|greetings|to (?:all |our |the )+(?:members|friends|neighbou?rs|readers|residents)|"
    r"welcome(?= to (?:the|our|this|another|all|an?)\b| back\b| all\b| everyone\b|.*\W$|$)|"
    r"querid[oa]s|estimad[oa]s|hola|bienvenid[oa]s|"
    r"liebe|sehr geehrte[rs]?|chère?s|bonjour|"
    r"a l[oa]s? (?:opinión pública|medios(?: \w+)?|comunidad|pueblos?|sociedad civil|autoridades)|a quien corresponda|"
    r"monsieur|madame|se[ñn]or(?:es|as?)?)\b.{0,60}[,!:]?$",
)
ROLE = any_of(
    r"\b(?:co-?)?(?:executive |deputy |associate |policy |program |legal |field |communications |campaigns? )*"
    r"(?:director|president|vice[- ]president|chair|chairperson|chairwoman|chairman|coordinator|organizer|organiser|"
    r"secretary|treasurer|manager|editor|spokesperson|founder|attorney|counsel|officer|steward|pastor|reverend|"
    r"advocate|strategist|analyst|presidente|presidenta|directora|coordinador|coordinadora|portavoz|"
    r"secretari[oa](?: general)?|vocera|vocero|organizadora|organizador|abogad[oa]|editora|responsable|"
    r"geschäftsführer(?:in)?|sprecher(?:in)?|vorsitzende[r]?|porte-parole|directeur|directrice|présidente)\b",
)
ORGANISATION = any_of(
    r"\b(?:network|campaign|coalition|union|committee|association|council|federation|foundation|cent(?:er|re)|"
    r"project|institute|alliance|league|movement|society|fund|collective|organi[sz]ation|initiative|"
    r"partnership|congress|assembly|church|workers united|local \d+|chapter|task force|action group|"
    r"rights|exchange|watch|international|"
    r"red|campaña|coalición|sindicato|comité|asociación|consejo|federación|fundación|centro|proyecto|instituto|alianza|"
    r"liga|movimiento|colectivo|colectiva|organización|iniciativa|asamblea|"
    r"bündnis|verein|verband|gewerkschaft|initiative|netzwerk|stiftung|réseau|syndicat|comité|fédération|collectif)\b",
)
LEAVING = any_in_lower(
    r"\bunsubscribe\b",
    r"\b(?:update|manage|change) (?:your )?(?:e-?mail |subscription )?(?:preferences|subscription|address)\b",
    r"\byou(?: are|'re|’re) (?:receiving|getting|subscribed)\b",
    r"\byou (?:received|get|receive) this\b",
    r"\bview (?:this|it)\b.{0,20}\b(?:browser|online|web)\b",
    r"\ball rights reserved\b",
    r"^(?:copyright|©|\(c\))",
    r"\b(?:si no (?:quieres?|querés|deseas?) (?:recibir|seguir)|responde baja)\b",
    r"\bto (?:leave|get off) (?:this|the|our) (?:mailing )?list\b",
    r"\b(?:to stop (?:getting|receiving)|stop sending|to be removed)\b|\bdo not wish to receive\b",
    r"\bdar(?:se|te)? de baja\b|\bdesuscri|\bcancelar (?:tu|su|la) suscripción\b",
    r"\b(?:recibes?|ha recibido|has recibido) este (?:correo|boletín|mensaje)\b",
    r"\btodos los derechos reservados\b",
    r"\bactualiza(?:r)? (?:tus|sus) (?:preferencias|datos)\b",
    r"\b(?:newsletter )?abbestellen\b|\babmelden\b.{0,30}\bnewsletter\b|\bimpressum\b",
    r"\b(?:se )?désabonner\b|\bdésinscri",
)
COLOPHON = any_in_lower(
    r"^(?:how to (?:reach|contact|find) us|contact us|get in touch|cómo contactar(?:nos)?|kontakt|nous contacter)\W*$",
    r"\bforward (?:this|to a friend|it)\b.{0,40}",
    r"\b(?:follow|find|like) us (?:on|at)\b",
    r"^(?:follow us|síguenos|folgt uns|suivez-nous|stay connected|connect with us|social media|redes sociales)\b",
    r"^(?:facebook|twitter|instagram|x|mastodon|bluesky|youtube|tiktok|linkedin|web|website)\s*[:|/@]",
    r"\b(?:our|mailing|postal) address\b",
    r"\bto (?:subscribe|submit (?:an )?(?:item|event|announcement|notice)s?)\b",
    r"\bsubscribe at\b|\bis (?:sent|published|produced|edited) (?:by|weekly|monthly|every)\b",
    r"\bback issues\b|\bnewsletter archive\b",
    r"\breenvía?(?:lo|r|la)?\b.{0,40}\b(?:amig|contacto)",
    r"\bsíguenos en\b",
    r"\b(?:items|contributions|notices|copy|articles) (?:for (?:the )?next|to the editor)\b",
)
FORWARDED = any_of(
    r"^\W*(?:forwarded message|original message|begin forwarded message|mensaje reenviado|mensaje original|"
    r"weitergeleitete nachricht|message transféré)\W*$",
    r"^(?:on|el|am|le) .{8,160}(?:wrote|escribió|schrieb|a écrit)\s*:",
    r"^(?:sent|get outlook|enviado|von meinem|envoyé) (?:from|for|desde|de|iphone) .{2,30}$",
)
MAIL_HEADER = any_of(
    r"^(?:from|to|cc|bcc|sent|date|subject|reply-to|de|para|enviado(?: el)?|fecha|asunto|von|an|gesendet|datum|betreff|"
    r"à|envoyé|objet)\s*:\s",
)
MAIL_SUBJECT = any_of(r"^(?:subject|asunto|betreff|objet)\s*:\s")
LINK_WORDS = any_of(
    r"^(?:please )?(?:click|tap) (?:here|below|on)\b.*$",
    r"^(?:(?:read|learn|find out|see|view) (?:more|all|on|the (?:full|rest)|full)|continue reading|more info(?:rmation)?|"
    r"full (?:story|article|details)|(?:register|sign up|sign|donate|rsvp|apply|order|book|reply|watch|listen) "
    r"(?:here|now|online)|view online|share this)\b.*$",
    r"^(?:haz clic|haga clic|pincha|leer más|lee más|seguir leyendo|ver más|(?:firma|inscríbete|regístrate|dona|apúntate) "
    r"(?:aquí|ya)|weiterlesen|mehr lesen|hier klicken|lire la suite|cliquez ici)\b.*$",
    r"^[^\W\d_].{2,38} (?:→|➜|➔|►|▶|»|›|>{1,3})$",
)
BUTTON = any_of(
    r"^(?:take|send|sign|write|submit|make|add|give|donate|register|join|envía|envíe|manda|firma|firme|escribe|escriba|haz|"
    r"dona|súmate|inscríbete|unterschreiben|spenden|signez|écrivez)\b(?: (?:an?|your|the|to|tu|su|la|el|una?|now|here|ya|aquí|"
    r"action|letter|petition|comments?|message|e-?mail|name|gift|mp|carta|petición|mensaje|correo|donación))*\W*$"
)
UNFINISHED = any_of(
    r"\b(?:the|a|an|of|for|to|in|on|at|by|with|from|and|or|our|your|is|are|el|la|los|las|un|una|de|del|al|a|en|con|por|"
    r"para|y|o|e|su|que|der|die|das|des|und|für|von|mit|le|les|du|et|pour|sur)$",
    r"[,&–—/]$",
)
CONTENTS = any_of(
    r"^(?:in this (?:issue|edition|e-?mail|newsletter|week's issue|bulletin|digest)|(?:table of )?contents|inside"
    r"(?: this issue| this edition)?|(?:in|on) (?:today's|this week's) (?:issue|edition|digest)|at a glance|"
    r"this week(?: in brief)?|"
    r"what's inside|what’s inside|quick links|highlights|"
    r"en (?:este|esta) (?:número|edición|boletín|entrega|semana)|contenidos?|índice|sumario|"
    r"in dieser ausgabe|inhalt(?:sverzeichnis)?|übersicht|dans ce (?:numéro|bulletin)|sommaire)\W*$",
)
FROM = any_of(
    r"^(?:news |notes |word )?from (?:our|the|other) (?:partners|members|community|allies|network|regions|branches|field|"
    r"archives?)\b.{0,20}$",
    r"^(?:noticias )?de (?:nuestr[ao]s|otr[ao]s|las?|los|el) (?:soci[ao]s|aliad[ao]s|comunidad|redes|regiones|"
    r"entidades)\b.{0,20}$",
    r"^(?:aus|von) (?:den|unseren|der) (?:partnern|mitgliedern|regionen|gruppen)\b.{0,20}$",
    r"^(?:chez|de) nos (?:partenaires|membres|amis)\b.{0,20}$",
)
MASTHEAD = any_of(
    r"\b(?:newsletter|bulletin|digest|gazette|e-?news|news-?letter|boletín|gaceta|hoja informativa|rundbrief|"
    r"mitteilungen|lettre d'information|infolettre|dispatch|update from)\b",
    r"\b(?:issue|vol(?:ume)?|no|nº|n°|núm(?:ero)?|edition|edición|año|época|ausgabe|nr)\b\.?\s*#?\s*\d",
    r"^(?:published|edited|compiled|prepared|produced|sent|editado|publicado|elaborado) (?:by|por)\b",
    r"^(?:news|noticias|nachrichten|nouvelles) (?:from|of|de|aus|du)\b.{0,40}$",
    r"\b(?:weekly|monthly|semanal|mensual|quincenal)\W*$",
    r"\b(?:weekly|monthly|semanal|mensual|quincenal) (?:news|mail|e-?mail|letter|notes|notices|circular|update|round-?up)\b",
)
SUBHEADING = any_of(
    r"^(?:the )?(?:background|context|details|the facts|facts|demands|quotes?|resources|next steps?|logistics|agenda|"
    r"programme?|schedule|running order|order of (?:the day|business|service)|signator(?:y|ies)|what has .{0,40}|"
    r"speakers|sponsors|endorsers|co-?sponsors|talking points|sample (?:script|letter|message|text|tweet)s?|"
    r"script|call script|action steps?|summary|conclusion|read more|learn more|more information|references|sources|"
    r"recommendations|(?:main |our )?findings|results|methodology|notes to editors|quick facts|"
    r"questions|faq|accessibility|parking|directions|transport(?:ation)?|notes?|key (?:points|findings|dates|facts)|"
    r"who we are|about (?:us|the .{0,40})|media|press|what's next|what’s next|why (?:it|this) matters|why now\??|"
    r"the (?:problem|solution|numbers|issue|bottom line|ask|plan|stakes|road ahead))\W*$",
    r"^(?:what|how|where|when) (?:you can|we can|to|can (?:i|you|we))\b.{0,50}$|^(?:what|why|when|where|how|who)\W*$",
    r"^(?:what|how|where|why|when|who) (?:you|we|is|it|this|are|they|happened|comes|does|did|do)\b(?: \S+){0,3}$",
    r"^about [A-Z].{0,60}$",
    r"^(?:antecedentes|contexto|detalles|datos|demandas|exigencias|recursos|próximos pasos|programa|agenda|ponentes|"
    r"orden del día|tagesordnung|ordre du jour|"
    r"convocan|más información|resumen|fuentes|recomendaciones|conclusiones|resultados|notas? (?:para|a) la prensa|"
    r"notas?|guion|quiénes somos|por qué importa|los hechos|"
    r"(?:qué|cómo|dónde) (?:puedes?|podemos|hacer|ayudar|participar)\b.{0,50}|"
    r"(?:qué|cómo|dónde|por qué|cuándo|quién)(?: \S+){1,3}|¿(?:\S+ ){0,3}\S+\?|sobre (?:el|la|los|las|nosotr\w+)\b.{0,60}|"
    r"acerca de .{0,60})\W*$",
    r"^(?:hintergrund|kontext|details|forderungen|empfehlungen|ergebnisse|fazit|programm|über uns|contexte|"
    r"recommandations|résultats|programme|à propos.{0,50})\W*$",
)
QUESTION = any_of(
    r"^(?:what|how|where|why|when|who) (?:you|we|is|it|this|the|are|they|happened|comes|does|did|do)\b.{0,50}$",
    r"^(?:(?:qué|cómo|dónde|por qué|cuándo|quién) .{0,50}|¿.{3,60}\?)$",
)
LABEL = any_of(
    r"^(?:when|where|what|who|why|how|date|dates|time|place|location|venue|cost|price|tickets?|rsvp|register|registration|"
    r"deadline|due|info|more info|details|link|online|zoom|language|hosts?|hosted by|organi[sz]ed by|sponsor(?:ed by|s)?|"
    r"address|bring|starts?|ends?|doors|by|from|published|posted|source|read more|sign up|signed|signatories|signed by|"
    r"cuándo|dónde|qué|quién|quiénes|por qué|cómo|fecha|fechas|hora|horario|lugar|sitio|dirección|costo|coste|precio|entrada|"
    r"inscripción|inscripciones|plazo|fecha límite|organiza|organizan|convoca|convocan|enlace|informes|fuente|"
    r"firman|firmantes|suscriben|"
    r"wann|wo|was|wer|ort|datum|uhrzeit|zeit|beginn|eintritt|anmeldung|anmeldeschluss|frist|veranstalter|"
    r"unterzeichnet|unterzeichnende|"
    r"quand|où|quoi|qui|lieu|heure|entrée|tarif|inscriptions?|date limite|organisé par|signataires|signé)\s*[:：]\s*",
)
