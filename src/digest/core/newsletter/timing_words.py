"""The words around a date that tell what it is: the last day, the first, the one after, the day of publication."""

import re

from digest.core.newsletter.calendar_words import WEEKDAY

_I = re.IGNORECASE
UNTIL = re.compile(
    r"(?:\b(?:by|until|till|through|thru|up to|before|before the [^.,;]{3,24} on|no later than|not later than|"
    r"(?<!fell )due(?: on| by)?|clos(?:es?|ing)(?: on)?|closing date|ends?(?: on)?|"
    r"(?:last (?:day|date)|último día)\b[^.]{0,40} (?:is|es)|"
    r"deadline(?: is| for .{0,40} is)?|expires?(?: on)?|over on|"
    r"hasta|antes del?|a más tardar|vence|cierra|termina|acaba|finaliza|fecha límite|plazo|límite|como (?:muy )?tarde,?|"
    r"bis(?: zum| spätestens)?|spätestens|frist|anmeldeschluss|jusqu[’']au|avant|au plus tard|date limite)\s*:?\s*"
    rf"(?:(?:the|el|día|{WEEKDAY}(?: que viene| próximo)?,?|zum|le|am|end of(?: day| business| play)?|next|this|coming|"
    r"próximo|este|noon|midnight|midday|cob|eod|close of business|on|at|um|à|las?|de|es|finaliza)\s+)*)$",
    _I,
)
NOT_BEFORE = re.compile(
    r"\b(?:not|never|n[’']t|no se|nicht|pas)\b[^.;]{0,24} (?:before|until|antes|vor|avant)\W*[^.;]{0,8}$", _I
)
DUE_LINE = re.compile(
    r"^\W*(?:deadline|due|closing date|closes|fecha límite|plazo|límite|cierre|frist|einsendeschluss|"
    r"anmeldeschluss|anmeldung bis|date limite|rsvp by|register by)\b",
    _I,
)
AT_LATEST = re.compile(
    r"^\W{0,2}(?:at the (?:very )?latest|a más tardar|como (?:muy )?tarde|spätestens|au plus tard)", _I
)
WHEN_LINE = re.compile(
    r"^\W*(?:when|date|dates|date and time|date & time|time|starts?|cuándo|fechas?|fecha y hora|día|wann|datum|"
    r"termin|beginn|quand|hora)\s*:",
    _I,
)
HOUR_LINE = re.compile(r"^\W*(?:time|hora|horario|uhrzeit|zeit|heure|hours)\s*:", _I)
PUBLISHED = re.compile(
    r"^\W*(?:(?:published|posted|issued|publicado|veröffentlicht|publié)(?: on| el| am| le)?|"
    r"(?:approved|adopted|agreed|aprobad[oa]|beschlossen|adoptée?)\b[^.!?]{0,60})\W*$",
    _I,
)
DATELINE = re.compile(r"[A-ZÀ-Þ][\w.’' -]{2,40}, ")
OVER = re.compile(
    r"\b(?:until|till|to|back|home|finish\w*|ends?|ending|over|done|close[sd]?|hasta|vuelta|regreso|termina|acaba|bis|jusqu[’']à|"
    r"fin)\b[^.!?]{0,16}$",
    _I,
)
RETURNS = re.compile(
    r"\b(?:returns?|returning|(?<!start )(?<!starts )back|ends?|ending|finish\w*|regreso|vuelta|termina|acaba|finaliza|"
    r"rückkehr|endet|retour|se termine)\b(?: on| el| am| le)?\W*$",
    _I,
)
BEGINS = re.compile(
    r"\b(?:begins?|starts?|starting|opens?|comienza|empieza|inicia|arranca|beginnt|commence|débute)\b[^.!?]{0,60}\d", _I
)
UP_TO = re.compile(r"(?:until|through|hasta|bis)\W*(?:el )?$", _I)
RUNS = re.compile(
    r"(?<!period )(?<!survey )(?<!registration )(?<!enrollment )(?<!voting )"
    r"\b(?:runs?|on view|on display|continues|exhibit\w*|exposición)\b[^.]{0,40}$",
    _I,
)
LASTS = re.compile(  # what is so until a day, and asks for nothing
    r"\b(?:closed|shut|away|off|works?|roadworks|diver(?:ted|sion)|says?|expected|was|were|had|cerrad[oa]s?|cortad[oa]s?|obras|"
    r"geschlossen|gesperrt|baustelle|voraussichtlich|fermée?s?|barrée?|travaux)\b[^.;:!?]{0,40}"
    r"\b(?:until|till?|through|thru|hasta|bis(?: zum)?|jusqu[’']au)\W*(?:the |el )?$",
    _I,
)
EVERY_WEEK = re.compile(
    rf"\b(?:every|each|cada|todos los|jeden|tous les|chaque) (?:\w+ )?{WEEKDAY}(?!\w)|\b{WEEKDAY}s\b", _I
)
PAST = re.compile(
    r"\b(?:since|last|desde el|seit|depuis|was|were|on the night of|signed|adopted)\s*(?:the |el |on )?$", _I
)
