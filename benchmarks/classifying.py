"""How fast mail that comes back is understood: invented messages of the kinds that come.

`python classifying.py REPEATS` prints `{"messages", "bytes", "kinds", "seconds"}`, the last a list.
"""

import json
import random
import sys
import time
from collections import Counter
from email import message_from_string
from email.message import EmailMessage, Message
from email.mime.message import MIMEMessage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText

from digest.core.dsn import classify

MESSAGES = 1000
REPLIES = (
    ("5.1.1", "550 5.1.1 <{}>: Recipient address rejected: User unknown"),
    ("5.2.2", "552 5.2.2 <{}>: the mailbox is over its quota"),
    ("5.7.1", "554 5.7.1 Message refused for <{}>: blocked by our policy"),
    ("4.2.0", "451 4.2.0 <{}>: try again later, greylisted"),
)


def original(draw: random.Random, recipient: str) -> Message:
    """The digest that went out, long enough to be worth the reading."""
    message = MIMEText("".join(f"Paragraph {draw.random()} of the week.\n" for _ in range(400)))
    message["From"], message["To"] = "weekly@harbour.example", recipient
    message["Subject"], message["Message-ID"] = "Harbour Weekly", f"<{draw.getrandbits(64):x}@harbour.example>"
    return message


def report(draw: random.Random, recipient: str) -> Message:
    """A delivery status notification (RFC 3464)."""
    status, said = draw.choice(REPLIES)
    action = "failed" if status.startswith("5") else "delayed"
    fields = message_from_string(
        "Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.net\n\n"
        f"Final-Recipient: rfc822; {recipient}\nAction: {action}\n"
        f"Status: {status}\nDiagnostic-Code: smtp; {said.format(recipient)}\n"
    )
    message = MIMEMultipart("report", report_type="delivery-status")
    message["From"], message["Subject"] = "Mail Delivery System <MAILER-DAEMON@mx.example.net>", "Undelivered mail"
    message.attach(MIMEText(f"Your message could not be delivered.\n\n<{recipient}>: {said.format(recipient)}\n"))
    message.attach(fields)
    message.attach(MIMEMessage(original(draw, recipient)))
    return message


def prose(draw: random.Random, recipient: str) -> Message:
    """A bounce that only people were meant to read."""
    said = draw.choice(REPLIES)[1].format(recipient)
    message = MIMEText(
        f"This message was created automatically by mail delivery software.\n\nA message that you sent could not be "
        f"delivered. This is a permanent error. The following address failed:\n\n  {recipient}\n    {said}\n\n"
        f"------ This is a copy of the message ------\n\n{original(draw, recipient).as_string()}"
    )
    message["From"], message["Subject"] = "Mail Delivery System <Mailer-Daemon@mx.example.net>", "Mail delivery failed"
    return message


def complaint(draw: random.Random, recipient: str) -> Message:
    """Somebody pressed “this is spam” (RFC 5965)."""
    fields = message_from_string(
        "Content-Type: message/feedback-report\n\n"
        f"Feedback-Type: abuse\nUser-Agent: example/1\nVersion: 1\nOriginal-Rcpt-To: {recipient}\n"
    )
    message = MIMEMultipart("report", report_type="feedback-report")
    message["From"], message["Subject"] = "complaints@example.net", "FW: Harbour Weekly"
    message.attach(MIMEText("This is an abuse report for a message that we received.\n"))
    message.attach(fields)
    message.attach(MIMEMessage(original(draw, recipient)))
    return message


def person(draw: random.Random, recipient: str) -> Message:
    """Somebody who is away, or who simply answers."""
    message = EmailMessage()
    message["From"], message["Subject"] = recipient, "Re: Harbour Weekly"
    if draw.random() < 0.5:
        message["Auto-Submitted"] = "auto-replied"
    message.set_content("Thank you for your mail. I am back on Monday.\n" + "A line below that says nothing.\n" * 20)
    return message


def crowd(draw: random.Random) -> list[bytes]:
    kinds = (report, report, report, prose, complaint, person)
    return [draw.choice(kinds)(draw, f"reader{at}@host{at % 100}.example").as_bytes() for at in range(MESSAGES)]


if __name__ == "__main__":
    invented = crowd(random.Random(2026))
    seconds = []
    for _ in range(int(sys.argv[1])):
        begun = time.process_time()
        kinds = Counter(classify(each).kind.value for each in invented)
        seconds.append(time.process_time() - begun)
    figures = {"messages": MESSAGES, "bytes": sum(map(len, invented)), "kinds": kinds, "seconds": seconds}
    sys.stdout.write(json.dumps(figures) + "\n")
