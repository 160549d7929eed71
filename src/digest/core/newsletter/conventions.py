"""A newsletter's own convention: the mark that sets its titles apart, which may be another one further on, or be given up."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

from digest.core.newsletter.candidates import PART, Candidate
from digest.core.newsletter.masthead import TOP

_CONVENTION = 2.2  # log-odds: what it weighs to bear its mark, and not to, once three do; for mere space less than half
_AFTER = 0.5  # of the doubt about what bears no mark: the last of those that do may be where they were given up
OPENS = "opens a section"
SERIES = "one of a numbered series"
_MANY, _ALONE = 4, 0.9  # unmarked headings that make a convention, and what it weighs
_LONGER = 1.5  # times as long as others are
_ENOUGH = 3  # bearers of a mark that make a convention, however many do not bear it
_PLAIN = 2  # unmarked headings that make it likely that the marks were given up


def convention(found: Sequence[Candidate]) -> str | None:
    """The mark by which this newsletter sets its titles apart: the one whose bearers together look most like titles.

    None if unmarked lines look more so.
    """
    if any(SERIES in each.cues for each in found):
        return "number"
    totals: dict[str, float] = {}
    bearers: dict[str, int] = {}
    for each in found:
        if TOP.keys() & each.cues.keys() or (each.banner is not None and not each.heads):
            continue
        for mark in each.marks or {""}:
            totals[mark] = totals.get(mark, 0.0) + each.score
            bearers[mark] = bearers.get(mark, 0) + (each.heads and each.banner is None)
    usable = {mark for mark in totals if mark != "tag" and totals[mark] > 0 and (not mark or bearers[mark] >= 2)}
    return max(sorted(usable), key=lambda mark: (totals[mark], mark != "gap"), default="") or None


def follow(found: Sequence[Candidate]) -> None:
    """Favour what bears the convention's mark, the more the more there are, and doubt the others of their sections.

    Before its first and after its last bearer the newsletter may have another one, if what that goes by is not found between.
    """
    mark = convention(found)
    if mark is None or not _prevails(mark, found):
        _go_by_nothing(found)
        return
    bearing = [at for at, each in enumerate(found) if mark in each.marks and each.heads] or [0, len(found) - 1]
    first, last = bearing[0], bearing[-1] + 1
    if _has_its_own(found[:first], found[first:last]):
        follow(found[:first])
        found = found[first:]
        first, last = 0, last - first
    if _has_its_own(found[last:], found[:last]):
        follow(found[last:])
        found = found[:last]
    for first, last in _astray(found, mark):
        follow(found[first:last])
        for each in found[first:last]:
            each.doubts.append("marked otherwise than what is around")
        found = [*found[:first], *found[last:]]
    _weigh(found, mark)


def layout(found: Sequence[Candidate]) -> str:
    """How titles stand to their texts: "over" them without a space between, "apart" from them, or "" if both ways."""
    heads = [each.paragraph.closes for each in found if each.heads and each.paragraph.opens and each.banner is None]
    apart = sum(heads)
    over = len(heads) - apart
    return "over" if over >= _MANY and over > 2 * apart else "apart" if apart >= _MANY and apart > 2 * over else ""


def stands_as(each: Candidate, usual: str) -> bool:
    """True for a line that heads its text in the usual layout."""
    return bool(usual) and each.heads and each.paragraph.opens and each.paragraph.closes is (usual == "apart")


def _prevails(mark: str, found: Sequence[Candidate]) -> bool:
    """True if enough of the lines that stand alone above a text bear a mark: half for mere space, else three or a quarter."""
    alone = [each for each in found if each.heads and (each.marks or each.paragraph.opens) and each.score >= 0]
    bearers = sum(mark in each.marks for each in alone)
    return 2 * bearers > len(alone) if mark == "gap" else bearers >= _ENOUGH or 4 * bearers > len(alone)


def _astray(found: Sequence[Candidate], mark: str) -> list[tuple[int, int]]:
    """The stretches between two bearers of a mark (the last first) that are far longer than others are, and in which two
    headings or more bear a mark that no other has."""
    bearing = [at for at, each in enumerate(found) if mark in each.marks or each.banner is not None]
    lengths = [found[after].at - found[at].at for at, after in pairwise(bearing)]
    usual = sorted(lengths)[len(lengths) // 2] if lengths else 0
    stretches: list[tuple[int, int]] = []
    for (at, after), length in zip(pairwise(bearing), lengths, strict=True):
        rest = [*found[: at + 1], *found[after:]]
        within = found[at + 1 : after]
        own = convention(within) if length > _LONGER * usual else None
        if (
            own not in (None, "gap")
            and sum(own in each.marks and each.heads for each in within) >= _PLAIN
            and not any(own in each.marks for each in rest)
        ):
            stretches.insert(0, (at + 1, after))
    return stretches


def _go_by_nothing(found: Sequence[Candidate]) -> None:
    """Favour the unmarked lines that stand to their texts as most do, if there are many: that is a convention too."""
    usual = layout(found) or "apart"
    alike = [each for each in found if stands_as(each, usual) and not each.marks]
    if sum(each.score >= 0 for each in alike) >= _MANY:
        for each in alike:
            each.cues[f"{usual} its text as the others"] = _ALONE


def _has_its_own(rest: Sequence[Candidate], within: Sequence[Candidate]) -> bool:
    """True if what comes before or after the bearers of a mark goes by another one, or as it seems by none any more."""
    own = convention(rest)
    if own is not None:
        return own != "gap" and not any(own in each.marks for each in within)
    return (
        len([each for each in rest if each.heads and each.paragraph.closes and not each.marks and each.score >= 0])
        >= _PLAIN
    )


def _weigh(found: Sequence[Candidate], mark: str) -> None:
    weight = _CONVENTION * min(1.0, sum(mark in each.marks for each in found) / 3) * (0.4 if mark == "gap" else 1.0)
    sections = _sections(found)
    kept = {sections[each.at] for each in found if mark in each.marks and each.banner is None}
    bearers = [each for each in found if mark in each.marks and each.banner is None and each.score > -weight]
    also = {
        other: cost
        for other, cost in (("ruled", 3.0), ("under", 3.0), ("number", 3.0), ("gap", 1.0))
        if other != mark and len(bearers) >= 4 and sum(_bears(each, other) for each in bearers) >= 0.7 * len(bearers)
    }
    for each in bearers[1:]:
        for other, cost in also.items():
            if not (_bears(each, other) or "labelled" in each.marks):
                each.cues[f"without what the others have ({other})"] = -cost
    for each in found:
        if TOP.keys() & each.cues.keys():
            continue
        if mark in each.marks and (each.heads or each.banner is None):
            each.cues[f"marked as the others ({mark})"] = weight
        elif sections[each.at] in kept and not (
            PART in each.cues or _is_kin(mark, each) or (mark == "gap" and (OPENS in each.cues or each.at == 0))
        ):
            given_up = bearers and each.at > bearers[-1].at and each.heads
            doubt = 0.3 if "tag" in each.marks else _AFTER if given_up else 1.0
            each.cues[f"not marked as the others ({mark})"] = -weight * doubt


def _is_kin(mark: str, each: Candidate) -> bool:
    """True for one with another bullet, where bullets are the convention."""
    return mark.startswith("bullet") and any(own.startswith(("bullet", "deco")) for own in each.marks)


def _bears(each: Candidate, mark: str) -> bool:
    return any(own.startswith(mark) for own in each.marks)


def _sections(found: Sequence[Candidate]) -> Mapping[int, int]:
    section, sections = 0, {}
    for each in found:
        section += each.banner is not None
        sections[each.at] = section
    return sections
