"""Whether bytes are mail, judged by the RFCs and by the standard library's parser: nothing of ours."""

import re
from email import message_from_bytes, policy
from email.message import EmailMessage

STRICT = policy.default.clone(raise_on_defect=True)
LONGEST_LINE = 998  # RFC 5322 §2.1.1, without CRLF
LONGEST_ENCODED = 76  # RFC 2045 §6.7 (5) and RFC 2047 §2
NAME = re.compile(rb"[\x21-\x39\x3b-\x7e]+")  # RFC 5322 §2.2
ONCE = ("From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type")  # RFC 5322 §3.6, RFC 2045 §4
AT_MOST_ONCE = (
    "Reply-To",
    "Sender",
    "Cc",
    "Bcc",
    "In-Reply-To",
    "References",
    "List-Unsubscribe-Post",
    "Content-Language",
)
OF_BULK = ("List-Id", "List-Unsubscribe", "List-Help", "Feedback-ID", "Auto-Submitted", "X-Digest-Delivery")


def objections(content: bytes) -> list[str]:
    """What is wrong with a message as it came over the wire, dots unstuffed. Who names a list has all that bulk mail needs."""
    head, gap, body = content.partition(b"\r\n\r\n")
    if not gap:
        return ["no empty line ends the header"]
    return [*_lines(content), *_fields(head), *_parsed(content, head), *_quoted_printable(body)]


def _lines(content: bytes) -> list[str]:
    found = []
    if re.search(rb"\r(?!\n)|(?<!\r)\n", content):
        found.append("a bare CR or LF")  # §2.3
    if b"\0" in content:
        found.append("a NUL")
    if not content.endswith(b"\r\n"):
        found.append("the last line has no end")
    if (longest := max(map(len, content.split(b"\r\n")))) > LONGEST_LINE:
        found.append(f"a line of {longest} bytes")
    return found


def _fields(head: bytes) -> list[str]:
    found, names = [], []
    for line in head.split(b"\r\n"):
        if line[:1] in (b" ", b"\t"):
            if not line.strip():
                found.append("a folded line of nothing but white space")  # §3.2.2
        elif NAME.fullmatch(name := line.partition(b":")[0]) and b":" in line:
            names.append(name.decode().lower())
        else:
            found.append(f"no field: {line!r}")
        if b"=?" in line and len(line) > LONGEST_ENCODED and b"DKIM" not in line:
            found.append(f"an encoded word in a line of {len(line)}: {line!r}")
    wanted = (*ONCE, *OF_BULK) if "list-id" in names else ONCE
    found += [f"{name} {names.count(name.lower())} times" for name in wanted if names.count(name.lower()) != 1]
    found += [f"{name} more than once" for name in AT_MOST_ONCE if names.count(name.lower()) > 1]
    one_click = re.search(rb"^List-Unsubscribe:[^\r]*(\r\n[ \t][^\r]*)*<https?:", head, re.MULTILINE)
    if bool(one_click) != ("list-unsubscribe-post" in names):  # RFC 8058 §3.1
        found.append("a List-Unsubscribe by https and a List-Unsubscribe-Post belong together")
    return found


def _parsed(content: bytes, head: bytes) -> list[str]:
    """What the library raises on, field by field and part by part."""
    try:
        message = message_from_bytes(content, EmailMessage, policy=STRICT)
        found = [f"{name}: {value.defects}" for name, value in message.items() if value.defects]
        parts = [part for part in message.walk() if not part.is_multipart()]
        for part in parts:
            if part.get_content_maintype() == "text":
                part.get_content(errors="strict")
    except Exception as error:
        return [f"{type(error).__name__}: {error}"]
    if not head.isascii() and message["To"].addresses[0].addr_spec.isascii():
        found.append("a header beyond ASCII that no address needs")  # RFC 6532
    if len(message["From"].addresses) != 1 or len(message["To"].addresses) != 1:
        found.append("not one From and one To")
    if "List-Id" in message and [part.get_content_type() for part in parts] != ["text/plain", "text/html"]:
        found.append("not a text and then its HTML")  # RFC 2046 §5.1.4
    return found


def _quoted_printable(body: bytes) -> list[str]:
    """Ours is all quoted-printable or plain ASCII: so every line of every body is short and 7bit."""
    found = [] if body.isascii() else ["a body beyond ASCII"]
    if b"\r\nContent-Transfer-Encoding: quoted-printable\r\n" in body:
        longest = max(map(len, body.split(b"\r\n")))
        found += [f"a body line of {longest}"] if longest > LONGEST_ENCODED else []
    return found
