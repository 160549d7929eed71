"""django-post_office on SQLite: queued before, rendered at delivery, sent and logged by its own worker, ten threads.

`python send_post_office.py PEERS.JSON PORT COUNT DATABASE`
"""

import itertools
import json
import logging
import sys
from pathlib import Path

import django
from django.conf import settings
from django.core.management import call_command
from measure import clocked

CONNECTIONS = 10

material = json.loads(Path(sys.argv[1]).read_text())
port, wanted, database = int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4])
database.unlink(missing_ok=True)
settings.configure(
    INSTALLED_APPS=["django.contrib.contenttypes", "post_office"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(database)}},
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
    EMAIL_BACKEND="post_office.EmailBackend",
    EMAIL_HOST="127.0.0.1",
    EMAIL_PORT=port,
    SECRET_KEY="of no use here",
    USE_TZ=True,
    POST_OFFICE={
        "BACKENDS": {"default": "django.core.mail.backends.smtp.EmailBackend"},
        "BATCH_SIZE": 500,
        "THREADS_PER_PROCESS": CONNECTIONS,
        "BATCH_DELIVERY_TIMEOUT": 600,
    },
)
django.setup()
logging.disable(logging.INFO)

from post_office import mail  # noqa: E402  Django wants to be set up first
from post_office.models import EmailTemplate  # noqa: E402

call_command("migrate", verbosity=0)
template = EmailTemplate.objects.create(
    name="week",
    subject=material["envelope"]["subject"],
    content=material["templates"]["jinja"]["text"],
    html_content=material["templates"]["jinja"]["html"],
)
mail.send_many(
    [
        {
            "sender": material["envelope"]["sender"],
            "recipients": [person["address"]],
            "template": template,
            "context": person,
            "render_on_delivery": True,
            "headers": {"List-Unsubscribe": f"<{person['unsubscribe']}>"},
        }
        for person in itertools.islice(itertools.cycle(material["people"]), wanted)
    ]
)
with clocked() as count:
    mail.send_queued_mail_until_done()
    count(wanted)
