"""What `digest doctor` looks at: everything that sending needs, and what else the settings ask for."""

import asyncio

from digest.app import Installation, bundled
from digest.pipeline import doctor
from digest.pipeline.doctor import Looked


def checkup(here: Installation) -> list[Looked]:
    """What was found, in the order in which it has to be right. No mail is sent."""
    findings = [
        doctor.look("database", lambda: doctor.database(here.database)),
        doctor.look("templates", lambda: doctor.templates(here.press, here.clock())),
    ]
    if not (sender := doctor.look("sender", lambda: here.settings.from_mailbox[1])).ok:
        findings.insert(1, sender)
    if here.settings.templates and findings[-1].ok:
        findings += doctor.overrides(here.settings.templates, bundled("templates", "email"))
    if not all(each.ok for each in findings):
        return [*findings, Looked("mail server", False, "It was not tried; mend the above first.")]
    findings += doctor.identity(here.sender, here.settings.postal_address)
    findings.append(asyncio.run(doctor.way_out(here.office.route, here.settings.outbox)))
    if here.settings.feeds:
        findings += doctor.following(here.database, lambda: here.sources)
    findings += doctor.mailbox(here.account)
    anybody = here.settings.signup == "open"
    findings += doctor.sign_up(here.database, here.settings.public_url, here.clock(), open_to_all=anybody)
    wanted = {"Postmark": here.settings.postmark_secret, "SES": here.settings.ses_topic}
    findings += doctor.posts(here.settings.public_url, [name for name, given in wanted.items() if given])
    return [*findings, *doctor.set_aside(lambda: here.quarantine)]
