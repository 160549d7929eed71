"""What a refusal proves about an address: weighing reply code, enhanced status and words against one another.

The first digit proves little: most policy blocks of living subscribers carry 5.x.x. `hard` therefore needs words or a
status that say that the mailbox or its domain does not exist, and nothing beside them that tells another story. The
enhanced statuses are those of RFC 3463 and its registry (RFC 5248); RFC 7505 adds 5.1.10, the null MX.
"""

import re
from typing import NamedTuple

from digest.core.dsn.report import Verdict

MAX_TEXT = 4096
"""Characters of a diagnostic that are looked at; a longer one repeats itself."""


class Finding(NamedTuple):
    """A verdict and the words of its reason, such as “user unknown”."""

    verdict: Verdict
    reason: str


class _Cue(NamedTuple):
    verdict: Verdict
    name: str
    words: re.Pattern[str]


def _words(*alternatives: str) -> re.Pattern[str]:
    return re.compile("|".join(alternatives), re.IGNORECASE)


_MAILBOX = r"(?:e-?mail ?box|mail ?box|mail ?folder|mail ?drop|inbox|e-?mail account|account|user|recipient|address)"
_PERSON = (
    r"(?:user|recipients?|mail ?box|account|e-?mail ?address|address|addressee|alias|customer|subscriber|person|name)"
)

_DIED_OF_DNS = _words(
    r"host (?:or domain name )?not found[,;]? try again",
    r"temporary (?:name|dns|lookup|resolution) ",
    r"(?:servfail|name server timeout|name server: .{0,80}: host name lookup failure|host name lookup failure)",
)

