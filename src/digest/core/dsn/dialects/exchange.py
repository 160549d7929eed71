"""Microsoft Exchange: 5.5 and 2003 (“did not reach”), 2007 and later (“Diagnostic information for administrators”)."""

import re

from digest.core.dsn.notice import Notice, addresses, recipient, sections
from digest.core.dsn.report import Recipient

_OLD = re.compile(r"did not reach the following recipient\(?s?\)?:", re.IGNORECASE)
_OLD_ONE = re.compile(r"^(\S.{0,300}?)[ \t]{1,4}on[ \t]{1,4}\w{3},", re.MULTILINE)
_X400 = re.compile(r"(?:dda:)?SMTP=", re.IGNORECASE)
_NEW = re.compile(r"(?:diagnostic information for administrators|generating server:)", re.IGNORECASE)
_NEW_ONE = re.compile(
    r"^[ \t]{0,8}(\S{1,300}@\S{1,255})[ \t]{0,8}\n{1,3}(.{0,20}#.{0,1000}|Remote Server .{0,1000})", re.MULTILINE
)


def read(notice: Notice) -> list[Recipient]:
    if old := _OLD.search(notice.text):
        return _old(notice.text[old.end() :])
    if new := _NEW.search(notice.text):
        found = _NEW_ONE.finditer(notice.text[new.end() :])
        return [recipient(named[0], one[2]) for one in found if (named := addresses(one[1]))]
    return []


def _old(text: str) -> list[Recipient]:
    said = sections(_OLD_ONE, text)
    return [recipient(named[-1], reason) for head, reason in said if (named := addresses(_X400.sub(" ", head)))]
