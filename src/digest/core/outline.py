"""What of an HTML document readers by ear go by, and where it leads."""

import re
from html.parser import HTMLParser


class Outline(HTMLParser):
    """Its language, levels of headings and links, in order. `mute`: how many pictures have no alternative text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.language = ""
        self.headings: list[int] = []
        self.links: list[str] = []
        self.mute = 0
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "html":
            self.language = values.get("lang") or ""
        elif re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        elif tag == "img" and "alt" not in values:
            self.mute += 1
        elif tag == "a" and (href := values.get("href")):
            self.links.append(href)
