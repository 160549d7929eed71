"""The tables. Instants are UTC; local dates of items are kept as written (ISO text), for their zone's rules may change."""

from digest.store.tables.columns import Instant
from digest.store.tables.deliveries import BounceTallyRow, ClockRow, DeliveryRow, EventRow, PacingRow
from digest.store.tables.editions import BlockRow, EditionItemRow, EditionRow, EditionTextRow
from digest.store.tables.items import FeedRow, ItemFields, ItemRow, ItemTopicRow, TopicRow
from digest.store.tables.past import PastMailRow
from digest.store.tables.subscribers import (
    ConfirmationRow,
    ConsentRow,
    InterestRow,
    LetterRow,
    SubscriberFields,
    SubscriberRow,
    SuppressionRow,
)

__all__ = [
    "BlockRow",
    "BounceTallyRow",
    "ClockRow",
    "ConfirmationRow",
    "ConsentRow",
    "DeliveryRow",
    "EditionItemRow",
    "EditionRow",
    "EditionTextRow",
    "EventRow",
    "FeedRow",
    "Instant",
    "InterestRow",
    "ItemFields",
    "ItemRow",
    "ItemTopicRow",
    "LetterRow",
    "PacingRow",
    "PastMailRow",
    "SubscriberFields",
    "SubscriberRow",
    "SuppressionRow",
    "TopicRow",
]
