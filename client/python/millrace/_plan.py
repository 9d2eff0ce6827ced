"""millrace.Plan: what a trainer wants, built step by step.

The methods for transforms are made from the tables of _schema; _plan.pyi tells
type checkers and editors about them, and is made by _stub.py.
"""

import copy
import difflib
import inspect
import json
import os
from typing import (Any, Callable, Dict, Iterable, List, Optional, Sequence,
                    Tuple, Union)

from millrace import _library, _schema, _text
from millrace.where import Condition

_MAX_WEIGHT = 1 << 20
_MAX_POSITIONS = 1 << 48


def _whole(where: str, value: Any, least: int, most: int) -> int:
    field = _schema.Field(where.rsplit(" ", 1)[-1], "uint64", None, least, most)
    return _schema.read_value(where.rsplit(":", 1)[0], field, value)


class Plan:
    """What a trainer wants: which samples, in what order, changed how, in what
    batches. A batch is a function of its plan, its step and nothing else.

        plan = (Plan("imagenet/train").shuffle(seed=1)
                .random_resized_crop(224).random_horizontal_flip()
                .to_dtype("float32", scale=True)
                .normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
                .batch(256))

    Every method gives a new plan and leaves this one as it is. Transforms have
    torchvision's names, parameters and defaults, in snake_case, and apply in
    the order that they are given in (docs/transforms.md). `str(plan)` is its
    text, for files and for the command line.

    Args:
        dataset: "coco/train2017" for the newest version, or
            "coco/train2017@VERSION".

    Raises:
        ValueError, TypeError: From every method, at once: what is wrong, of
            which argument, and what would be right. What needs the dataset to
            be known (its channels, its classes), the server says.
    """

    def __init__(self, dataset: str) -> None:
        if not isinstance(dataset, str):
            raise TypeError(f"dataset {dataset!r}: a str is wanted")
        if not dataset:
            raise ValueError("dataset is empty; name one, such as "
                             "\"mnist/train\"")
        self._tree: Dict[str, Any] = {"dataset": dataset}

    # --- Reading and writing --------------------------------------------------

    @classmethod
    def from_text(cls, text: str, name: str = "plan") -> "Plan":
        """Reads protobuf's text format; ValueError tells line and column."""
        tree = json.loads(_library.get().call_for_text(
            "plan_parse", text.encode(), name.encode()))
        plan = cls(tree.get("dataset") or "-")
        plan._tree = {"dataset": "", **tree}
        return plan

    @classmethod
    def from_file(cls, path: Union[str, "os.PathLike[str]"]) -> "Plan":
        """Reads a file such as those in examples/plans/."""
        with open(path, encoding="utf-8") as file:
            return cls.from_text(file.read(), os.fspath(path))

    def __str__(self) -> str:
        return _text.pretty("Plan", self._tree)

    def to_dict(self) -> Dict[str, Any]:
        """The fields that are set, by plan.proto's names."""
        return copy.deepcopy(self._tree)

    def __repr__(self) -> str:
        steps = [next(iter(step)) for step in self._tree.get("transforms", [])]
        batch = self._tree.get("batch", {}).get("size", "no")
        return (f"Plan({self.dataset!r}: {', '.join(steps) or 'no transforms'}"
                f"; batch {batch})")

    def __getattr__(self, name: str) -> Any:
        near = ([] if name.startswith("_") else
                difflib.get_close_matches(name, METHODS, 3, 0.5))
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
        raise AttributeError(f"Plan has no {name!r}{hint}")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Plan) and self._tree == other._tree

    def __hash__(self) -> int:
        return hash(str(self))

    @property
    def dataset(self) -> str:
        return self._tree["dataset"]

    def with_dataset(self, dataset: str) -> "Plan":
        """The same plan of another dataset."""
        return self._with(dataset=Plan(dataset).dataset)

    def _with(self, **fields: Any) -> "Plan":
        plan = copy.copy(self)
        plan._tree = {**copy.deepcopy(self._tree), **fields}
        return plan

    # --- Which samples --------------------------------------------------------

    def select(self, classes: Sequence[str] = (), keys: Sequence[str] = (),
               where: Optional[Condition] = None) -> "Plan":
        """Only samples that meet all that is given: one of these classes, one
        of these keys (names in the source), a condition of millrace.where."""
        selection: Dict[str, Any] = {}
        for name, values in (("classes", classes), ("keys", keys)):
            if isinstance(values, str):
                values = [values]
            if values:
                field = _schema.Field(name, "string", counts=None)
                selection[name] = _schema.read_value("select", field,
                                                     list(values))
        if where is not None:
            if not isinstance(where, Condition):
                raise TypeError(f"select: where {where!r}: a condition of "
                                "millrace.where is wanted")
            selection["where"] = where.tree
        if not selection:
            raise ValueError("select: give classes, keys or where")
        return self._with(selection=selection)

    # --- In what order --------------------------------------------------------

    def seed(self, seed: int) -> "Plan":
        """Seeds the order and every random transform; 0 to 2^64 - 1."""
        return self._with(seed=_whole("plan: seed", seed, 0, 2**64 - 1))

    def _ordered(self, order: str, seed: Optional[int],
                 **fields: Any) -> "Plan":
        sampler = {"order": order,
                   **{name: value for name, value in fields.items() if value}}
        edges = self._tree.get("sampler", {}).get("aspect_edges")
        if edges and order in ("SEQUENTIAL", "SHUFFLE"):
            sampler["aspect_edges"] = edges
        plan = self._with(sampler=sampler)
        return plan if seed is None else plan.seed(seed)

    def sequential(self) -> "Plan":
        """By ordinal, the same in every epoch: the default."""
        return self._ordered("SEQUENTIAL", None)

    def shuffle(self, seed: Optional[int] = None) -> "Plan":
        """A fresh permutation of the whole epoch for every epoch."""
        return self._ordered("SHUFFLE", seed)

    def class_balanced(self, positions: int = 0,
                       seed: Optional[int] = None) -> "Plan":
        """Each position draws a class, all with the same chance, then one of
        its samples. `positions` of an epoch; 0: as many as are selected."""
        positions = _whole("class_balanced: positions", positions, 0,
                           _MAX_POSITIONS)
        return self._ordered("CLASS_BALANCED", seed, positions=positions)

    def weighted(self, rules: Iterable[Tuple[Condition, float]],
                 positions: int = 0, seed: Optional[int] = None) -> "Plan":
        """Each position draws a sample with a chance in proportion to its
        weight: that of the first rule that it meets, else 1."""
        weights = []
        for rule in rules:
            try:
                condition, weight = rule
            except (TypeError, ValueError):
                raise TypeError(f"weighted: {rule!r}: (condition, weight) is "
                                "wanted") from None
            if not isinstance(condition, Condition):
                raise TypeError(f"weighted: {condition!r}: a condition of "
                                "millrace.where is wanted")
            field = _schema.Field("weight", "double", least=0)
            weights.append({
                "where": condition.tree,
                "weight": _schema.read_value("weighted", field, weight)})
        if not weights:
            raise ValueError("weighted: give at least one rule")
        positions = _whole("weighted: positions", positions, 0, _MAX_POSITIONS)
        return self._ordered("WEIGHTED", seed, weights=weights,
                             positions=positions)

    def aspect_groups(self, *edges: float) -> "Plan":
        """Fills batches with samples of like shape: values of width / height
        where one group ends and the next begins, ascending. After shuffle() or
        sequential()."""
        field = _schema.Field("edges", "double", counts=None, least=0,
                              ascending=True)
        sampler = dict(self._tree.get("sampler", {}))
        if sampler.get("order", "SEQUENTIAL") not in ("SEQUENTIAL", "SHUFFLE"):
            raise ValueError("aspect_groups: goes with shuffle() and "
                             "sequential() only")
        sampler["aspect_edges"] = _schema.read_value("aspect_groups", field,
                                                     edges)
        return self._with(sampler=sampler)

    def mix(self, other: Union["Plan", str], weight: int = 1) -> "Plan":
        """Adds a dataset: of every W samples, W the sum of all weights, so many
        are from it. `other`: its name, or a plan with no more than dataset,
        selection and order. See mixture() for the plan's own weight."""
        if isinstance(other, str):
            other = Plan(other)
        if not isinstance(other, Plan):
            raise TypeError(f"mix: {other!r}: the name of a dataset or a Plan "
                            "is wanted")
        extra = set(other._tree) - {"dataset", "selection", "sampler"}
        if extra:
            raise ValueError("mix: the added plan may have a dataset, a "
                             "selection and an order; it also has "
                             + ", ".join(sorted(extra)))
        weight = _whole("mix: weight", weight, 1, _MAX_WEIGHT)
        mixture = copy.deepcopy(self._tree.get("mixture", {}))
        mixture.setdefault("parts", []).append(
            {**copy.deepcopy(other._tree), "weight": weight})
        if len(mixture["parts"]) > 63:
            raise ValueError("mix: at most 63 datasets can be added")
        return self._with(mixture=mixture)

    def mixture(self, weight: int = 1, positions: int = 0) -> "Plan":
        """After mix(): the weight of the plan's own dataset, and the positions
        of an epoch; 0: as many as samples are selected in all datasets."""
        mixture = copy.deepcopy(self._tree.get("mixture", {}))
        if not mixture.get("parts"):
            raise ValueError("mixture: add a dataset with mix() before")
        mixture["weight"] = _whole("mixture: weight", weight, 1, _MAX_WEIGHT)
        if positions:
            mixture["positions"] = _whole("mixture: positions", positions, 1,
                                          _MAX_POSITIONS)
        return self._with(mixture=mixture)

    # --- Changed how ----------------------------------------------------------

    def _transform(self, name: str, arguments: Dict[str, Any]) -> "Plan":
        steps: List[Dict[str, Any]] = self._tree.get("transforms", [])
        if len(steps) >= 64:
            raise ValueError(f"{name}: a plan has at most 64 transforms")
        _check_order(name, [next(iter(step)) for step in steps])
        value = _schema.read_message(name, _schema.TRANSFORMS[name], arguments)
        _check_together(name, value, steps)
        return self._with(transforms=steps + [{name: value}])

    # --- In what batches ------------------------------------------------------

    def batch(self, size: int, **options: Any) -> "Plan":
        """How batches are made; replaced by _plan_method() below."""
        raise NotImplementedError

    def _batch(self, arguments: Dict[str, Any]) -> "Plan":
        batch = _schema.read_message("batch", "BatchOptions", arguments)
        for option in ("masks", "keypoints", "max_boxes"):
            if batch.get(option) and not batch.get("boxes"):
                raise ValueError(f"batch: {option} needs boxes=True")
        if batch.get("box_format", "XYXY") != "XYXY" and not batch.get("boxes"):
            raise ValueError("batch: box_format needs boxes=True")
        if (batch.get("mask_format", "DENSE") != "DENSE"
                and not batch.get("masks")):
            raise ValueError("batch: mask_format needs masks=True")
        return self._with(batch=batch)

    def check(self) -> None:
        """What can only be seen of a whole plan; Loader calls it.

        Raises:
            ValueError: The plan has no batch size, or its transforms need what
                its batches do not have.
        """
        if not self._tree["dataset"]:
            raise ValueError("the plan names no dataset; use with_dataset()")
        batch = self._tree.get("batch", {})
        if not batch.get("size"):
            raise ValueError("the plan has no batch size; add .batch(SIZE)")
        names = {next(iter(step)) for step in self._tree.get("transforms", [])
                 if step}
        for name, needs in (("mosaic", ("boxes",)),
                            ("copy_paste", ("boxes", "masks"))):
            for need in needs:
                if name in names and not batch.get(need):
                    raise ValueError(f"{name} needs .batch(..., {need}=True)")
        for name in names & {"mix_up", "cut_mix"}:
            if batch.get("boxes"):
                raise ValueError(f"{name} mixes images, not boxes; leave one "
                                 "of the two out")


