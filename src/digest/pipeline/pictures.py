"""Pictures of items: read beside the item's file or fetched, made fit for mail, and hosted by us."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from digest.core.errors import Refused, because
from digest.core.picture import LARGEST, Unusable
from digest.store.media import Media


@dataclass(frozen=True, slots=True)
class Gallery:
    """Where pictures are kept, and how what is at a web address is had: `fetch` is Refused where it cannot be."""

    media: Media
    fetch: Callable[[str], bytes]

    def holds(self, image: str) -> bool:
        """Whether `image` is the name of a picture that is hosted already."""
        return self.media.path(image) is not None

    def fetched(self, url: str) -> bytes:
        """Unusable if it cannot be had."""
        try:
            return self.fetch(url)
        except Refused as error:
            raise Unusable(str(error).removesuffix(".")) from None

    def hang(self, raw: bytes) -> str:
        """The name under which a picture is hosted from now on. Unusable if it is none."""
        from digest.rendering.pictures import prepare  # noqa: PLC0415  Pillow is loaded only for a picture

        ready = prepare(raw)
        self.media.put(ready.name, ready.content)
        return ready.name


def is_remote(image: str) -> bool:
    return "://" in image


def read_beside(folder: Path, image: str) -> bytes:
    """A picture's file in an item's folder or below it, wherever links lead. Unusable for anything else."""
    folder = folder.resolve()
    try:
        path = (folder / image).resolve()
        if not path.is_relative_to(folder):
            raise Unusable("it leads out of the folder of the item")
        if not path.is_file():
            raise Unusable("there is no such file beside the item")
        if path.stat().st_size > LARGEST:
            raise Unusable(f"it is larger than {LARGEST // 1_000_000} MB")
        return path.read_bytes()
    except (OSError, RuntimeError) as error:  # RuntimeError: a link that leads to itself
        raise Unusable(f"it cannot be read: {because(error)}") from None
