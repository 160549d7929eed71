"""digest as every row has it: its settings, and a database in a folder. What only makes the week is not loaded with it."""

from datetime import UTC, datetime
from pathlib import Path

from digest.app import Installation
from digest.settings import Settings

NOW = datetime(2026, 3, 15, 9, 0, tzinfo=UTC)
EDITION = 1
CONNECTIONS = 10
ZONE = "Europe/Lisbon"


def installation(folder: Path, port: int = 25, signed: str = "", **settings: object) -> Installation:
    """digest on the database in `folder`. `signed`: names of key files there, separated by commas, or nothing."""
    values = {
        "database_url": f"sqlite:///{folder}/digest.db",
        "publication": "Harbour Weekly",
        "DIGEST_FROM": "Harbour Weekly <weekly@harbour.example>",
        "reply_to": "editors@harbour.example",
        "postal_address": "Harbour House, 3 Quay Street, Cabo Manso",
        "public_url": "https://news.harbour.example",
        "bounce_domain": "bounces.harbour.example",
        "smtp_port": port,
        "smtp_connections": CONNECTIONS,
        "dkim_selector": signed or None,
        "dkim_key_file": ",".join(f"{folder}/{each}.pem" for each in signed.split(",")) if signed else None,
        "timezone": ZONE,
        "schedule": "sun 09:00",
    }
    return Installation(Settings(_env_file=None, **values | settings), NOW, running=True)