def _check_order(name: str, before: List[str]) -> None:
    """What pipeline/transform_rules.cc refuses."""
    def after(others: Iterable[str]) -> Optional[str]:
        return next((other for other in before if other in others), None)

    if name in _schema.ONCE and name in before:
        raise ValueError(f"{name} comes twice; once is enough")
    if name not in _schema.MIXING:
        mixed = after(_schema.MIXING)
        if mixed:
            raise ValueError(f"{name} comes after {mixed}, which mixes "
                             "finished samples; put it before")
        erased = after({"random_erasing"})
        if erased and name not in _schema.FINISHED:
            raise ValueError(f"{name} comes after {erased}, which works on "
                             "finished tensors; put it before")
    if name not in _schema.ANY_VALUES and "to_dtype" in before:
        raise ValueError(f"{name} comes after to_dtype; images are changed as "
                         "8-bit values, so put it before")
    if name == "label_smoothing" and "one_hot" not in before:
        raise ValueError("label_smoothing needs rows; put one_hot before it")
    if name in ("mix_up", "cut_mix") and "one_hot" not in before:
        raise ValueError(f"{name} mixes rows of labels; put one_hot before it")
    if name == "normalize" and "to_dtype" not in before:
        raise ValueError("normalize works on floats; put "
                         "to_dtype(\"float32\", scale=True) before it")


