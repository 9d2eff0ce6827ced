// Annotations of an image that was made smaller.
#pragma once

#include "millrace/v1/sample.pb.h"

namespace millrace {

// Moves all coordinates of *meta from an image of meta->image() to the one of
// `smaller`, which takes its place: boxes, areas, polygons and keypoints are
// scaled; run lengths are sampled at the nearest pixel. Run lengths must have
// been checked.
void ShrinkTo(const v1::ImageInfo& smaller, v1::SampleMeta* meta);

}  // namespace millrace
