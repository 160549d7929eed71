"""How many bounces of an edition changed somebody: by recipient domain, and of them all."""

from sqlalchemy import func, select, update
from sqlmodel import Session, col

from digest.core.pacing import WHOLE
from digest.store.database import insert
from digest.store.tables import BounceTallyRow, DeliveryRow


def one_more(session: Session, edition_id: int, domain: str) -> int:
    """Count one, and say how many it makes."""
    counted = insert(session, BounceTallyRow).on_conflict_do_update(
        index_elements=["edition_id", "domain"], set_={"changes": col(BounceTallyRow.changes) + 1}
    )
    row = {"edition_id": edition_id, "domain": domain, "changes": 1}
    return session.scalars(counted.returning(col(BounceTallyRow.changes)), row).one()


def sent(session: Session, edition_id: int, domain: str) -> int:
    """How many deliveries it is of: counted once, for the edition is read to count them."""
    here = col(BounceTallyRow.edition_id) == edition_id, col(BounceTallyRow.domain) == domain
    if (known := session.scalar(select(col(BounceTallyRow.sent)).where(*here))) is not None:
        return known
    wanted = select(func.count()).where(col(DeliveryRow.edition_id) == edition_id)
    count = session.scalar(wanted if domain == WHOLE else wanted.where(col(DeliveryRow.domain) == domain)) or 0
    session.execute(update(BounceTallyRow).where(*here).values(sent=count))
    return count
