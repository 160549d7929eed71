"""What in a mail is one reader's alone: merge tags, and links by which somebody could act, or be counted, as that reader.

Patterns, and not a list of systems: what leaves too little lets strangers take a person off the list, what leaves too much
costs a link. Merge tags: https://mailchimp.com/help/all-the-merge-tags-cheat-sheet/, https://listmonk.app/docs/templating/,
https://docs.buttondown.com/template-variables, Ghost's `{name, "fallback"}` and `%%{uuid}%%`.
"""

import re
from collections.abc import Collection
from urllib.parse import unquote

_TAG = (
    r"\*\|[^|*<>]{1,200}\|\*|\{\{[^{}<>]{0,300}\}\}|\{%[^{}<>]{0,300}%\}|%%[^%\s<>]{1,80}%%"
    r"|\{(?:first_name|name|email|uuid|unsubscribe_url|key)(?:,\s*\"[^\"<>]{0,100}\")?\}"
)
_MERGE_TAG = re.compile(rf"[ \t]*(?:{_TAG})(?=\s*[,.;:!?])|{_TAG}")
_TRACK_LINK = re.compile(r"\{\{-?\s*TrackLink\s+[\"'`](https?://[^\"'`\s]{1,2000})[\"'`][^{}]{0,40}\}\}|@TrackLink\b")
_ADDRESS_OF_PAGE = re.compile(r"https?://[^\s<>\"]+", re.IGNORECASE)

_ACTS = re.compile(
    r"unsub|opt[-_]?out|preferenc|update[-_]?profile|manage[-_](?:your[-_])?subscription|/subscription/|/manage/|desuscri|"
    r"abmeld|abbestell|d[ée]sabonn|d[ée]sinscri|uitschrij|#/portal|list-manage\d*\.com/(?:profile|vcard|about|abuse)|"
    r"campaign-archive\d*\.com/.*[?&]e=|/campaign/[0-9a-f]{8}-|disable_email",
    re.IGNORECASE,
)
"""Addresses behind which somebody leaves, changes what they get, or sees their copy."""
_COUNTS = re.compile(
    r"list-manage\d*\.com/track|/ls/click|/wf/click|/track/(?:click|open)|/link/[0-9a-f]{8}-|substack\.com/redirect|/ss/c/|"
    r"://(?:[\w-]+\.)*(?:click|clicks|links?|trk|track|tracking|email|mailing)\d*\.[\w.-]+/|"
    r"[?&](?:e|uuid|u?email|recipient|subscriber(?:_?(?:id|uuid))?|contact_?id|member_?id|token|mailing_?hash)=",
    re.IGNORECASE,
)
"""Addresses that count who came: where they lead is not told by them."""
_MARK = re.compile(
    r"(?<=[?&])(?:mc_eid|mkt_tok|ck_subscriber_id|_hsenc|_hsmi|vero_id|bsft_uid|ml_subscriber\w*)=[^&#]*&?"
)

_LEAVES = re.compile(
    r"unsubscribe|opt out|(?:manage|update|change) (?:your |my )?(?:\w+ )?(?:subscription|preferences|profile|settings)|"
    r"in (?:your|a|the) browser|web version|online version|darse de baja|anular|cancelar (?:\w+ )?suscripci|preferencias|"
    r"en (?:el|tu|su) navegador|d[ée]sabonner|d[ée]sinscri|navigateur|abmelden|abbestellen|im browser|disiscri|nel browser|"
    r"subscrição|inscrição|no navegador|uitschrijven|afmelden|wypisz",
    re.IGNORECASE,
)
_SHORT = 60
"""Characters of a link that says no more than that one leaves by it."""


def without_merge_tags(text: str) -> str:
    """What stood for a name goes, and the space before it where a comma follows."""
    return _MERGE_TAG.sub("", text)


def untracked(html: str) -> str:
    """Links as their authors wrote them, where listmonk was to count who follows them: quotes in quotes are no HTML."""
    return _TRACK_LINK.sub(lambda link: link[1] or "", html)


def target(href: str, hides: Collection[str]) -> str | None:
    """Where a link may lead for everybody: "" where only its words stay, None where they go too."""
    href = href.strip()
    plain = unquote(href)
    told = {each for each in hides if each.lower() in plain.lower()}
    if re.match(_TAG, plain) or _ACTS.search(plain) or any(each.startswith("http") for each in told):
        return None
    if _COUNTS.search(plain) or told:
        return ""
    return _MARK.sub("", without_merge_tags(href)).rstrip("?&")


def says_leaving(words: str) -> bool:
    """Whether the words of a link are those of leaving, settings or “view in browser”, wherever it leads."""
    words = " ".join(words.split())
    return len(words) <= _SHORT and _LEAVES.search(words) is not None


def without_personal(text: str, hides: Collection[str]) -> str:
    """Words without merge tags, the reader's address, and addresses of pages that are theirs."""
    text = _ADDRESS_OF_PAGE.sub(lambda page: page[0] if target(page[0], hides) else "", without_merge_tags(text))
    for each in hides:
        text = re.sub(re.escape(each), "", text, flags=re.IGNORECASE)
    return text
