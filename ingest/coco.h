// Source: COCO. One folder of images and any number of annotation files, joined
// by image id, in any order: instances, person_keypoints (any skeleton) and
// captions, or files of one's own in that form.
//
// Samples are the images that the files list, whether annotated or not; their
// key is file_name, their order that of the keys' bytes. Categories are those
// of all files, by ascending id; files must agree on them. Annotations with the
// same id, image and category in several files become one (instances and
// person_keypoints); ids of captions are numbers of their own. Annotations and
// captions of an image are in the order of their ids (without ids, of their
// content), however files are called and whatever lies in which.
//
// What is wrong:
//  - a file that is no JSON: refused, naming the file and the byte;
//  - two images with one id or one file name, two categories with one id or
//    name, files that contradict each other: refused;
//  - an image whose file is missing, does not decode, lies outside of the
//    folder, or is not of the size that the JSON says: quarantined;
//  - an annotation that is wrong in itself (unknown image or category, id
//    twice in one file, another box than under the same id elsewhere, box with
//    a negative side or beside the image, polygon of fewer than three points,
//    runs that do not add up, keypoints that do not match the category, wrong
//    types): left out, and quarantined as "annotations/<file>#<id>".
// A box that reaches more than a pixel beyond an image of declared size is
// kept, to be clipped when it is served, and listed as warned. Files in the
// folder that no JSON lists are left alone and counted in notes().
//
// Frames: a declared size equal to that of the upright image means upright
// coordinates. If it equals the stored size of an image that EXIF turns on its
// side, coordinates are turned with it. No declared size means upright; a box
// that then reaches more than a pixel beyond the image is left out, as wrong.
//
// Memory: an index of about 50 bytes an annotation and 100 an image; the
// annotations themselves stay in their files, which must not change until the
// ingest is over.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "ingest/ingest.h"

namespace millrace {

struct CocoFiles {
  std::string images;
  std::vector<std::string> annotations;
};

absl::StatusOr<std::unique_ptr<Source>> OpenCocoSource(const CocoFiles& files);

}  // namespace millrace
