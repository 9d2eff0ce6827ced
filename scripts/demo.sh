#!/usr/bin/env bash
# The whole path on one machine: files -> ingest -> server -> trainer.
#
#   scripts/demo.sh              on small datasets that it draws itself
#   scripts/demo.sh --data DIR   on real files: DIR/mnist, DIR/coco, and
#                                DIR/imagenet/ILSVRC or DIR/imagenet-sample
#
# Ingests every dataset, serves them on a free port, trains a digit classifier
# from the stream, and writes one augmented batch of each dataset as a picture
# to out/demo/. Leaves nothing running.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

out=out/demo
source_dir=
case ${1:-} in
  "") ;;
  --data) source_dir=${2:?demo: --data needs a folder} ;;
  *)
    sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}" >&2
    exit 2
    ;;
esac

say() { echo "==> $*"; }

stop_server() {
  if [[ -n ${server:-} ]] && kill "$server" 2>/dev/null; then
    wait "$server" || true
    say "server stopped"
  fi
}
trap stop_server EXIT
trap 'exit 130' INT TERM

scripts/setup.sh release
export PATH=$PWD/build/release/bin:$PATH
mkdir -p "$out"
rm -f "$out"/*.png

if [[ -z $source_dir ]]; then
  source_dir=$out/source
  data_dir=$out/data
  say "drawing demo datasets into $source_dir"
  draw_demo_data --out "$source_dir"
else
  data_dir=$out/real-data
fi

say "ingesting $source_dir into $data_dir"
scripts/ingest_all.sh "$source_dir" "$data_dir"
millrace datasets --data-dir "$data_dir"

say "starting millraced on a free port; its log is $out/millraced.log"
millraced --data-dir "$data_dir" --listen 127.0.0.1:0 --metrics-listen "" \
  >"$out/millraced.log" 2>&1 &
server=$!
port=
for _ in {1..100}; do
  port=$(sed -n 's/.*"millraced started".* port=\([0-9]*\).*/\1/p' \
    "$out/millraced.log")
  [[ -z $port ]] || break
  kill -0 "$server" 2>/dev/null || break
  sleep 0.1
done
if [[ -z $port ]]; then
  echo "demo: the server did not start:" >&2
  cat "$out/millraced.log" >&2
  exit 1
fi
endpoint=127.0.0.1:$port

say "training a softmax classifier on digits streamed from $endpoint"
softmax --endpoint "$endpoint"

# Plan, dataset.
while read -r plan dataset; do
  if [[ ! -d $data_dir/$dataset ]]; then
    say "no $dataset here: passing over $plan"
    continue
  fi
  say "pulling one batch of $dataset as $plan"
  millrace pull --endpoint "$endpoint" --dataset "$dataset" \
    --plan "examples/plans/$plan.textproto" --steps 1 \
    --picture "$out/$plan.png" </dev/null
done <<'END'
mnist_train        mnist/train
imagenet_train     imagenet/train
coco_detection     coco/train2017
coco_segmentation  coco/val2017
coco_keypoints     coco/train2017
END

say "done; pictures of what the trainers saw:"
ls "$PWD/$out"/*.png
