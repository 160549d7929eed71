"""Pictures come in with their items, from beside the file or from the web, once; or stay out with a reason."""

import asyncio
import io
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from PIL import Image

from digest.core import picture
from digest.core.item import Status
from digest.net.client import Client
from digest.pipeline import intake
from digest.pipeline.intake import Intake
from digest.pipeline.pictures import Gallery
from digest.store.database import Database
from digest.store.media import Media

NOW = datetime(2026, 3, 15, 9, tzinfo=UTC)
ITEM = "---\nkind: news\ntitle: A\nimage: {}\nalt: A hive on a roof\n---\n\nA body.\n"


def png(colour: str = "navy") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (200, 100), colour).save(out, "PNG")
    return out.getvalue()


class Web(ThreadingHTTPServer):
    """Serves what is in `files`, and remembers what it was asked for."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files: dict[str, bytes] = {}
        self.asked: list[str] = []

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server_port}{path}"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        assert isinstance(self.server, Web)
        self.server.asked.append(self.path)
        body = self.server.files.get(self.path)
        self.send_response(404 if body is None else 200)
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def web() -> Iterator[Web]:
    with Web() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def gallery(tmp_path: Path) -> Gallery:
    client = Client("tests", guard=lambda _: True)
    return Gallery(Media(tmp_path / "media"), lambda url: asyncio.run(client.fetch(url)).good().content)


@pytest.fixture
def add(sqlite: Database, tmp_path: Path, gallery: Gallery) -> Callable[..., Intake]:
    """Write the item and add it: `add("photo.png")`."""

    def act(image: str, gallery: Gallery | None = gallery, text: str = ITEM) -> Intake:
        path = tmp_path / "items" / "a.md"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text.format(image))
        return intake.add(sqlite, [path], timezone="UTC", now=NOW, gallery=gallery)

    (tmp_path / "items" / "sub").mkdir(parents=True)
    (tmp_path / "items" / "photo.png").write_bytes(png())
    (tmp_path / "items" / "sub" / "photo.png").write_bytes(png("teal"))
    (tmp_path / "outside.png").write_bytes(png("red"))
    return act


@pytest.mark.parametrize("image", ["photo.png", "sub/photo.png", "./photo.png"])
def test_a_picture_beside_its_item_is_hosted(add: Callable[..., Intake], gallery: Gallery, image: str) -> None:
    result = add(image)
    [stored] = result.added
    assert result.without_picture == []
    assert stored.item.image
    assert picture.size(stored.item.image) == (200, 100)
    assert gallery.media.path(stored.item.image)
    assert (stored.status, stored.item.alt) == (Status.READY, "A hive on a roof")
    assert len(add(image).unchanged) == 1


def test_another_picture_under_the_same_name_is_another_item_text(
    add: Callable[..., Intake], tmp_path: Path, gallery: Gallery
) -> None:
    [before] = add("photo.png").added
    (tmp_path / "items" / "photo.png").write_bytes(png("olive"))
    [after] = add("photo.png").updated
    assert after.id == before.id
    assert after.item.image != before.item.image
    assert len(list(gallery.media.folder.iterdir())) == 2, "mails that are out still show the first one"


def test_show_edit_add_keeps_the_picture(add: Callable[..., Intake]) -> None:
    [stored] = add("photo.png").added
    text = intake.as_file(stored)
    assert len(add("", text=text).unchanged) == 1
    [edited] = add("", text=text.replace("title: A", "title: B")).updated
    assert (edited.id, edited.item.image) == (stored.id, stored.item.image)


def test_a_picture_on_the_web_is_fetched_once(add: Callable[..., Intake], web: Web, gallery: Gallery) -> None:
    web.files["/p.png"] = png()
    [stored] = add(web.url("/p.png")).added
    assert stored.item.image
    assert gallery.media.path(stored.item.image)
    assert len(add(web.url("/p.png")).unchanged) == 1
    assert web.asked == ["/p.png"]


def test_what_could_not_be_fetched_is_tried_again(add: Callable[..., Intake], web: Web) -> None:
    first = add(web.url("/p.png"))
    [stored] = first.added
    [left] = first.without_picture
    assert (stored.item.image, stored.status, left.line, left.field) == (None, Status.READY, 4, "image")
    assert left.reason == f"{web.url('/p.png')} cannot be fetched: the server answered 404 (not found)"
    web.files["/p.png"] = png()
    [mended] = add(web.url("/p.png")).updated
    assert mended.item.image


def test_a_lost_folder_of_pictures_is_filled_again(add: Callable[..., Intake], gallery: Gallery) -> None:
    [stored] = add("photo.png").added
    path = gallery.media.path(stored.item.image or "")
    assert path
    path.unlink()
    assert len(add("photo.png").unchanged) == 1
    assert path.exists()


def test_without_a_description_it_waits(add: Callable[..., Intake]) -> None:
    [stored] = add("photo.png", text=ITEM.replace("alt: A hive on a roof\n", "")).added
    assert stored.status is Status.DRAFT


@pytest.mark.parametrize(
    ("image", "reason"),
    [
        ("absent.png", "there is no such file beside the item"),
        ("sub", "there is no such file beside the item"),
        ("link.png", "it leads out of the folder of the item"),
        ("loop.png", "it cannot be read: "),
        ("a.md", "it is no JPEG, PNG, GIF or WebP picture; save it as one of them"),
        ("x" * 300 + ".png", "it cannot be read: file name too long"),
        ("0" * 64 + "-10x10.png", "there is no such file beside the item"),
        ("drawing.svg", "it is no JPEG, PNG, GIF or WebP picture; save it as one of them"),
        ("empty.png", "it is no JPEG, PNG, GIF or WebP picture; save it as one of them"),
    ],
)
def test_what_cannot_be_used_stays_out_with_a_reason(
    add: Callable[..., Intake], tmp_path: Path, gallery: Gallery, image: str, reason: str
) -> None:
    folder = tmp_path / "items"
    (folder / "link.png").symlink_to("../outside.png")
    (folder / "loop.png").symlink_to("loop.png")
    (folder / "drawing.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"/>')
    (folder / "empty.png").touch()
    result = add(image)
    [left], [stored] = result.without_picture, result.added
    assert str(left).startswith(f"{folder / 'a.md'}, line 4: image: {reason}")
    assert (stored.item.image, stored.status) == (None, Status.READY)
    assert not gallery.media.folder.exists()


@pytest.mark.parametrize(
    "image",
    [
        "../outside.png",
        "/etc/passwd",
        "sub/../../outside.png",
        "file:///etc/passwd",
        "data:image/png;base64,AA",
        "..\\x",
    ],
)
def test_what_is_meant_to_lead_elsewhere_is_refused(add: Callable[..., Intake], image: str) -> None:
    result = add(image)
    [rejected] = result.rejected
    assert (rejected.line, rejected.field, result.applied) == (4, "image", False)


def test_where_pictures_have_no_place_the_item_goes_without(add: Callable[..., Intake]) -> None:
    result = add("photo.png", gallery=None)
    assert "DIGEST_MEDIA" in str(result.without_picture[0])
    assert result.added[0].status is Status.READY
