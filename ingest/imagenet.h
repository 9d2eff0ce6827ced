// Source: ImageNet (ILSVRC) classification and localisation.
//
// Two layouts of `images`, told apart by whether it holds folders named by
// WordNet id:
//   tree   images/n01440764/n01440764_10026.JPEG, as the training set; the
//          folder is the label. Deeper files count to their top folder.
//   flat   images/ILSVRC2012_val_00000001.JPEG, as the validation set; labels
//          come from `ground_truth`, or else from `boxes`.
// Keys are paths below `images`; items come in the order of the keys' bytes.
//
// Categories are WordNet ids in the order of their bytes, which is
// torchvision's: those of `synsets` if it lists classes, else those found in
// the folders (tree) or the ground truth (flat). Give train and validation the
// same `synsets` file, and their category indices agree.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "ingest/ingest.h"

namespace millrace {

struct ImagenetFiles {
  std::string images;

  // The files below are optional; empty: none.

  // Localisation boxes:
  //  - a folder of ILSVRC or PASCAL VOC XML, either <wnid>/<stem>.xml or
  //    <stem>.xml, where <stem> is the image's file name without extension;
  //  - or a CSV in the form of LOC_train_solution.csv: header
  //    "ImageId,PredictionString", rows "<stem>,<wnid> x1 y1 x2 y2 <wnid> ...".
  // A box is x = xmin, y = ymin, width = xmax - xmin, height = ymax - ymin,
  // just as the file says. If the XML's <size> is not that of the image (a
  // resized copy), boxes are scaled, and the item is listed as warned; if it is
  // that of the image before its EXIF rotation, they are rotated.
  // A CSV states no size: a box of it that reaches more than a pixel beyond
  // the image, as on a resized copy, is quarantined.
  // An image without an XML or row has no boxes. A file or box that is wrong
  // in itself is quarantined, its image is served without it.
  std::string boxes;

  // Titles of synsets, one a line, in any number of files:
  //  - "n01440764 tench, Tinca tinca" (LOC_synset_mapping.txt), which also is
  //    the list of classes: a folder or label that is not in it is refused;
  //  - "n01440764<TAB>tench, Tinca tinca" (words.txt, all of WordNet), which
  //    gives titles only; also to the nodes of `hierarchy` that are no class.
  // One file at most lists classes, and its titles come first.
  std::vector<std::string> synsets;

  // wordnet.is_a.txt: "<parent> <child>", one edge a line. Kept are the
  // ancestors of the categories. A cycle is refused.
  std::string hierarchy;

  // Labels of a flat folder; one of
  //  - LOC_val_solution.csv (see boxes);
  //  - "<file name> <wnid>", one image a line, further columns ignored
  //    (tiny-imagenet's val_annotations.txt);
  //  - one WordNet id a line;
  //  - one number a line, 1 for the class on the first line of `synsets`
  //    (its list of classes), which is then required. Mind that the ids of
  //    ILSVRC's own ILSVRC2012_validation_ground_truth.txt count in the order
  //    of its devkit, which is not that of LOC_synset_mapping.txt.
  // In the last two, line n is for ILSVRC2012_val_<n, eight digits>, or, if
  // any file is called otherwise, for the n-th file in the order of names, and
  // there must be as many lines as files. If `boxes` is given too, a class
  // that disagrees with it refuses the dataset.
  std::string ground_truth;
};

// NOT_FOUND or INVALID_ARGUMENT, naming the file and, where there is one, the
// line.
absl::StatusOr<std::unique_ptr<Source>> OpenImagenetSource(
    const ImagenetFiles& files);

}  // namespace millrace
