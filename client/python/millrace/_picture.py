"""Contact sheets of batches, for notebooks and for a look at what is trained
on. Names and keypoints need PIL; without it there are images and boxes."""

import html
import io
import struct
import zlib
from typing import Any, List, Sequence, Tuple

import numpy as np

from millrace._batch import Batch

_GAP = 6
_TITLE = 16
# Longer side of a tile, in pixels of the picture.
_TILE = 224
_TILE_WITH_BOXES = 448
_MOST_WITH_BOXES = 24
_BACKGROUND = 24
_COLORS = np.array(
    [[230, 25, 75], [60, 180, 75], [255, 225, 25], [0, 130, 200],
     [245, 130, 48], [145, 30, 180], [70, 240, 240], [240, 50, 230],
     [210, 245, 60], [250, 190, 212], [0, 128, 128], [170, 110, 40]], np.uint8)


def _transforms(batch: Batch, name: str) -> List[dict]:
    return [step[name] for step in batch.plan.get("transforms", [])
            if name in step]


def pixels(batch: Batch) -> np.ndarray:
    """The images as uint8 [B,H,W,3], whatever form the plan gave them."""
    is_float = batch.dtype("image") != "uint8"
    image = batch.floats("image") if is_float else batch["image"]
    if batch.plan.get("batch", {}).get("layout") == "NCHW":
        image = image.transpose(0, 2, 3, 1)
    if is_float:
        for moments in _transforms(batch, "normalize"):
            image = (image * np.asarray(moments["std"], np.float32)
                     + np.asarray(moments["mean"], np.float32))
        if any(step.get("scale") for step in _transforms(batch, "to_dtype")):
            image = image * 255
        image = np.clip(np.rint(image), 0, 255).astype(np.uint8)
    return np.broadcast_to(image, image.shape[:3] + (3,))


def rows_of(batch: Batch, sample: int) -> Tuple[Any, int]:
    """Where a sample's boxes are: an index into box tensors, and how many."""
    if "box_offsets" in batch:
        first, last = batch["box_offsets"][sample:sample + 2]
        return slice(first, last), int(last - first)
    count = int(batch["box_counts"][sample])
    return (sample, slice(0, count)), count


def corners(batch: Batch, boxes: np.ndarray) -> np.ndarray:
    """[N,4] as x0, y0, x1, y1, whatever the plan's box_format."""
    form = batch.plan.get("batch", {}).get("box_format", "XYXY")
    if form == "XYXY":
        return boxes
    low, size = boxes[:, :2], boxes[:, 2:]
    if form == "CXCYWH":
        low = low - size / 2
    return np.concatenate([low, low + size], 1)


def _name(batch: Batch, index: int) -> str:
    if index < 0:
        return ""
    names = batch.class_names
    return names[index] if names and index < len(names) else str(index)


def _title(batch: Batch, sample: int) -> str:
    label = batch["label"][sample]
    if label.ndim:  # Rows of one_hot, perhaps mixed: the two largest.
        shares = np.argsort(label)[::-1][:2]
        return ", ".join(f"{_name(batch, int(i))} {label[i]:.2f}"
                         for i in shares if label[i] > 0.005)
    return _name(batch, int(label))


def _frame(tile: np.ndarray, box: Sequence[float], color: np.ndarray) -> None:
    height, width = tile.shape[:2]
    x0, y0, x1, y1 = (int(round(value)) for value in box)
    x0, x1 = max(0, min(x0, width - 1)), max(0, min(x1 - 1, width - 1))
    y0, y1 = max(0, min(y0, height - 1)), max(0, min(y1 - 1, height - 1))
    for shift in (0, 1):
        tile[min(y0 + shift, y1), x0:x1 + 1] = color
        tile[max(y1 - shift, y0), x0:x1 + 1] = color
        tile[y0:y1 + 1, min(x0 + shift, x1)] = color
        tile[y0:y1 + 1, max(x1 - shift, x0)] = color