_CUES = (
    _Cue(
        Verdict.SOFT,
        "mailbox full",
        _words(
            r"over ?quota|quota (?:is )?(?:exceeded|violation|full)|(?:exceed(?:s|ed|ing)?|over|out of|above|reached) (?:\w{1,12}[ '’s]{1,3}){0,4}"
            r"(?:quota|storage)",
            rf"{_MAILBOX}(?:'s \w{{1,20}})? (?:is |has been |\S{{1,80}} is )?(?:too )?(?:full|overfull)\b|full {_MAILBOX}",
            r"(?:insufficient|not enough|no|out of) (?:\w{1,10} ){0,2}(?:storage|disk|mailbox) (?:space)?|mail ?box size limit",
            r"no space left|disk full|would exceed (?:the )?(?:mail ?box|quota|storage)",
            r"(?:mail ?box|account|user|inbox) (?:\S{1,80} )?(?:has )?(?:exceed|reached)(?:s|ed|ing)? (?:\w{1,12} ){0,3}(?:limit|size|maximum)",
            r"mail quota|quota_exceeded|maildir (?:delivery failed: .{0,40})?(?:over|full)|boîte .{0,40}pleine|buzón .{0,30}lleno",
            r"postfach .{0,40}voll|メールボックスが一杯|receiving mail at a rate|is receiving mail too quickly",
        ),
    ),
    _Cue(
        Verdict.POLICY,
        "sender refused",
        _words(
            r"(?:sender|from|originator|return[- ]?path|reverse[- ]?path)(?:'s)? (?:\w{1,12} )?(?:address|domain|e-?mail|host|ip)?"
            r" {0,2}(?:\S{1,100} )?(?:is |was |has been )?(?:rejected|refused|denied|unknown|invalid|not (?:valid|allowed|found|accepted)"
            r"|does ?n[o'’]t exist|unverified|verif|blocked|must|cannot|could not)",
            r"domain of sender|invalid (?:sender|return path|from)|bad sender|unknown sender|unresolvable sender|sender verify"
            r"|(?:my|your) (?:name|domain|address|host|server) (?:was |is |has been )?(?:rejected|not)|sender was rejected",
            r"in reply to (?:mail from|helo|ehlo)|(?:after|to) mail from:?<|after (?:initial connection|[eh]{2}lo)|mail from domain",
            r"(?:cannot|could not|unable to|can't|does ?n[o']t) (?:resolve|find|verify|validate) (?:\w{1,8} )?(?:sender|your|return|the sender)",
        ),
    ),
    _Cue(
        Verdict.POLICY,
        "blocked as spam or by a list",
        _words(
            r"\bspam|unsolicited|\bbulk\b|\bube\b|\buce\b|\bjunk\b|phish|virus|malware|infected|suspicious|proofpoint|barracuda",
            r"black ?-?list|block ?-?list|\brbl\b|dnsbl|spamhaus|spamcop|sorbs|\bbanned|blocked|blocking|deny ?-?list|grey ?-?list|gray ?-?list",
            r"reputation|complaint|abus(?:e|ive)|too many (?:bad|invalid|unwanted|spam)",
        ),
    ),
    _Cue(
        Verdict.POLICY,
        "failed authentication",
        _words(
            r"\bspf\b|dkim|dmarc|domainkeys|sender id\b|unauthenticated|authenticat(?:e|ion)|\bauth required|not authori[sz]ed|unauthori[sz]ed",
            r"\bptr\b|reverse dns|rdns|reverse lookup|ip (?:name )?(?:lookup|address) (?:failed|rejected)|invalid ip|no rdns",
        ),
    ),
    _Cue(
        Verdict.POLICY,
        "rate limited",
        _words(
            r"rate ?-?limit|throttl|too (?:many|much|fast|frequent)|(?:limit|rate) exceeded|exceed(?:s|ed)? (?:\w{1,12} ){0,3}(?:rate|connection)",
            r"temporarily (?:deferred|rate|blocked)|unexpected volume|excessive",
        ),
    ),
    _Cue(
        Verdict.POLICY,
        "relaying refused",
        _words(
            r"relay(?:ing)? (?:access |not |is |from \S{1,80} |to \S{1,80} |mail )?(?:denied|permitted|allowed|prohibited|refused)|open relay",
            r"unable to relay|cannot relay|can't relay|(?:no|not) relay|we do not relay|relay(?:ing)? (?:denied|not)",
            r"not .{0,40}(?:rcpthosts|gateway|mail exchanger)|client host|not a registered gateway",
        ),
    ),
    _Cue(
        Verdict.POLICY,
        "refused by policy",
        _words(
            r"\bpolic(?:y|ies)\b|content (?:rejected|filter|block|not)|message (?:content|was|has been)? ?(?:rejected|refused|filtered)",
            r"access (?:is )?denied|permission denied|administrative(?:ly)? (?:prohibit|den)|prohibited|restricted|not permitted"
            r"|(?:you are|senders?|posting)[^.]{0,40} not (?:allowed|a member)|not accept(?:ed|ing)? (?:mail|message)s? from|due to recipient preferences",
            r"rfc ?-?(?:5321|5322|2822|822|821|1893)[^.]{0,20}compliant|header error|not (?:a )?compliant",
        ),
    ),
    _Cue(
        Verdict.HARD,
        "no such user",
        _words(
            rf"(?:unknown|invalid|no such|nonexistent|non-existent|illegal|incorrect|bad|inexistent) (?:\w{{1,12}} |or ){{0,3}}{_PERSON}\b",
            rf"\b{_PERSON}(?: ?(?:name|id|address))?(?: \S{{1,160}}| \([^)]{{1,160}}\))? {{0,2}}[:\-–]{{0,2}} ?"
            r"(?:is |was |are |has |could |you \w{1,8} )?(?:an )?(?:unknown|invalid|not[- ](?:found|known|recogni[sz]ed|listed|exist|registered|local|a valid)"
            r"|does ?(?:n[o'’]t|not) (?:exist|have)|doesn.?t (?:exist|have)|do(?:es)? not exist|unrecogni[sz]ed|not be found|no longer (?:exists|valid|in use))",
            r"(?:account|mailbox|user|address)[^.]{0,80} (?:tried to reach )?(?:does ?n[o'’]t|does not) exist|no mail ?box (?:here )?(?:by|with|for) ",
            r"this user doesn.?t have an? |not our (?:user|customer)|no (?:longer|more) (?:on|at|with|available at) (?:this )?(?:server|company|address)",
            r"no longer (?:on|at|a (?:customer|user)|employed|works?|an? |in use|exists?)|user (?:unknown|not exist|name is unknown)|unknown user",
            r"not listed in (?:\w{1,12} ){0,2}(?:domino|name|directory|address)|no matches? (?:to|in|for) (?:\w{1,12} ){0,2}(?:query|directory|name)",
            r"recip(?:ient)?notfound|recipient ?not ?found|no such (?:person|recipient|mailbox|address|alias)|ambiguous|no valid recipients",
            r"requested action not taken: mailbox unavailable|mailbox (?:unavailable|not available|not found)|invalid (?:mailbox|recipient|final delivery)",
            r"(?:destinataire|adresse)[^.]{0,60}(?:invalide|inconnu|inexistant)|empf(?:ä|ae)nger[^.]{0,40}(?:unbekannt|existiert)|usuario[^.]{0,40}(?:desconocido|no existe)",
            r"isn.t (?:listed|found|a valid)|wasn.t found at|couldn.t be found|deactivated mailbox|undeliverable address|recipient (?:no longer|rejected: user)",
            r"no account by that name|there is no user|is not (?:a )?(?:known|valid|recogni[sz]ed|registered)(?: \w{1,10}){0,2} (?:user|recipient|mailbox|address)",
            r"is not a known user|(?:user|recipient|address) \S{1,80} is not known|addressee unknown|unrouteable address|no one here|nobody here",
            r"address error|that e-?mail address|account (?:is )?(?:closed|cancell?ed|deleted|terminated|expired)|mailbox (?:is )?(?:closed|deleted|removed)",
        ),
    ),
    _Cue(
        Verdict.HARD,
        "no such domain",
        _words(
            r"(?:host|domain|site|hostname)(?: name| or domain name)? (?:\S{1,160} )?(?:is )?(?:unknown|not found|does not exist|doesn.?t exist|not exist)",
            r"(?:unknown|invalid|no such|illegal|nonexistent|bad) (?:mail )?(?:host|domain|domain name|hostname|site)",
            r"nxdomain|null mx|illegal host|couldn.t find (?:any|a mail exchanger|a host)|unrouteable (?:mail )?domain|domain (?:is )?(?:not reachable|expired)",
            r"domain (?:does not|doesn.t) (?:accept|receive) (?:e-?)?mail|no (?:mx|valid hosts?)|non-?existent domain|all relevant mx records point to non-?existent",
        ),
    ),
    _Cue(
        Verdict.SOFT,
        "mailbox disabled",
        _words(
            rf"{_MAILBOX} (?:\S{{1,80}} )?(?:has been |is |was )?(?:temporarily )?(?:disabled|suspended|inactive|locked|frozen|discontinued|not active|deactivated)",
            r"not accepting (?:mail|messages)|disabled or discontinued",
        ),
    ),
    _Cue(
        Verdict.SOFT,
        "mail loop",
        _words(r"too many hops|hop ?count|mail loop|routing loop|loops? back|looping|message is looping"),
    ),
    _Cue(
        Verdict.SOFT,
        "message too large or malformed",
        _words(
            r"(?:message|size|length|line)[^.]{0,40} (?:exceeds?|exceeded|too (?:big|large|long)|limit)|too (?:big|large|long)|8-?bit data",
        ),
    ),
    _Cue(
        Verdict.SOFT,
        "expired in the queue",
        _words(
            r"expired|in the queue too long|not delivered within|could not be delivered for|giving up|retry (?:time|timeout)|aborted after"
        ),
    ),
    _Cue(
        Verdict.SOFT,
        "no connection",
        _words(
            r"timed? ?-?out|connection (?:refused|reset|closed|lost|dropped|failed)|not responding|no route|unreachable|network (?:error|problem)",
            r"could not (?:connect|be contacted)|can(?:not|'t|’t) connect|no answer|lost connection|failing for a long time|bad connection",
        ),
    ),
    _Cue(
        Verdict.SOFT,
        "trouble at the server",
        _words(
            r"try (?:again|later)|tempor|service (?:currently )?(?:unavailable|not available|refused)|system (?:error|problem)|internal|resources"
        ),
    ),
)

