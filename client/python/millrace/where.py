"""Conditions on samples, for Plan.select() and Plan.weighted().

    from millrace import where

    animals = where.classes(supercategories=["animal"])
    crowds = where.annotation(crowd=True)
    large = where.image(width=(1000, None), height=(1000, None))
    plan = plan.select(where=animals & ~crowds | large)

Ranges are (least, most); None on a side: no bound.
"""

import math
import numbers
from typing import Any, Dict, Optional, Sequence, Tuple

Bounds = Tuple[Optional[float], Optional[float]]


class Condition:
    """A condition; combine several with &, | and ~."""

    def __init__(self, tree: Dict[str, Any]) -> None:
        self.tree = tree

    def _join(self, kind: str, other: "Condition") -> "Condition":
        if not isinstance(other, Condition):
            raise TypeError(f"a condition is wanted, not {other!r}")
        parts = []
        for condition in (self, other):
            inner = condition.tree.get(kind)
            parts += inner["of"] if inner else [condition.tree]
        return Condition({kind: {"of": parts}})

    def __and__(self, other: "Condition") -> "Condition":
        return self._join("all", other)

    def __or__(self, other: "Condition") -> "Condition":
        return self._join("any", other)

    def __invert__(self) -> "Condition":
        return Condition({"none": {"of": [self.tree]}})

    def __bool__(self) -> bool:
        raise TypeError("combine conditions with &, | and ~, not with "
                        "and, or, not")

    def __repr__(self) -> str:
        from millrace import _text
        return "where: " + _text.inline("Condition", self.tree)


def _names(name: str, values: Sequence[str]) -> Sequence[str]:
    if isinstance(values, str):
        values = [values]
    for value in values:
        if not isinstance(value, str):
            raise TypeError(f"{name}: a str is wanted, not {value!r}")
    return list(values)


def _class_set(names: Sequence[str], subtrees: Sequence[str],
               supercategories: Sequence[str]) -> Dict[str, Any]:
    tree = {"names": _names("names", names),
            "subtrees": _names("subtrees", subtrees),
            "supercategories": _names("supercategories", supercategories)}
    tree = {name: values for name, values in tree.items() if values}
    if not tree:
        raise ValueError("classes: give names, subtrees or supercategories")
    return tree


def _range(name: str, bounds: Bounds) -> Dict[str, float]:
    try:
        least, most = bounds
    except (TypeError, ValueError):
        raise TypeError(f"{name} {bounds!r}: give (least, most), with None "
                        "for no bound") from None
    tree: Dict[str, float] = {}
    for key, value in (("min", least), ("max", most)):
        if value is None:
            continue
        if not isinstance(value, numbers.Real):
            raise TypeError(f"{name}: {value!r} is no number")
        if not math.isfinite(value):
            raise ValueError(f"{name}: {value} is no bound; leave it None")
        tree[key] = float(value)
    if not tree:
        raise ValueError(f"{name}: has no bound; leave it out")
    if least is not None and most is not None and least > most:
        raise ValueError(f"{name}: {least} is more than {most}")
    return tree


def classes(*names: str, subtrees: Sequence[str] = (),
            supercategories: Sequence[str] = ()) -> Condition:
    """Samples with a label or an annotation of one of these classes: by their
    names, by WordNet ids that they are a kind of, by COCO's supercategories."""
    return Condition({"classes": _class_set(names, subtrees, supercategories)})


def image(*, width: Optional[Bounds] = None, height: Optional[Bounds] = None,
          aspect_ratio: Optional[Bounds] = None) -> Condition:
    """Samples whose upright image meets all that is given: sides in pixels,
    aspect ratio as width / height."""
    tree = {name: _range(name, bounds)
            for name, bounds in (("width", width), ("height", height),
                                 ("aspect_ratio", aspect_ratio))
            if bounds is not None}
    if not tree:
        raise ValueError("image: give width, height or aspect_ratio")
    return Condition({"image": tree})


def annotation(*, names: Sequence[str] = (), subtrees: Sequence[str] = (),
               supercategories: Sequence[str] = (),
               area: Optional[Bounds] = None, crowd: Optional[bool] = None,
               keypoints: Optional[Bounds] = None,
               at_least: int = 1) -> Condition:
    """Samples with at least so many annotations that meet all that is given:
    classes as in classes(), area in square pixels as the source states it,
    whether they are crowds, how many labelled keypoints."""
    tree: Dict[str, Any] = {}
    if names or subtrees or supercategories:
        tree["classes"] = _class_set(names, subtrees, supercategories)
    if area is not None:
        tree["area"] = _range("area", area)
    if crowd is not None:
        tree["crowd"] = bool(crowd)
    if keypoints is not None:
        tree["keypoints"] = _range("keypoints", keypoints)
    if not isinstance(at_least, int) or at_least < 1:
        raise ValueError(f"annotation: at_least {at_least!r}: give a whole "
                         "number of 1 or more")
    if at_least > 1:
        tree["at_least"] = at_least
    if not tree:
        raise ValueError("annotation: give at least one condition")
    return Condition({"annotation": tree})
