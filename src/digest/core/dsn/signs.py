"""Outward signs: was it a mail system that wrote, does it tell of a failure, or only of a delay?"""

import re

from digest.core.dsn.mime import get
from digest.core.dsn.notice import Notice

_DAEMON = re.compile(
    r"mailer-?daemon|mail ?daemon|post[_-]?master|mail[ .]?(?:delivery|system|administrator)"
    r"|delivery[ .]?(?:sub)?system"
    r"|system administrator|mail-?admin\b|mail ?delivery|\bbounces?\b|microsoft ?exchange",
    re.IGNORECASE,
)
_FAILED = re.compile(
    r"undeliver|non-?deliver|returned (?:e-?)?mail|return(?:ing|ed) (?:message |mail )?to sender|mail returned"
    r"|rejected mail"
    r"|deliver[ey]r?y? (?:status|failure|notification|report|problem|error|has failed|failed|was aborted)"
    r"|failed (?:mail|delivery|message)"
    r"|failure notice|mail (?:delivery )?(?:failed|failure|system error)"
    r"|(?:not|n['’]t) (?:be )?(?:been )?deliver|unable to (?:be )?deliver"
    r"|mail error|processing error|permanent(?:ly)? (?:fatal )?(?:error|fail)|user unknown|unknown user"
    r"|error (?:while )?(?:sending|delivering)"
    r"|trouble delivering|mailbox (?:is )?full|message (?:was )?(?:rejected|blocked)|could not (?:send|reach)"
    r"|failed to (?:send|deliver)"
    r"|non remis|n['’]a pas pu|unzustellbar|nicht zugestellt|no se pudo entregar|no pudo ser entregado"
    r"|n[ãa]o p[ôo]de ser|non recapitabile"
    r"|recapitat|consegna|недоставлен|не доставлен|не может быть доставлен|配信|送信でき|退信|无法|無法",
    re.IGNORECASE,
)
_PLAINLY = re.compile(
    r"(?:your|the|this|a) (?:e-?mail |mail )?(?:message|e-?mail|mail)\b[^.]{0,160}(?:could|can|was|were)(?: ?not"
    r"|n['’]t) (?:be )?(?:delivered|sent)"
    r"|unable to deliver (?:your |the )?(?:message|mail)|delivery to the following"
    r"|error (?:occurred while trying to )?deliver(?:ing)? (?:your|the) mail"
    r"|did not reach the following recipient"
    r"|following (?:recipient|address)\S{0,4} (?:did not receive|failed|was rejected|were rejected|returned)"
    r"|was not delivered to:|returned to sender|you are not (?:a )?member of this mailing list",
    re.IGNORECASE,
)
_SUCCEEDED = re.compile(
    r"success(?:fully|ful)? (?:delivered|relayed|delivery)|delivery (?:was |has )?success"
    r"|\((?:success|relay(?:ed)?|expanded)\)|return receipt"
    r"|(?:was|has been) (?:delivered|relayed) to",
    re.IGNORECASE,
)
_DELAYED = re.compile(
    r"warning: .{0,80}(?:delay|not yet|still)|delayed mail|(?:message|mail) delayed|delivery (?:warning|delayed)"
    r"|\((?:mail delivery )?delay(?:ed)?\)"
    r"|not yet been delivered|(?:has|have) been (?:delayed|postponed)|is (?:being )?delayed"
    r"|(?:just|only) a (?:temporary|warning)"
    r"|this is a warning|warning message only|advisory-only|still being (?:re)?tried|still undelivered"
    r"|will (?:continue|keep|be|try) (?:on |to )?(?:be )?(?:try|attempt|retr|re-?send|again)\w{0,4}"
    r"|attempts will continue|do not need to resend",
    re.IGNORECASE,
)
_GAVE_UP = re.compile(
    r"gave up|given up|giving up|(?:will be )?deleted from queue|permanent(?:ly)? (?:error|fail)"
    r"|failed permanently|no further (?:attempt|deliver)"
    r"|not going to try again|will not be retried|permanent fatal",
    re.IGNORECASE,
)


def named_daemon(notice: Notice) -> bool:
    """Whether the writer calls itself a mail system."""
    return bool(_DAEMON.search(notice.sender))


def by_mail_system(notice: Notice) -> bool:
    """The same, or the null sender (RFC 5321 §4.5.5), which only six in ten bounces still carry when they arrive."""
    return named_daemon(notice) or get(notice.headers, "return-path").strip().lower() in {"<>", "<mailer-daemon>"}


def trustworthy(notice: Notice) -> bool:
    """Whether a mail system surely wrote it: by its name, by Exim's header, or by null sender and subject together.

    The null sender alone is not enough, for vacation notices have it too (RFC 3834 §3.3).
    """
    marked = bool(get(notice.headers, "x-failed-recipients"))
    return named_daemon(notice) or marked or (by_mail_system(notice) and bool(_FAILED.search(notice.subject)))


def failed(notice: Notice) -> bool:
    return bool(_FAILED.search(notice.subject) or _FAILED.search(notice.text[:8000]))


def plainly_failed(notice: Notice) -> bool:
    """Words that a mail system uses and a person hardly does."""
    return bool(_PLAINLY.search(notice.text[:8000])) and not get(notice.headers, "in-reply-to")


def succeeded(notice: Notice) -> bool:
    told = f"{notice.subject}\n{notice.text[:2000]}"
    return bool(_SUCCEEDED.search(told)) and not re.search(
        r"fail|undeliver|n[o'’]t (?:be )?deliver|error", told, re.IGNORECASE
    )


def delayed(notice: Notice) -> bool:
    """It will try again: an early warning, which counts for nothing."""
    text = f"{notice.subject}\n{notice.text[:8000]}"
    return bool(_DELAYED.search(text)) and not _GAVE_UP.search(text)
