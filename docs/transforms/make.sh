#!/usr/bin/env bash
# Draws the pictures of docs/transforms.md: what each transform makes of the
# same few samples of the demo data, through a server, as a trainer gets it.
#
#   docs/transforms/make.sh [NAME ...]     all pictures, or these
#
# Needs build/release/bin and Debian's python3-pil, which makes them smaller.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

wanted=" $* "
export PATH=$PWD/build/release/bin:$PATH
work=$(mktemp -d)
export MILLRACE_DATA_DIR=$work/data
server=
trap '[[ -z $server ]] || kill "$server"; rm -rf "$work"' EXIT

draw_demo_data --out "$work" --digits 60 --scenes 40 >/dev/null
millrace ingest coco --dataset coco --images "$work/coco/val2017" \
  --annotations "$work"/coco/annotations/*_val2017.json >/dev/null
millrace ingest imagenet --dataset classes \
  --images "$work/imagenet/ILSVRC/Data/CLS-LOC/train" \
  --synsets "$work"/imagenet/LOC_synset_mapping.txt >/dev/null
touch "$work/log"  # The server may open it later than we do.
millraced --listen 127.0.0.1:0 --metrics-listen "" >>"$work/log" 2>&1 &
server=$!
port=
for _ in {1..100}; do
  port=$(sed -n 's/.*"millraced started".* port=\([0-9]*\).*/\1/p' "$work/log")
  [[ -n $port ]] && break
  sleep 0.1
done

# picture NAME PLAN
picture() {
  [[ $wanted == "  " || $wanted == *" $1 "* ]] || return 0
  printf 'seed: 1\n%s\n' "$2" >"$work/plan"
  millrace pull --endpoint "127.0.0.1:$port" --plan "$work/plan" --steps 1 \
    --quiet --picture "$work/$1.png" >/dev/null
  /usr/bin/python3 - "$work/$1.png" "docs/transforms/$1.jpg" <<'SHRINK'
import sys
from PIL import Image
picture = Image.open(sys.argv[1]).convert("RGB")
size = (picture.width * 3 // 4, picture.height * 3 // 4)
picture.resize(size, Image.LANCZOS).save(sys.argv[2], quality=80, optimize=True)
SHRINK
}

# scenes NAME SAMPLES ANNOTATIONS TRANSFORMS
scenes() {
  picture "$1" "dataset: \"coco\"
    selection { $(printf 'keys: "%012d.jpg" ' $2) }
    batch { size: $(wc -w <<<"$2") $3 }
    $4"
}

eight="139 790 1007 1224 1441 2092 3611 4045"
six="790 1224 1441 2092 3611 4045"
three="790 2092 3611"
wide='transforms { letter_box { size: [160, 200] } }'
all="boxes: true masks: true keypoints: true"

# Masks would tint what these change.
colors() {
  scenes "$1" "$three" "boxes: true keypoints: true" "$wide transforms { $2 }"
}
moves() {
  scenes "$1" "$three" "$all" "transforms { $2 } ${3-$wide}"
}
# What changes colours here and moves pixels there needs a few more samples.
chooses() {
  scenes "$1" "$six" "$all" \
    "transforms { letter_box { size: [128, 160] } } transforms { $2 }"
}
mixes_objects() {
  scenes "$1" "$three 4045" "$all" "$wide transforms { $2 }"
}
# Images of classes, as scenes have no labels to mix.
mixes() {
  picture "$1" "dataset: \"classes\"
    sampler { order: SHUFFLE }
    batch { size: 8 }
    transforms { resize { size: [200, 200] } }
    transforms { one_hot {} } transforms { $2 }"
}

scenes original "$eight" "" "transforms { resize { size: [200, 200] } }"
colors color_jitter "color_jitter {
  brightness: 0.5 contrast: 0.5 saturation: 0.7 hue: 0.2 }"
colors grayscale "random_grayscale { p: 0.5 }"
colors gaussian_blur "gaussian_blur { kernel_size: 23 sigma: [0.1, 5] }"
colors random_invert "random_invert { p: 1 }"
colors random_posterize "random_posterize { bits: 2 p: 1 }"
colors random_solarize "random_solarize { threshold: 128 p: 1 }"
colors random_autocontrast "random_autocontrast { p: 1 }"
colors random_equalize "random_equalize { p: 1 }"
colors random_adjust_sharpness \
  "random_adjust_sharpness { sharpness_factor: 8 p: 1 }"
colors random_erasing "random_erasing { p: 1 random: true }"
chooses rand_augment "rand_augment { fill: 114 }"
chooses trivial_augment_wide "trivial_augment_wide { fill: 114 }"
chooses auto_augment "auto_augment { fill: 114 }"
mixes mix_up "mix_up {}"
mixes cut_mix "cut_mix {}"
mixes_objects mosaic "mosaic {}"
mixes_objects copy_paste "copy_paste { group: 4 }"

moves annotated "random_horizontal_flip { p: 0 }"
moves resize "resize { size: [160, 200] }" ""
moves center_crop "center_crop { size: [160, 200] }" ""
moves random_crop "random_crop { size: [160, 200] }" ""
moves random_resized_crop "random_resized_crop { size: [160, 200] }" ""
moves pad "pad { padding: 40 padding_mode: REFLECT }"
moves letter_box "letter_box { size: [160, 200] }" ""
moves scale_jitter "scale_jitter {
  target_size: [160, 200] scale_range: [0.4, 1.5] }" \
  "transforms { center_crop { size: [160, 200] } }"
moves random_shortest_size "random_shortest_size {
  min_size: [80, 120, 160] max_size: 200 }" \
  "transforms { center_crop { size: [160, 200] } }"
moves random_horizontal_flip "random_horizontal_flip { p: 1 }"
moves random_vertical_flip "random_vertical_flip { p: 1 }"
moves random_rotation "random_rotation { degrees: 45 fill: 114 }"
moves random_affine "random_affine {
  degrees: 20 translate: [0.1, 0.1] scale: [0.7, 1.2] shear: 15 fill: 114 }"
moves random_perspective "random_perspective { p: 1 fill: 114 }"
moves random_iou_crop "random_iou_crop { sampler_options: [0.1, 0.3, 0.5] }"
moves random_zoom_out "random_zoom_out { p: 1 side_range: [1, 2.5] fill: 114 }"
moves sanitize_bounding_boxes "random_iou_crop { max_scale: 0.6 } }
  transforms { sanitize_bounding_boxes { min_size: 40 }"
