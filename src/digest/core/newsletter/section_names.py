"""The words that name a newsletter's sections, and the kind of item that stands in each."""

import re

from digest.core.newsletter.vocabulary import any_of

SECTIONS: dict[str, re.Pattern[str]] = {
    "action": any_of(
        r"participa",
        r"involved",
        r"actúa",
        r"actions?",
        r"alerts?",
        r"acciones|acción",
        r"alertas?",
        r"petitions?|peticiones|appeals?|llamamientos?|campaña",
        r"aktionen",
        r"actions urgentes",
    ),
    "event": any_of(
        r"events?",
        r"calendar",
        r"eventos",
        r"actos",
        r"agenda",
        r"calendario",
        r"convocatorias",
        r"veranstaltungen",
        r"termine",
        r"événements",
        r"evenements",
        r"actividades",
        r"gatherings",
        r"rallies",
        r"dates|diary",
    ),
    "press_release": any_of(r"press", r"releases?", r"comunicados?", r"prensa", r"pressemitteilungen", r"communiqués?"),
    "statement": any_of(
        r"statements?",
        r"declaraciones|declaración",
        r"pronunciamientos?",
        r"erklärungen",
        r"déclarations?",
    ),
    "victory": any_of(
        r"victory|victories", r"wins?", r"victorias?", r"logros", r"good", r"erfolge", r"victoires?", r"successes"
    ),
    "news": any_of(
        r"news",
        r"headlines",
        r"noticias",
        r"updates?",
        r"reports?",
        r"articles?",
        r"stories",
        r"nachrichten",
        r"nouvelles",
        r"novedades",
        r"actualidad",
        r"briefs?",
        r"reading",
        r"analysis",
        r"announcements?",
        r"anuncios",
        r"avisos",
        r"notices?",
        r"reminders?|recordatorios|odds|bits|miscellan(?:y|eous)|misceláne[oa]s?|varios|verschiedenes|divers",
    ),
}
FILLER = any_of(
    r"upcoming|get|this|next|week|weeks|week's|week’s|month|our|your|the|of|in|and|from|for|to|take|urgent|local|"
    r"national|other|more|"
    r"community|state|coming|up|campaign|campaigns|now|items?|section|short|latest|movement|allies|partners|media|save|&|"
    r"próximos|próximas|esta|este|semana|mes|de|del|la|el|los|las|y|en|urgentes?|urgente|comunitarias|"
    r"comunitarios|nuestras|nuestros|"
    r"locales|internacionales?|nacionales|kommende|aktuelle|diese|woche|der|die|das|und|prochains|les|des|du|et|"
    r"à venir|cette|semaine|"
    r"ends|pieces|reminder|international|statewide|global|featured|recent|recientes|activities|releases|alerts|calls|call|"
    r"celebrate|celebrations|celebrating|key|brief|breve|breves|kurz|bref|good|buenas",
)


_LABELS = {
    "action": any_of(
        r"^(?:give|giving|donate|donations?|volunteers?|volunteering|help|help wanted|wanted|vacanc(?:y|ies))$"
    ),
    "statement": any_of(r"^(?:(?:open |joint )?letter|resolution|carta abierta|offener brief|lettre ouverte)$"),
}


def labelled_kind(label: str) -> str | None:
    """The kind that the label of one item names: what names a section, or "GIVE", "LETTER"."""
    return section_of(label) or next((kind for kind, names in _LABELS.items() if names.search(label.strip())), None)


def section_of(title: str) -> str | None:
    """The kind that a section banner ("UPCOMING EVENTS", "Noticias") announces; None if the line is no banner."""
    words = re.findall(r"[\w'’&]+", title.casefold())
    if not 1 <= len(words) <= 5:
        return None
    kinds = [next((kind for kind, names in SECTIONS.items() if names.fullmatch(word)), None) for word in words]
    if any(kind is None and not FILLER.fullmatch(word) for kind, word in zip(kinds, words, strict=True)):
        return None
    if "take" in words and "action" in words:
        return "action"
    return next((kind for kind in kinds if kind not in (None, "news")), next((kind for kind in kinds if kind), None))
