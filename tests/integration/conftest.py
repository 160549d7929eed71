"""What tests share: a browser, other people's checkers, editions made as real ones are, a ledger, and readers to send to."""

import json
import shutil
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any

import editions
import pytest
import records
import sending
from browser import Browser, Page
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from httpx import ASGITransport, AsyncClient
from town import URL, Town

from digest.app import bundled
from digest.core.dkim import Key
from digest.pipeline import topics as all_topics
from digest.pipeline.compose import Mailroom
from digest.pipeline.doctor import LETTERS
from digest.pipeline.preview import Sheet
from digest.rendering import layout
from digest.rendering.compiler import Compiler, Publication
from digest.rendering.letters import write
from digest.rendering.templates import Templates
from digest.store.database import Database
from digest.web import serve
from digest.web import signup as pages_of_sign_up

# MJML cannot set landmarks.
AXE = """axe.run({rules: {"landmark-one-main": {enabled: %(mail)s}, region: {enabled: %(mail)s}}}).then(found =>
  found.violations.map(each => `${each.impact} ${each.id}: ${each.nodes.map(node => node.html).join(" ")}`))"""


@pytest.fixture(scope="session")
def browser(require: Callable[[str], str]) -> Iterator[Browser]:
    require("chromium")
    with Browser() as started:
        yield started


@pytest.fixture(scope="session")
def axe(checkers: Path) -> Callable[..., list[str]]:
    """What axe finds in a page, the way its people write it."""
    script = (checkers / "node_modules/axe-core/axe.min.js").read_text("utf-8")

    def run(page: Page, *, mail: bool = False) -> list[str]:
        page.run(script)
        found: list[str] = page.run(AXE % {"mail": "false" if mail else "true"})
        return found

    return run


@pytest.fixture(scope="session")
def check(checkers: Path) -> Callable[[str, Mapping[str, str]], dict[str, list[str]]]:
    """`check("mjml", documents)`: what a checker in check.mjs finds in each."""

    def run(what: str, documents: Mapping[str, str]) -> dict[str, list[str]]:
        given = json.dumps(documents).encode()
        command = ["node", checkers / "check.mjs", what]
        done = subprocess.run(command, input=given, stdout=subprocess.PIPE, check=True, timeout=120)
        found: dict[str, list[str]] = json.loads(done.stdout)
        return found

    return run


@pytest.fixture(scope="session")
def dkim_keys(tmp_path_factory: pytest.TempPathFactory) -> Sequence[Key]:
    return (
        Key("harbour.example", "r", rsa.generate_private_key(65537, 2048)),
        Key("harbour.example", "e", ed25519.Ed25519PrivateKey.generate()),
    )


@pytest.fixture(scope="session")
def sources() -> Iterator[dict[str, str]]:
    """Every MJML source that is laid out for `edition`."""
    seen: dict[str, str] = {}
    lay_out = layout.lay_out

    def note(source: str, css: str) -> str:
        seen[f"no. {len(seen) + 1}"] = source
        return lay_out(source, css)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(layout, "lay_out", note)
        yield seen


@pytest.fixture(scope="session")
def letters(sources: dict[str, str]) -> dict[str, str]:
    """The HTML of a letter of each kind, in each language. Their sources are among `sources`."""
    templates = Templates(Path(__file__).parents[2] / "templates/email", editions.ARABIC / "templates")
    publication = Publication("The Harbour Weekly", "12 Lantern Lane\nPort Ashby", editions.PUBLIC_URL)
    return {
        f"{letter.kind} ({language})": write(templates, letter, language, publication).html
        for letter in LETTERS
        for language in templates.languages()
    }


@pytest.fixture(scope="session")
def edition(
    tmp_path_factory: pytest.TempPathFactory, dkim_keys: Sequence[Key], sources: dict[str, str]
) -> Callable[[str], Sheet]:
    """`edition("in Spanish")`: what somebody gets of one of `editions.EDITIONS`, signed."""
    folder = tmp_path_factory.mktemp("editions")
    for key in dkim_keys:
        (folder / f"{key.selector}.pem").write_bytes(key.pem())
    signing: dict[str, Any] = {
        "dkim_selector": ", ".join(key.selector for key in dkim_keys),
        "dkim_key_file": ", ".join(str(folder / f"{key.selector}.pem") for key in dkim_keys),
    }

    @cache
    def made(name: str) -> Sheet:
        items, reader, settings = editions.EDITIONS[name]
        here = editions.published(folder / name, items, **signing, **settings)
        try:
            return editions.sheet(here, reader)
        finally:
            here.close()

    return made


@pytest.fixture(scope="session")
def bundled_compiler() -> Compiler:
    return Compiler(bundled("templates", "email"))


@pytest.fixture
def town(
    tmp_path: Path, sqlite: Database, bundled_compiler: Compiler, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Town]:
    monkeypatch.setattr(pages_of_sign_up, "ANSWERS_AFTER", 0)
    made = Town(tmp_path, sqlite)
    made.here.compiler = bundled_compiler
    all_topics.add(made.db, "Housing", "es", "Vivienda")
    yield made
    made.here.close()


@pytest.fixture
async def pages(town: Town) -> AsyncIterator[AsyncClient]:
    async with AsyncClient(transport=ASGITransport(serve.public_pages(town.here)), base_url=URL) as client:
        yield client


@pytest.fixture
def ledger(database: Database) -> tuple[Database, int, list[int]]:
    """An edition that is sending, with ten deliveries: the database, the edition's and the deliveries' numbers."""
    return (database, *records.sending(database, 10))


@pytest.fixture(scope="session")
def approved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with the sample week compiled and approved, and nobody to send it to."""
    return sending.approved(tmp_path_factory.mktemp("approved"))


@pytest.fixture(params=[False, True], ids=["one by one", "ahead"])
def written_ahead(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Messages are put together in a thread, as they are when signing is slow."""
    monkeypatch.setattr(Mailroom, "signs_slowly", request.param)


@pytest.fixture
def post(approved: Path, tmp_path: Path) -> Iterator[Callable[[int], sending.Post]]:
    """`post(25)`: the approved edition, and so many readers to send it to."""
    with ExitStack() as stack:

        def make(readers: int) -> sending.Post:
            made = sending.Post.to(readers, Path(shutil.copy(approved, tmp_path / "digest.db")))
            stack.callback(made.office.database.dispose)
            return made

        yield make
