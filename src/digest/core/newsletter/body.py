"""A body as Markdown: paragraphs, lists, lines that keep their breaks, and sub-headings."""

from collections.abc import Collection, Sequence

from digest.core.newsletter.marks import bullet_of, read_marks
from digest.core.newsletter.paragraphs import Paragraph

_PROSE = 15  # words that make a line a paragraph of its own


def as_markdown(body: Sequence[Paragraph], subheadings: Collection[int]) -> str:
    """The paragraphs joined by a blank line; neighbours of a list stay a list, short ones in a block keep their breaks.

    `subheadings` holds the line numbers of those that are headings.
    """
    text = ""
    for before, each in zip([None, *body], body, strict=False):
        words = _words(each, heading=each.number in subheadings)
        if before is None:
            text = words
        elif each.opens or before.number in subheadings or each.number in subheadings:
            text += f"\n\n{words}"
        elif each.part == "list":
            text += f"\n{words}" if before.part == "list" else f"\n\n{words}"
        elif (
            max(len(before.text.split()), len(each.text.split())) >= _PROSE
            and before.lines[-1].number + 1 == each.number
        ):
            text += f"\n\n{words}"
        else:
            text += f"  \n{words}"
    return text


def _words(each: Paragraph, *, heading: bool) -> str:
    if heading:
        marked = read_marks(each.text)
        return f"## {each.text if marked.tag or marked.label else marked.title}"
    if each.part == "list" and (bulleted := bullet_of(each.text)):
        return f"- {bulleted[1]}"
    return each.text
