"""The words by which mail systems say why they refuse, grouped by what they prove. The first group that matches decides.

The order is the safety of it: what tells of a living mailbox or of the sender's own trouble comes before what tells of a
dead address, because refusals love to mention several things at once. Every quantifier is bounded. Texts arrive with
addresses replaced by `@` (a local part such as `userunknown` proves nothing) and with single spaces.
"""

import re
from typing import NamedTuple

from digest.core.dsn.report import Verdict


class Cue(NamedTuple):
    """A group of wordings with one meaning. `name` is shown to people."""

    verdict: Verdict
    name: str
    words: re.Pattern[str]


def _cue(verdict: Verdict, name: str, *alternatives: str) -> Cue:
    return Cue(verdict, name, re.compile("|".join(alternatives), re.IGNORECASE))


_BOX = r"(?:mail ?box|mail ?folder|mail ?drop|in-?box|e-?mail account|account|user|recipient|maildir)"
_WHO = r"(?:user|recipient|addressee|mail ?box|account|(?:e-?mail )?address|alias|customer|subscriber|person|destinat\w{1,5})s?"
_NOT = r"(?:not|n['’]t|n?ot)"
_GAP = r"(?: \S{1,160}| \([^)]{1,160}\))?"

CUES = (
    _cue(
        Verdict.HARD,
        "no such user",
        # Microsoft's directory-based edge blocking words an unknown recipient like a policy.
        r"recipient address rejected: access denied\.? as\(",
    ),
    _cue(
        Verdict.SOFT,
        "mailbox full",
        r"over ?quota|quota[ _]?(?:is |has been |was )?(?:exceed|violat|full|reached|limit)|mail quota|disk quota",
        r"(?:exceed\w{0,3}|over|out of|above|reached|beyond) (?:[\w'’]{1,14} ){0,4}(?:quota|storage)",
        rf"{_BOX}(?:['’]s [\w-]{{1,20}}| \S{{1,80}})? (?:is |has been |was |are )?(?:too |currently "
        rf"|almost )?(?:over)?full\b",
        rf"full {_BOX}|mail ?box (?:for \S{{1,80}} )?(?:is )?full|{_BOX} size limit",
        rf"{_BOX} (?:\S{{1,80}} )?(?:has |have |would )?(?:exceed"
        rf"|reach)\w{{0,3}} (?:[\w'’]{{1,14}} ){{0,3}}(?:limit|size|max|capacity)",
        r"(?:insufficient|not enough|no|out of|low on) (?:\w{1,10} ){0,2}(?:storage|disk space|space left"
        r"|mailbox space)",
        r"disk full|exhausted (?:\w{1,12} ){0,2}storage|number of messages in (?:the )?recipient",
        r"too many messages (?:in|on)|storage (?:limit|exceeded)",
        r"bo[iî]te.{0,40}pleine|quota d[ée]pass|buz[oó]n.{0,30}llen|postfach.{0,40}voll|casella.{0,40}piena",
        r"caixa.{0,40}cheia",
        r"переполнен|メールボックスが一杯|メールボックス.{0,20}容量|邮箱.{0,10}满|信箱.{0,10}滿",
    ),
    _cue(
        Verdict.POLICY,
        "sender refused",
        r"(?:sender|originator|return[- ]?path|reverse[- ]?path|mail from)(?:['’]s)? (?:\w{1,12} )?(?:address "
        r"|domain |e-?mail |host |ip )?"
        r"(?:\S{1,100} )?(?:is |was |has been )?(?:reject|refus|den|unknown|invalid|not |does ?n|unverif|verif"
        r"|block|must|can|could|fail)",
        r"(?:invalid|bad|unknown|unresolvable|illegal|forged|fake) (?:sender|return[- ]path|mail from|from"
        r"|reverse-path)",
        r"(?:sending|client|connecting|originating) (?:host|server|address|domain|ip)",
        r"\bfrom (?:address|domain|header|field)\b",
        r"\bin (?:the )?from\b|for helo|did not like our (?:mail from|helo|ehlo)",
        r"domain of sender|mail from domain|address of sender|sender (?:verify|callout|id\b)|envelope sender",
        r"(?:my|your) (?:name|domain|host ?name|address|ip|server|helo|mail server)\b.{0,40}(?:reject|refus|not "
        r"|does ?n|unknown|unresolv|invalid|block|list)",
        r"in reply to (?:mail from|helo|ehlo)|(?:after|to|response to) (?:mail from|helo|ehlo"
        r"|initial connection)|helo (?:command|name|host)",
        rf"(?:can{_NOT}|cannot|could ?{_NOT}|unable to|does ?{_NOT}) (?:find|resolve|verify|validate) (?:your"
        rf"|the sender|sender|return)",
        r"(?:your )?access to (?:submit|this|our)|verify failed for <|callback setup failed",
    ),
    _cue(
        Verdict.POLICY,
        "blocked as spam or by a list",
        r"spam|unsolicited|\bbulk\b|\bube\b|\buce\b|\bjunk\b|phish|virus|malware|infected|suspicious|suspect",
        r"viagra|content filter",
        r"(?:black|block|deny|gr[ea]y|reject|bad)[- ]?list|\brbls?\b|dnsbl|spamcop|sorbs|\bbanned|\bblocked",
        r"\bblocking\b|proofpoint|barracuda",
        r"reputation|complaint|abus(?:e|ive)|too many (?:bad|invalid|unwanted)|unwanted|open proxy",
        r"dynamic (?:ip|address|host)|cloudmark",
    ),
    _cue(
        Verdict.POLICY,
        "failed authentication",
        r"\bspf\b|dkim|dmarc|domainkeys|authenticat|auth(?:entication)? ?required|authrequired",
        r"(?:not|un) ?authori[sz]ed|\btls\b|encrypt",
        r"\bptr\b|(?:reverse|inverse) (?:dns|lookup|name|mapping|ip)|\br ?dns\b",
        r"ip (?:name )?(?:lookup|address) (?:fail|reject|den)|invalid ip",
    ),
    _cue(
        Verdict.SOFT,
        "message too large or malformed",
        r"(?:message|mail|size|length|line|header|attachment)s?[^.;]{0,40} (?:exceed\w{0,3}|too (?:big|large"
        r"|long)|(?:size |length )?limit)",
        r"too (?:big|large)\b|8-?bit data|(?:maximum|max) (?:message )?size",
        r"not \w{0,10} ?(?:rfc ?\d{3,4} )?compliant",
        r"(?:header|syntax|mime|format) (?:error|invalid|malformed)|malformed",
        r"(?:attachment|content)s? (?:type )?(?:not |is )?(?:allowed|unsupported)",
    ),
    _cue(Verdict.SOFT, "mail loop", r"too many hops|hop ?count|\bloop(?:s|ed|ing)?\b"),
    _cue(
        Verdict.POLICY,
        "rate limited",
        r"rate ?-?(?:limit|control)|throttl|too (?:many|much|fast|frequent)",
        r"(?:limit|rate|maximum|connections?) (?:has been |was )?exceed",
        r"exceed\w{0,3} (?:[\w'’]{1,14} ){0,4}(?:rate|limit|connection|maximum|threshold)",
        r"temporarily (?:deferred|rate|blocked)",
        r"unexpected volume|excessive|at a rate|too quickly|concurren|per (?:hour|minute|day|connection)",
    ),
    _cue(
        Verdict.POLICY,
        "relaying refused",
        r"(?<![.\-\w])relay\w{0,3}\b(?![.\-])[^.:;]{0,60}\b(?:den|not|prohibit|refus|forbid|reject|disallow"
        r"|permit)|open relay|(?:un|not )able to relay",
        r"(?:can ?not|can['’]t|won['’]t|no|not|do not) relay|rcpthosts|not a registered gateway",
        r"mail exchanger for|client host|we do not accept",
    ),
    _cue(
        Verdict.POLICY,
        "refused by policy",
        r"polic(?:y|ies)\b|(?:content|message|mail|transaction) (?:content |was |has been "
        r"|is )?(?:rejected|refused|filtered|denied)",
        r"(?:access|permission|connection) (?:is |was )?denied|connection (?:was )?rejected|administrativ",
        r"prohibit|restrict|not permitted|security",
        r"(?:is|are|am|be) not allowed",
        r"not (?:a )?(?:member|subscriber of)|only (?:members|subscribers)|moderat|recipient preferences",
        r"rejected (?:for|by|due to) (?:content|our|local|header)",
        r"not accept(?:ed|ing)? (?:\w{1,10} ){0,2}from|declined|suppression list|rejet[eé]|refused your",
    ),
    _cue(
        Verdict.HARD,
        "no such user",
        rf"(?:unknown|invalid|no such|no valid|non-?exist[ae]nt|illegal|incorrect|inexist[ae]nt"
        rf"|bad destination) (?:[\w-]{{1,14}} ){{0,3}}?{_WHO}\b",
        rf"\b{_WHO}(?:['’]s)?(?: ?name| id)?{_GAP} {{0,2}}[:\-–.]{{0,3}} ?(?:is |was |are |has |could "
        rf"|you \w{{1,8}} |here )?(?:an? )?(?:currently )?"
        r"(?:unknown|invalid|nonexist\w{0,3}|unrecogni[sz]ed|undeliverable|inexist\w{0,3})\b",
        rf"\b{_WHO}(?:['’]s)?(?: ?name| id)?{_GAP} {{0,2}}[:\-–]{{0,3}} ?(?:is |was |are |has |could |did "
        rf"|does ?)?{_NOT}[ -]"
        r"(?:be )?(?:been )?(?:a )?(?:found|known|recogni[sz]ed|listed|registered|exist|valid|local|have an? )",
        r"(?:account|mailbox|user|address|recipient)[^.;]{0,80} (?:do|does|did) ?(?:not|n['’]t) exist",
        r"userunknown|user ?not ?found",
        r"no mail ?box (?:here )?(?:by|with|for|named)",
        r"no (?:account|user|one|person|recipient)s? (?:here )?(?:by|with|named|of) (?:that|this|the)",
        r"(?:this|the|such) user doe?s ?n['’o]t have an? |not (?:our|one of our) (?:user|customer|client)",
        r"not a (?:known|valid) (?:user|recipient)",
        r"no longer (?:on|at|in|with|valid|use|employ|work|exist|an? |have|avail|active"
        r"|accept)\w{0,8} ?(?:server|this|the|use|customer|user|here)?",
        r"(?:there is|have) no (?:such )?(?:user|account|mailbox|person|address)|nobody (?:here )?(?:by|with)",
        r"unrouteable address|local[- ]part",
        r"not (?:listed|found) in (?:[\w&]{1,12} ){0,4}(?:directory|book|domino|table|list|database)",
        r"no match(?:es)? (?:to|in|for) ",
        r"recip(?:ient)?notfound|requested action not taken: mailbox unavailable",
        r"mailbox (?:not available|not found|does not exist)",
        r"(?:wasn|isn|couldn|weren|aren)['’]t (?:a )?(?:be )?(?:found|listed|valid|recogni[sz]ed)",
        r"invalid final delivery|undeliverable address|not at this (?:address|domain|site)",
        r"(?:account|mailbox|address) (?:\S{1,80} )?(?:is |was |has been )?(?:permanently )?(?:closed|cancell?ed"
        r"|deleted|terminated|removed)",
        r"(?:destinataire|adresse)[^.;]{0,60}(?:invalide|inconnu|inexist)",
        r"empf(?:ä|ae)nger[^.;]{0,40}(?:unbekannt|existiert nicht)",
        r"(?:usuario|usu[áa]rio|destinatario|utente)[^.;]{0,40}(?:desconoc|no existe|sconosciut|inesist"
        r"|n[ãa]o existe)",
        r"(?:пользовател|получател|ящик)[^.;]{0,40}не (?:найден|существует|зарегистрирован)|宛先.{0,20}(?:見つかり|存在し)",
    ),
    _cue(
        Verdict.SOFT,
        "name server trouble",
        r"host (?:or domain name )?not found[,;]? try again|dns soft error|servfail",
        r"name ?server (?:timeout|timed)|host name lookup failure",
        r"temporary (?:name|dns|lookup|resolution)",
        r"(?:dns|mx|lookup|resolution|query) (?:\w{1,10} )?(?:failed temporarily|temporarily failed)",
    ),
    _cue(
        Verdict.HARD,
        "no such domain",
        r"(?:host|domain|site)(?: ?name)?(?: or domain name)?(?: \S{1,160})? {0,2}(?:is |was |could |does ?|do )?"
        r"(?:unknown|invalid|not (?:be )?(?:found|exist|reachable|known)|n['’]t exist|expired\b|non-?exist\w{0,3})",
        r"(?:unknown|invalid|no such|illegal|non-?exist[ae]nt|bad) (?:[\w-]{1,12} )?(?:host|domain|site)\b",
        r"nxdomain|null ?mx|no (?:mx|mail exchanger)|dns hard error",
        r"all relevant mx records point to non-?existent|unrouteable (?:mail )?domain",
        r"could(?: not|n['’]t) find (?:any|a) (?:host|mail exchanger)",
        r"domain[^.;]{0,60} (?:does ?n['’o]t|does not|no longer) (?:accept|receive|exist)",
    ),
    _cue(
        Verdict.SOFT,
        "mailbox disabled",
        rf"{_BOX}(?: \S{{1,80}})? (?:has been |is |was |have been )?(?:temporarily |currently )?(?:disabled"
        rf"|limited|suspend|inactiv|lock|frozen|discontinu"
        r"|not active|deactivat|unavailable|expired|blocked|restricted)",
        r"not accepting (?:mail|messages)|disabled or discontinued|out of service",
    ),
    _cue(
        Verdict.SOFT,
        "expired in the queue",
        r"expired|in (?:the )?queue (?:for )?too long|not delivered within|could not be delivered (?:for|within)",
        r"giving up|gave up",
        r"(?:retry|maximum) (?:time|timeout|period)|aborted after|failing for a long time|unable to deliver in \d",
    ),
    _cue(
        Verdict.SOFT,
        "no connection",
        r"time[d ]{0,2}-?out|(?:connection|connect\w{0,3}) (?:was |to \S{1,80} )?(?:refused|reset|closed|lost"
        r"|dropped|failed|died)|lost connection",
        r"not respond|no (?:route|answer)|unreachable|network (?:error|problem)|bad connection|socket error",
        r"host is down",
        r"(?:could|can|did)(?: ?not|n['’]t) (?:connect|be contacted|be reached|accept our requests?)",
    ),
    _cue(
        Verdict.SOFT,
        "trouble at the server",
        r"try (?:again|later)|tempor|service (?:\w{1,10} )?(?:unavailable|not available|refused)",
        r"(?:system|internal|config\w{0,10}|protocol) (?:error|problem)",
        r"resources|not implemented|command (?:not|output)|unable to (?:open|create|write)",
    ),
)