_DEAD_STATUS = {"5.1.1", "5.1.3", "5.1.6", "5.1.10"}
_STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_CODE = re.compile(r"(?<![\d.])([245]\d\d)(?=[ \-:]|$)(?![ \-]?byte)")


def enhanced_status(text: str) -> str | None:
    """The most telling enhanced status code (RFC 3463) in a text: the first that is not a bare x.0.0."""
    found = _STATUS.findall(text[:MAX_TEXT])
    return next((status for status in found if not status.endswith(".0.0")), found[0] if found else None)


def reply_code(text: str) -> int | None:
    """The first SMTP reply code in a text."""
    found = _CODE.search(text[:MAX_TEXT])
    return int(found[1]) if found else None


def judge(code: int, enhanced: str | None, text: str) -> Verdict:
    """The verdict on an SMTP reply to RCPT, DATA or the final dot, by the same evidence as a bounce."""
    return weigh(enhanced, text, code).verdict


def weigh(status: str | None, text: str, code: int | None = None) -> Finding:
    """Weigh a status (RFC 3463) and the words beside it; a reply code counts where there is no status.

    A verdict is always HARD, SOFT or POLICY: that the delivery failed is known, the question is why.
    """
    text = " ".join(text[:MAX_TEXT].split())
    if not status or status.endswith(".0.0"):
        status = enhanced_status(text) or status
    code = code or reply_code(text)
    cue = next((cue for cue in _CUES if cue.words.search(text)), None)
    said = _quoted(cue, text) if cue else ""
    transient = status.startswith("4") if status else code is not None and 400 <= code < 500
    subject = status.split(".")[1] if status else ""
    if subject == "7" and not (cue and cue.name == "mailbox full"):
        return Finding(Verdict.POLICY, f"{status}{said}")
    if cue and cue.verdict is not Verdict.HARD:
        return Finding(cue.verdict, f"{status or code or ''}{said}".lstrip())
    if transient or status == "5.2.2" or _DIED_OF_DNS.search(text):
        return Finding(Verdict.SOFT, f"{status or code}{said}")
    if cue or status in _DEAD_STATUS:
        return Finding(Verdict.HARD, f"{status or code or ''}{said}".lstrip())
    return Finding(Verdict.SOFT, str(status or code or "no reason that proves the address dead"))


def _quoted(cue: _Cue, text: str) -> str:
    found = cue.words.search(text)
    words = found[0].strip().lower() if found else ""
    return f" and “{words[:60]}” ({cue.name})"
