"""The `field: value` lines above an item's text, which are YAML; a mistake is named by what its author did."""

import re
from dataclasses import dataclass

import yaml

_LINE = re.compile(r"(?P<indent>\s*)(?P<field>\w+)\s*:(?P<space>\s*)(?P<value>.*?)\s*")


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a file: `line` from 1, `field` where one is to blame."""

    line: int
    field: str | None
    reason: str


class BadItemFile(ValueError):
    """A file that is no item; `problems` says why."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__(problems[0].reason)
        self.problems = problems


def mapping(source: str) -> tuple[dict[str, object], dict[str, int]]:
    """Field → value (text or list of texts), field → line in the file."""
    try:
        node = yaml.compose(source, Loader=yaml.BaseLoader)
        values = yaml.load(source, Loader=yaml.BaseLoader)  # noqa: S506  BaseLoader makes nothing but strings
    except yaml.MarkedYAMLError as error:
        raise BadItemFile(_slip(source.split("\n"), error)) from None
    except yaml.reader.ReaderError as error:
        line = source.count("\n", 0, error.position) + 2
        raise BadItemFile(Problem(line, None, "it has a control character in it; remove it")) from None
    except (RecursionError, ValueError):
        raise BadItemFile(Problem(2, None, "it cannot be read; write one “field: value” a line")) from None
    if not isinstance(node, yaml.MappingNode) or not isinstance(values, dict):
        raise BadItemFile(Problem(2, None, "the front matter holds no “field: value” lines"))
    where: dict[str, int] = {}
    for key, value in node.value:
        name, line = str(key.value), key.start_mark.line + 2
        if not name.isprintable():
            raise BadItemFile(Problem(line, None, "the name of a field has a control character in it"))
        if name in where:
            raise BadItemFile(Problem(line, name, f"it is given twice, first in line {where[name]}"))
        where[name] = line
        if isinstance(value, yaml.ScalarNode) and value.style is None and value.value in ("~", "null"):
            values[name] = ""
    return {str(key): value for key, value in values.items()}, where


def _slip(lines: list[str], error: yaml.MarkedYAMLError) -> Problem:
    """What its author did to the line, rather than what the parser made of it.

    The parser notices late what is left open: a bracket, quotes or a line without a colon is to blame where it began.
    """
    begun = re.search("flow|quoted|simple key", error.context or "")
    mark = (error.context_mark if begun else None) or error.problem_mark
    at = min(mark.line, len(lines) - 1) if mark else 0
    match = _LINE.fullmatch(lines[at])
    if "\t" in lines[at][: len(lines[at]) - len(lines[at].lstrip())]:
        return Problem(at + 2, None, "the line begins with a tab; write spaces, or nothing")
    if not match:
        return Problem(at + 2, None, "this is no “field: value” line; a long text stays on the line of its field")
    field, value = match["field"], match["value"]
    if value and not match["space"]:
        reason = "a space is missing after the colon"
    elif match["indent"]:
        reason = "there are spaces before the field; begin it where the others begin"
    elif value.startswith(("[", "{")):
        reason = f"what “{value[0]}” opens is not closed, or more follows; close it, or put the value in double quotes"
    elif value.startswith(('"', "'")):
        reason = (
            "the quotes are not in pairs, or hold a backslash; put the value in double quotes, and single ones within"
        )
    else:
        quoted = value[:80].replace("\\", "/").replace('"', "'")
        reason = f'put the value in double quotes, because of the signs in it: {field}: "{quoted}"'
    return Problem(at + 2, field, reason)