def _check_together(name: str, value: Dict[str, Any],
                    steps: List[Dict[str, Any]]) -> None:
    """Fields that depend on each other, or on transforms before."""
    def wrong(what: str) -> ValueError:
        return ValueError(f"{name}: {what}")

    if name == "resize" and "max_size" in value:
        if len(value["size"]) == 2:
            raise wrong("max_size goes with one value of size")
        if value["max_size"] <= value["size"][0]:
            raise wrong(f"max_size {value['max_size']} is not above size "
                        f"{value['size'][0]}")
    if name == "random_rotation" and value.get("expand") and "center" in value:
        raise wrong("center does not go with expand; leave one out")
    if name == "random_erasing" and value.get("random") and "value" in value:
        raise wrong("has both value and random; leave one out")
    if name == "normalize" and len(value["mean"]) != len(value["std"]):
        raise wrong(f"{len(value['mean'])} values of mean and "
                    f"{len(value['std'])} of std")
    if name == "normalize" and min(value["std"]) == 0:
        raise wrong("std 0 cannot divide")
    if name == "normalize":
        dtypes = [step["to_dtype"].get("dtype") for step in steps
                  if "to_dtype" in step]
        if dtypes == ["UINT8"]:
            raise wrong("works on floats, and to_dtype makes uint8")
    if name == "gaussian_blur" and any(k % 2 == 0
                                       for k in value["kernel_size"]):
        raise wrong(f"kernel_size {value['kernel_size']}: give odd numbers")
    bins = value.get("num_magnitude_bins", 31)
    if name == "rand_augment" and value.get("magnitude", 9) >= bins:
        raise wrong(f"magnitude {value.get('magnitude', 9)} is not below "
                    f"num_magnitude_bins {bins}")
    for sides in ("scale", "aspect_ratio"):
        least, most = value.get("min_" + sides), value.get("max_" + sides)
        if least is not None and most is not None and least > most:
            raise wrong(f"min_{sides} {least} is more than max_{sides} {most}")


