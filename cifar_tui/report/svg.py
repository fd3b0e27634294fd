"""A drawing inside the page: without what only a file of its own needs, in the page's colours and type."""

import re
from xml.etree import ElementTree

from cifar_tui.report.palette import LIGHT, NAMES

_COLOURS = {colour: f"var({name})" for colour, name in zip(LIGHT, NAMES, strict=True)}
_COLOUR = re.compile("|".join(_COLOURS))
_FAMILY = re.compile(r"'DejaVu Sans'(, *[\w' -]+)*")


def inline(drawing: bytes, prefix: str, label: str) -> str:
    """Return an SVG file of `figures` as an element for HTML.

    Args:
        drawing: the file.
        prefix: what its ids begin with; no other drawing on the page may have it.
        label: what it shows, for who cannot see it.
    """
    root = ElementTree.fromstring(drawing)
    for parent in list(root.iter()):
        for child in list(parent):
            if _local(child.tag) in ("metadata", "title", "style"):
                parent.remove(child)
    for element in root.iter():
        element.tag = _local(element.tag)
        attributes = {_local(name): value for name, value in element.attrib.items()}
        element.attrib.clear()
        element.attrib.update({name: _adapted(name, value, prefix) for name, value in attributes.items()})
    for name in ("width", "height", "version"):
        root.attrib.pop(name, None)
    root.attrib.update({"role": "img", "aria-label": label, "stroke-linejoin": "round", "stroke-linecap": "butt"})
    return ElementTree.tostring(root, encoding="unicode", short_empty_elements=True)


def _adapted(name: str, value: str, prefix: str) -> str:
    if name == "id":
        return prefix + value
    if name == "href":
        return f"#{prefix}{value.removeprefix('#')}"
    value = value.replace("url(#", f"url(#{prefix}")
    if name == "style":
        value = _FAMILY.sub("inherit", _COLOUR.sub(lambda match: _COLOURS[match[0]], value))
    return value


def _local(name: str) -> str:
    return name.rpartition("}")[2]