def _tile(batch: Batch, image: np.ndarray, sample: int, scale: float
          ) -> Tuple[np.ndarray, List[Tuple[float, float, str]]]:
    """One sample, drawn at `scale`; texts with their places in it."""
    height, width = image.shape[:2]
    out_height = max(1, round(height * scale))
    out_width = max(1, round(width * scale))
    rows = (np.arange(out_height) * height // out_height)[:, None]
    columns = (np.arange(out_width) * width // out_width)[None]
    tile = image[rows, columns].copy()
    texts: List[Tuple[float, float, str]] = []
    if "boxes" not in batch:
        return tile, texts
    where, count = rows_of(batch, sample)
    labels = batch["box_labels"][where]
    if "masks" in batch:
        for label, mask in zip(labels, batch["masks"][where]):
            inside = mask[rows, columns] != 0
            color = _COLORS[label % len(_COLORS)].astype(np.uint16)
            tile[inside] = ((tile[inside].astype(np.uint16) + color) // 2)
    boxes = corners(batch, batch["boxes"][where].reshape(count, 4)) * scale
    for label, box in zip(labels, boxes):
        _frame(tile, box, _COLORS[label % len(_COLORS)])
        texts.append((float(box[0]) + 3, float(box[1]) + 2,
                      _name(batch, int(label))))
    if "keypoints" in batch:
        points = batch["keypoints"][where].reshape(-1, 3)
        for x, y, _ in points[points[:, 2] > 0]:
            row, column = int(y * scale), int(x * scale)
            tile[max(0, row - 2):row + 3, max(0, column - 2):column + 3] = (
                255, 255, 0)
    return tile, texts


def _scale(side: int, tile: int) -> float:
    """Small images grow by a whole factor, large ones shrink."""
    return float(tile // side) if side <= tile else tile / side


def contact_sheet(batch: Batch, limit: int) -> Any:
    """A PIL image; PNG bytes without PIL."""
    images = pixels(batch)
    boxed = "boxes" in batch
    valid = np.flatnonzero(batch["valid"]) if "valid" in batch else np.arange(
        len(images))
    samples = valid[:min(limit, _MOST_WITH_BOXES) if boxed else limit]
    scale = _scale(max(images.shape[1:3]), _TILE_WITH_BOXES if boxed else
                   _TILE if len(samples) <= 16 else _TILE // 2)
    tiles = [_tile(batch, images[i], int(i), scale) for i in samples]
    columns = max(1, int(np.ceil(np.sqrt(1.5 * max(len(tiles), 1)))))
    lines = max(1, -(-len(tiles) // columns))
    height = max(1, round(images.shape[1] * scale)) + _TITLE + _GAP
    width = max(1, round(images.shape[2] * scale)) + _GAP
    sheet = np.full((lines * height + _GAP, columns * width + _GAP, 3),
                    _BACKGROUND, np.uint8)
    texts: List[Tuple[float, float, str]] = []
    for place, (tile, names) in enumerate(tiles):
        y = _GAP + place // columns * height
        x = _GAP + place % columns * width
        texts.append((x, y, _title(batch, int(samples[place]))))
        y += _TITLE
        sheet[y:y + tile.shape[0], x:x + tile.shape[1]] = tile
        texts += [(x + dx, y + dy, name) for dx, dy, name in names]
    return _with_texts(sheet, texts)


def _with_texts(sheet: np.ndarray,
                texts: Sequence[Tuple[float, float, str]]) -> Any:
    try:
        from PIL import Image, ImageDraw
    except ImportError:
        return encode_png(sheet)
    picture = Image.fromarray(sheet)
    draw = ImageDraw.Draw(picture)
    for x, y, text in texts:
        # Its built-in font knows Latin-1.
        plain = text.encode("latin-1", "replace").decode("latin-1")
        draw.text((x + 1, y + 1), plain, fill=(0, 0, 0))
        draw.text((x, y), plain, fill=(255, 255, 255))
    return picture


def encode_png(image: np.ndarray) -> bytes:
    """RGB uint8 [H,W,3] as a PNG file."""
    height, width = image.shape[:2]

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (struct.pack(">I", len(data)) + kind + data
                + struct.pack(">I", zlib.crc32(kind + data)))

    rows = np.concatenate(
        [np.zeros((height, 1), np.uint8), image.reshape(height, -1)], 1)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)
            + chunk(b"IDAT", zlib.compress(rows.tobytes(), 6))
            + chunk(b"IEND", b""))


def png(picture: Any) -> bytes:
    """What contact_sheet() gave, as a PNG file."""
    if isinstance(picture, bytes):
        return picture
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def html_table(rows: Sequence[Tuple[str, str]]) -> str:
    cells = "".join(
        f"<tr><th style='text-align:left'>{html.escape(name)}</th>"
        f"<td style='text-align:left'><pre>{html.escape(text)}</pre></td></tr>"
        for name, text in rows)
    return f"<table>{cells}</table>"