# --- Methods from tables ------------------------------------------------------


def signature_of(message: str) -> inspect.Signature:
    """torchvision's: names, order, defaults."""
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    parameters = [inspect.Parameter("self", kind)]
    for field in _schema.MESSAGES[message]:
        default = (inspect.Parameter.empty
                   if field.default is _schema.REQUIRED else field.default)
        parameters.append(inspect.Parameter(field.name, kind, default=default))
    return inspect.Signature(parameters, return_annotation="Plan")


def doc_of(name: str, message: str) -> str:
    """The docstring of a method."""
    first = ("How batches are made." if message == "BatchOptions" else
             f"Adds {message}; see docs/transforms.md.")
    lines = [first]
    if _schema.MESSAGES[message]:
        lines += ["", "Args:"]
    for field in _schema.MESSAGES[message]:
        what = field.doc or field.type
        bounds = (f", {field.least:g} to {field.most:g}"
                  if abs(field.least) + abs(field.most) < 1e6 else "")
        lines.append(f"    {field.name}: {what}{bounds}")
    return "\n".join(lines)


def _plan_method(name: str, message: str) -> Callable[..., Plan]:
    signature = signature_of(message)

    def method(self: Plan, *args: Any, **kwargs: Any) -> Plan:
        try:
            bound = signature.bind(self, *args, **kwargs)
        except TypeError as error:
            raise TypeError(f"{name}(): {error}; it takes "
                            + ", ".join(list(signature.parameters)[1:])
                            ) from None
        arguments = dict(list(bound.arguments.items())[1:])
        if name == "random_erasing" and arguments.get("value") == "random":
            arguments["random"] = True
            del arguments["value"]
        if name == "batch":
            return self._batch(arguments)
        return self._transform(name, arguments)

    method.__name__ = name
    method.__qualname__ = f"Plan.{name}"
    method.__doc__ = doc_of(name, message)
    method.__signature__ = signature  # type: ignore[attr-defined]
    return method


METHODS = {**_schema.TRANSFORMS, "batch": "BatchOptions"}
for _name, _message in METHODS.items():
    setattr(Plan, _name, _plan_method(_name, _message))
