"""A Jinja template a message, put together by Python's email package, over aiosmtplib; with `--premailer` inlined each time.

`python send_jinja.py PEERS.JSON PORT COUNT [--premailer]`
"""

import asyncio
import itertools
import json
import sys
from collections.abc import Iterator
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import localtime, make_msgid
from pathlib import Path
from typing import Any

import jinja2
from measure import clocked
from premailer import Premailer
from send_ready_made import Message, send

HOUSE = """<style>
p { margin: 0 0 12px; } h4 { margin: 18px 0 6px; font-size: 17px; } a { color: #0f5e66; }
ul, ol { margin: 0 0 12px; padding: 0 0 0 24px; } li { margin: 0 0 6px; } .muted { line-height: 1.4; }
.prose blockquote { margin: 0 0 12px; padding-left: 16px; } .prose a { text-decoration: underline; } h2 { font-weight: 600; }
</style></head>"""


def messages(material: dict[str, Any], *, inlined: bool) -> Iterator[Message]:
    made = jinja2.Environment(autoescape=True).from_string(material["templates"]["jinja"]["html"])
    plain = jinja2.Environment(autoescape=False).from_string(material["templates"]["jinja"]["text"])
    sender, subject = material["envelope"]["sender"], material["envelope"]["subject"]
    for person in itertools.cycle(material["people"]):
        html = made.render(person)
        if not inlined:
            html = html.replace("</head>", HOUSE, 1)
            html = Premailer(html, allow_network=False, disable_validation=True, cssutils_logging_level=50).transform()
        message = EmailMessage(policy=SMTP)
        message["From"], message["To"], message["Subject"] = sender, person["address"], subject
        message["Date"], message["Message-ID"] = localtime(), make_msgid(domain="harbour.example")
        message["List-Unsubscribe"] = f"<{person['unsubscribe']}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        message.set_content(plain.render(person), cte="quoted-printable")
        message.add_alternative(html, subtype="html", cte="quoted-printable")
        yield sender, person["address"], message.as_bytes()


if __name__ == "__main__":
    material = json.loads(Path(sys.argv[1]).read_text())
    wanted = int(sys.argv[3])
    queue = messages(material, inlined="--premailer" not in sys.argv)
    next(queue)  # compiles the templates and fills the caches
    with clocked() as count:
        asyncio.run(send(int(sys.argv[2]), itertools.islice(queue, wanted)))
        count(wanted)
