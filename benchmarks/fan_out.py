"""digest makes a delivery for every subscriber, each with their own selection. `python fan_out.py FOLDER`"""

import sys
from pathlib import Path

from installed import EDITION, NOW, installation
from measure import clocked

from digest.pipeline.fan_out import fan_out
from digest.store import subscribers

office = installation(Path(sys.argv[1])).office
with clocked() as count:
    fan_out(office.database, office.press(), office.sender, EDITION, NOW)
    with office.database.read() as session:
        count(subscribers.count(session, "active"))
