#!/usr/bin/env bash
# Ingests every dataset that lies under a folder in its official layout.
#
#   scripts/ingest_all.sh SOURCE DATA_DIR
#
# Takes mnist/, imagenet/ILSVRC/ (or imagenet-sample/train/ with
# imagenet-meta/) and coco/; whatever is not there is passed over. Needs
# `millrace` in the PATH.
set -euo pipefail
source_dir=${1:?usage: ingest_all.sh SOURCE DATA_DIR}
export MILLRACE_DATA_DIR=${2:?usage: ingest_all.sh SOURCE DATA_DIR}
mkdir -p "$MILLRACE_DATA_DIR"

ingest() {
  echo "==> ingest $*"
  millrace ingest "$@"
  published=1
}

published=0
shopt -s nullglob
mnist=$source_dir/mnist
if [[ -d $mnist ]]; then
  ingest mnist --dataset mnist/train \
    --images "$mnist/train-images-idx3-ubyte.gz" \
    --labels "$mnist/train-labels-idx1-ubyte.gz"
  ingest mnist --dataset mnist/test \
    --images "$mnist/t10k-images-idx3-ubyte.gz" \
    --labels "$mnist/t10k-labels-idx1-ubyte.gz"
fi

imagenet=$source_dir/imagenet
if [[ -d $imagenet/ILSVRC ]]; then
  data=$imagenet/ILSVRC/Data/CLS-LOC
  boxes=$imagenet/ILSVRC/Annotations/CLS-LOC
  names=(--synsets "$imagenet/LOC_synset_mapping.txt")
  if [[ -f $imagenet/words.txt ]]; then
    names+=("$imagenet/words.txt")
  fi
  if [[ -f $imagenet/wordnet.is_a.txt ]]; then
    names+=(--hierarchy "$imagenet/wordnet.is_a.txt")
  fi
  ingest imagenet --dataset imagenet/train --images "$data/train" \
    --boxes "$boxes/train" "${names[@]}"
  ingest imagenet --dataset imagenet/val --images "$data/val" \
    --boxes "$boxes/val" "${names[@]}" \
    --ground-truth "$imagenet/LOC_val_solution.csv"
elif [[ -d $source_dir/imagenet-sample/train ]]; then
  ingest imagenet --dataset imagenet/train \
    --images "$source_dir/imagenet-sample/train" \
    --synsets "$source_dir"/imagenet-meta/{LOC_synset_mapping,words}.txt
fi

for split in train2017 val2017; do
  annotations=("$source_dir"/coco/annotations/*_"$split".json)
  if ((${#annotations[@]})); then
    ingest coco --dataset "coco/$split" --images "$source_dir/coco/$split" \
      --annotations "${annotations[@]}"
  fi
done

if ! ((published)); then
  echo "ingest_all: $source_dir has no mnist/, imagenet/ILSVRC/," \
    "imagenet-sample/train/ or coco/annotations/" >&2
  exit 1
fi
