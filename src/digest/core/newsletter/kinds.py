"""What kind of item a section is: by its label, its banner, its form, and what it asks."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from digest.core.item import Kind
from digest.core.newsletter.split import Section
from digest.core.newsletter.timing import Timing
from digest.core.newsletter.vocabulary import RELEASE, section_of

_I = re.IGNORECASE
_ASK = re.compile(
    r"\b(?:sign (?:the|our|this|on|and|here)|call (?:your|on|the|him|her|them|now)|write (?:to|a letter|your|her|him|by)|(?:e-?mail|contact|tell|urge|ask|demand|message) (?:your|that|the|him|her|them|governor|congress|senator|mayor)"
    r"|send (?:a|your|an|comments|letters|him|her)|submit (?:a |your |public )?comments?|comment on|take action|take a moment|act now|add your name|sign up to|donate|chip in|give (?:today|now|what)|petition|object(?:ions?)? (?:to|in writing)|boycott|volunteer"
    r"|fill (?:in|out)|we need (?:your|you)|please (?:call|write|sign|send|give|donate|fill|reply|vote|return)|can you (?:take|call|send|help|write|sign|give)|help us|pledge"
    r"|firma(?:d|r|n)? |firmas|llama(?:d|r)? a |escrib(?:e|id|an?)\b|envía(?:d|r)?|manda(?:d)? |exig(?:e|id|imos|ir)|alega(?:d|ciones)?\b|participa en|súmate|dona(?:d|r|tivos?)?\b|pide|pedid|apoya(?:d)?|difund(?:e|id)|rellena|necesitamos"
    r"|unterschreib\w*|schreib(?:t|en sie)|spenden?|signez|écrivez|appelez)",
    _I,
)
_ASKING_TITLE = re.compile(
    r"^(?:urgent:? )?(?:demand|tell|call|sign|write|ask|urge|stop|save|keep|support|defend|oppose|object|help|donate|protect|vote|join|boycott|say|hands off|petition|send|email|contact|act|take action|volunteer|give|fund|free"
    r"|firma|llama|escribe|envía|exige|exijamos|alega|salvemos|salva|apoya|pide|defiende|dona|denuncia|paremos|no al?|participa|súmate|necesitamos)\b",
    _I,
)
_INVITE = re.compile(
    r"\b(?:join us|rsvp|refreshments|free and open|open to (?:the public|all)|doors open|admission|tickets?|all (?:are )?welcome|everyone (?:is )?welcome|register|bring (?:a|your)|come (?:to|and|along)|we meet|meet (?:at|us)|speakers?|potluck|livestream|venue|hosted|invite you|meeting|workshop|concert|march|rally|vigil|picnic|screening"
    r"|os esperamos|te esperamos|les esperamos|entrada (?:libre|gratuita)|acompáñanos|ven (?:a|con)|venid|te invitamos|asamblea|taller|concierto|proyección|marcha|charla|aforo|inscripción"
    r"|eintritt|wir laden|treffpunkt|entrée libre|venez|rendez-vous)\b",
    _I,
)
_OCCASION = re.compile(
    r"\b(?:night|evening|party|picnic|march|rally|vigil|meeting|assembly|workshop|concert|festival|potluck|screening|webinar|teach-in|training|fair|supper|dinner"
    r"|noche|fiesta|marcha|concentración|vigilia|reunión|asamblea|taller|concierto|proyección|charla|feria|cena|comida|jornada|fest|versammlung|kundgebung|fête|réunion|atelier)s?\b",
    _I,
)
_WON = re.compile(r"\b(?:victory|victories|won|wins?|triumph\w*|victoria|logro|gewonnen|sieg|gagné|victoire)\b", _I)
_WE_WON = re.compile(
    r"\b(?:we (?:have |['’]ve )?won|we did it|they did it|victory is ours|has been saved|is saved|after (?:our|your) (?:petition|campaign|pressure)|(?:thanks to|because of) (?:your|our) (?:petition|campaign|pressure|letters|calls)"
    r"|lo (?:hemos |han )?(?:conseguido|logrado)|lo (?:logramos|conseguimos|lograron)|hemos (?:ganado|conseguido|logrado)|ganamos|wir haben (?:gewonnen|es geschafft)|on a gagné|nous avons gagné)\b",
    _I,
)
_STATES = re.compile(
    r"\b(?:we,? the undersigned|the undersigned|we (?:strongly )?(?:condemn|denounce|reject|declare|call (?:on|upon|for)|stand (?:with|in)|demand|affirm|oppose|deplore|believe)|statement (?:of|on|by|from)"
    r"|los? abajo firmantes|las? (?:organizaciones|entidades) (?:abajo )?firmantes|condenamos|denunciamos|rechazamos|declaramos|exigimos|manifestamos|repudiamos|comunicado|declaración|nos solidarizamos|wir (?:verurteilen|fordern|erklären)|nous (?:condamnons|exigeons|dénonçons))\b",
    _I,
)


@dataclass(frozen=True, slots=True)
class Judgement:
    """A kind and the words it came from."""

    kind: Kind
    words: str


def judge_kind(section: Section, timing: Timing) -> Judgement:
    """The kind with the most evidence; news where there is little."""
    title = " ".join(filter(None, (section.marked.title, section.marked.tag)))
    text = "\n".join(each.text for each in section.body)
    start = " ".join(text.split()[:60])
    votes: dict[Kind, list[tuple[float, str]]] = {kind: [] for kind in Kind}

    def vote(kind: Kind, weight: float, words: str) -> None:
        votes[kind].append((weight, words))

    vote(Kind.NEWS, 1.5, "nothing that says otherwise")
    for words, weight in ((section.marked.label, 4.0), (section.banner_words, 2.0), (section.marked.tag, 2.0)):
        if words and (named := section_of(words)):
            vote(Kind(named), weight if named != "news" else 0.5, words)
    prefix = title.partition(":")[0]
    if prefix != title and (named := section_of(prefix)):
        vote(Kind(named), 3.0, prefix)
    if heading := next(
        (each.text for each in section.body[:3] if each.part == "release" or RELEASE.search(each.text[:80])), None
    ):
        vote(Kind.PRESS_RELEASE, 5.0, heading)
    if found := _ASKING_TITLE.search(title):
        vote(Kind.ACTION, 1.4, found[0])
    asks = list(dict.fromkeys(found[0] for found in _ASK.finditer(text)))
    for ask in asks[:3]:
        vote(Kind.ACTION, 0.7, ask)
    if timing.deadline:
        vote(Kind.ACTION, 1.2, timing.deadline.words)
    if timing.starts:
        vote(
            Kind.EVENT,
            1.2 + (1.3 if timing.starts.when.at else 0.0) + (1.0 if timing.labelled else 0.0),
            timing.starts.words,
        )
    for invite in list(dict.fromkeys(found[0].casefold() for found in _INVITE.finditer(f"{title}\n{text}")))[:3]:
        vote(Kind.EVENT, 0.4 if timing.starts else 0.15, invite)
    if found := _OCCASION.search(title):
        vote(Kind.EVENT, 0.4 if section.body else 1.8, found[0])
    for found in (_WON.search(title), _WON.search(start)):
        if found:
            vote(Kind.VICTORY, 0.7, found[0])
    if found := _WE_WON.search(f"{title}\n{start}"):
        vote(Kind.VICTORY, 2.2, found[0])
    stated = list(dict.fromkeys(found[0] for found in _STATES.finditer(text)))
    for words in stated[:3]:
        vote(Kind.STATEMENT, 0.7, words)
    if found := re.search(
        r"\b(?:statement|declaración|pronunciamiento|comunicado|manifiesto|erklärung|déclaration|open letter|carta abierta)\b",
        title,
        _I,
    ):
        vote(Kind.STATEMENT, 2.0, found[0])
    return _most(votes)


def _most(votes: dict[Kind, list[tuple[float, str]]]) -> Judgement:
    best = max(votes, key=lambda kind: sum(weight for weight, _ in votes[kind]))
    given: Sequence[str] = [words for _, words in sorted(votes[best], reverse=True)]
    return Judgement(best, "; ".join(given[:3]))
