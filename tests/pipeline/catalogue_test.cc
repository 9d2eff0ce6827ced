// Every geometric transform, on images of many sizes: where its pixels come
// from is read off the pixels themselves, and boxes, masks and keypoints must
// agree with it.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "image/mask.h"
#include "pipeline/annotations.h"
#include "pipeline/canonical_plan.h"
#include "pipeline/run_program.h"
#include "pipeline/transforms.h"
#include "tests/pipeline/drawn_dataset.h"
#include "tests/pipeline/source_pixels.h"

namespace millrace {
namespace {

struct Case {
  const char* name;
  const char* transforms;
  // Boxes, and keypoints, are at most so far from the pixels, in pixels of the
  // output (or what one of the input becomes, if that is more). Half a pixel is
  // what any grid costs; each warp or resize by nearest pixel moves by as much.
  double off = 0.5;
  // Shares of pixels: from another place than the program says, and from the
  // next one. Where a coordinate is a whole number, rounding may decide
  // otherwise; more than that, none does.
  double wrong = 0;
  double nearly = 0;
};

// NEAREST wherever there is a choice, so that pixels can be followed.
constexpr Case kCases[] = {
    {"resize", "transforms { resize { size: 33 interpolation: NEAREST } }", 0.5,
     0, 0.1},
    {"center_crop", "transforms { center_crop { size: [20, 50] } }"},
    {"random_crop",
     "transforms { random_crop { size: [24, 20] padding: [4, 2] "
     "pad_if_needed: true fill: [1, 2, 3] } }"},
    {"random_crop_reflect",
     "transforms { random_crop { size: 32 padding: 3 pad_if_needed: true "
     "padding_mode: REFLECT } }"},
    {"random_resized_crop",
     "transforms { random_resized_crop { size: 28 interpolation: NEAREST } }",
     1, 0, 0.3},
    {"horizontal_flip", "transforms { random_horizontal_flip { p: 1 } }"},
    {"vertical_flip", "transforms { random_vertical_flip {} }"},
    {"pad",
     "transforms { pad { padding: [3, 0, 5, 1] fill: [9, 8, 7] } } "
     "transforms { pad { padding: 2 padding_mode: SYMMETRIC } }"},
    {"letter_box",
     "transforms { letter_box { size: [40, 31] interpolation: NEAREST } }"},
    {"scale_jitter",
     "transforms { scale_jitter { target_size: 40 interpolation: NEAREST } }",
     1, 0, 0.2},
    {"random_shortest_size",
     "transforms { random_shortest_size { min_size: [20, 30, 41] max_size: 60 "
     "interpolation: NEAREST } }",
     0.65, 0, 0.1},
    {"random_rotation", "transforms { random_rotation { degrees: 180 } }", 1,
     0.01, 0.01},
    {"random_rotation_expand",
     "transforms { random_rotation { degrees: [20, 70] expand: true } }", 1,
     0.01, 0.01},
    {"random_affine",
     "transforms { random_affine { degrees: 25 translate: [0.1, 0.2] "
     "scale: [0.7, 1.4] shear: [-15, 15, -10, 10] fill: 77 } }",
     1, 0.01, 0.01},
    {"random_perspective",
     "transforms { random_perspective { p: 1 interpolation: NEAREST } }", 1,
     0.01, 0.01},
    {"random_perspective_strong",
     "transforms { random_perspective { p: 1 distortion_scale: 1 "
     "interpolation: NEAREST } }",
     1.5, 0.01, 0.01},
    {"random_iou_crop", "transforms { random_iou_crop {} }"},
    {"random_zoom_out",
     "transforms { random_zoom_out { p: 1 fill: [200, 100, 0] } }"},
    {"sanitize_bounding_boxes",
     "transforms { sanitize_bounding_boxes { min_size: 9 } }"},
    {"many",
     "transforms { random_zoom_out { side_range: [1, 2] } } "
     "transforms { random_iou_crop {} } "
     "transforms { random_affine { degrees: 10 } } "
     "transforms { random_vertical_flip {} } "
     "transforms { random_perspective { interpolation: NEAREST } } "
     "transforms { sanitize_bounding_boxes {} } "
     "transforms { random_horizontal_flip {} } "
     "transforms { letter_box { size: 48 interpolation: NEAREST } }",
     1.6, 0.07, 0.22},
};

void PrintTo(const Case& test_case, std::ostream* out) {
  *out << test_case.name;
}

v1::Plan PlanOf(absl::string_view transforms) {
  const auto store = DrawnScenes(2);
  const auto plan = CanonicalPlan(
      ParsePlan(absl::StrCat("dataset: 'drawn/scenes' batch { size: 1 } ",
                             transforms)),
      store->info(), {});
  EXPECT_TRUE(plan.ok()) << plan.status();
  return *plan;
}

// Pixel (x, y) is (x, y, 255). Padding with 255 in the last channel would be
// taken for a pixel.
constexpr int kMaxTraced = 250;
Image TracedImage(const ImageSize& size) {
  Image image(size.width, size.height, 3);
  for (int y = 0; y < size.height; ++y) {
    for (int x = 0; x < size.width; ++x) {
      uint8_t* pixel = image.row(y) + 3 * x;
      pixel[0] = static_cast<uint8_t>(x);
      pixel[1] = static_cast<uint8_t>(y);
      pixel[2] = 255;
    }
  }
  return image;
}

Image RunOver(const Image& image, const SampleProgram& program) {
  PixelScratch scratch;
  Image out(program.width(), program.height(), 3);
  RunProgram({CropPixels(image.view(), 3, program.crop(), &scratch)}, program,
             {}, &scratch, out.row(0));
  return out;
}

v1::SampleMeta Annotated(const ImageSize& size) {
  v1::SampleMeta meta;
  meta.mutable_image()->set_width(size.width);
  meta.mutable_image()->set_height(size.height);
  for (const auto& [x, y, width, height] : {std::array{0.2, 0.3, 0.5, 0.5},
                                            {0.0, 0.0, 1.0, 1.0},
                                            {0.6, 0.1, 0.3, 0.2},
                                            {-0.5, -0.5, 1.0, 0.9}}) {
    v1::Annotation* annotation = meta.add_annotations();
    annotation->set_id(meta.annotations_size());
    annotation->mutable_box()->set_x(x * size.width);
    annotation->mutable_box()->set_y(y * size.height);
    annotation->mutable_box()->set_width(width * size.width);
    annotation->mutable_box()->set_height(height * size.height);
    v1::Keypoint* keypoint = annotation->add_keypoints();
    keypoint->set_x((x + 0.5 * width) * size.width);
    keypoint->set_y((y + 0.5 * height) * size.height);
    keypoint->set_visibility(2);
  }
  return meta;
}

// The same boxes as rectangles: polygons, or run lengths of their pixels.
void AddMasks(bool run_lengths, v1::SampleMeta* meta) {
  const auto width = static_cast<int>(meta->image().width());
  const auto height = static_cast<int>(meta->image().height());
  for (v1::Annotation& annotation : *meta->mutable_annotations()) {
    const v1::Box& box = annotation.box();
    const double x1 = box.x() + box.width();
    const double y1 = box.y() + box.height();
    const std::vector<double> ring = {box.x(), box.y(), x1,      box.y(),
                                      x1,      y1,      box.x(), y1};
    if (!run_lengths) {
      annotation.add_polygons()->mutable_coordinates()->Assign(ring.begin(),
                                                               ring.end());
      continue;
    }
    v1::RunLengths* runs = annotation.mutable_run_lengths();
    runs->set_width(width);
    runs->set_height(height);
    const RunLengthMask mask = RunLengthsOfPolygon(ring, height, width);
    runs->mutable_counts()->Assign(mask.counts.begin(), mask.counts.end());
  }
}

// How long and how wide a pixel becomes.
struct Stretch {
  double most = 0;
  double least = 0;
};

double Length(const Point& from, const Point& to) {
  return std::hypot(to.x - from.x, to.y - from.y);
}

// Of the pixel around a point. Unbounded where it reaches the horizon.
Stretch StretchAt(const SampleProgram& program, const Point& at) {
  const std::vector<Point> ring = program.MoveRing({{at.x - 0.5, at.y - 0.5},
                                                    {at.x + 0.5, at.y - 0.5},
                                                    {at.x + 0.5, at.y + 0.5},
                                                    {at.x - 0.5, at.y + 0.5}});
  if (ring.size() != 4) return {1e9, 0};
  Stretch stretch;
  double area = 0;
  for (size_t i = 0; i < 4; ++i) {
    const Point& next = ring[(i + 1) % 4];
    stretch.most = std::max(stretch.most, Length(ring[i], next));
    area += 0.5 * (ring[i].x * next.y - next.x * ring[i].y);
  }
  stretch.least = std::abs(area) / stretch.most;
  return stretch;
}

// The most that a pixel at a corner of a box becomes, at least 1.
double StretchOf(const SampleProgram& program, const ImageSize& size,
                 const v1::Box& box) {
  double most = 1;
  for (const double x : {box.x(), box.x() + box.width()}) {
    for (const double y : {box.y(), box.y() + box.height()}) {
      const Point corner = {std::clamp<double>(x, 0, size.width),
                            std::clamp<double>(y, 0, size.height)};
      most = std::max(most, StretchAt(program, corner).most);
    }
  }
  return most;
}

constexpr ImageSize kSizes[] = {{61, 43}, {43, 61}, {90, 30},
                                {1, 1},   {1, 40},  {40, 1}};

class CatalogueTest : public testing::TestWithParam<Case> {
 protected:
  template <typename Check>
  void ForEachProgram(const Check& check) {
    const ImageTransforms transforms(PlanOf(GetParam().transforms));
    const AnnotationRecipe recipe(
        {}, {.masks = true, .will_mix = true, .keypoints = 1});
    for (const ImageSize& size : kSizes) {
      const v1::SampleMeta meta = Annotated(size);
      for (uint64_t position = 0; position < 20; ++position) {
        SCOPED_TRACE(testing::Message() << size.width << " x " << size.height
                                        << " at position " << position);
        const SampleProgram program = transforms.ProgramOf(
            size, {.seed = 5, .position = position}, recipe.BoxesOf(meta));
        ASSERT_TRUE(program.status().ok()) << program.status();
        check(size, program);
      }
    }
  }

  static SampleAnnotations Move(const v1::SampleMeta& meta,
                                const SampleProgram& program) {
    const AnnotationRecipe recipe(
        {}, {.masks = true, .will_mix = true, .keypoints = 1});
    RaggedBudget budget(64 << 20);
    auto moved = recipe.Move(meta, program, &budget);
    EXPECT_TRUE(moved.ok()) << moved.status();
    return *std::move(moved);
  }
};

TEST_P(CatalogueTest, PixelsComeFromWhereTheProgramSays) {
  ForEachProgram([](const ImageSize& size, const SampleProgram& program) {
    ASSERT_LT(std::max(size.width, size.height), kMaxTraced);
    const Image out = RunOver(TracedImage(size), program);
    const std::vector<PixelPlace> sources = SourcePixels(program);
    const bool mirrored = GetParam().name == std::string("pad") ||
                          GetParam().name == std::string("random_crop_reflect");
    int wrong = 0;
    int inexact = 0;
    for (size_t i = 0; i < sources.size(); ++i) {
      const uint8_t* pixel = out.row(0) + 3 * i;
      const bool has_pixel = pixel[2] == 255;
      if (sources[i].exists() != has_pixel) {
        wrong += !has_pixel || !mirrored;
      } else if (has_pixel) {
        const int off = std::max(std::abs(pixel[0] - sources[i].x),
                                 std::abs(pixel[1] - sources[i].y));
        wrong += off > 1;
        inexact += off == 1;
      }
    }
    const auto pixels = static_cast<double>(sources.size());
    // A few pixels are a large share of a tiny image.
    const auto most = [&](double share) {
      return share > 0 ? 4 + share * pixels : 0;
    };
    EXPECT_LE(wrong, most(GetParam().wrong));
    EXPECT_LE(inexact, most(GetParam().nearly));
  });
}

// The hull of the ones of a mask; empty (0) if there are none.
Corners HullOf(const uint8_t* mask, const ImageSize& size) {
  Corners hull = {1e9, 1e9, 0, 0};
  for (int y = 0; y < size.height; ++y) {
    for (int x = 0; x < size.width; ++x) {
      if (mask[y * size.width + x] == 0) continue;
      hull = {std::min<double>(hull.x0, x), std::min<double>(hull.y0, y),
              std::max<double>(hull.x1, x + 1),
              std::max<double>(hull.y1, y + 1)};
    }
  }
  return hull;
}

// Sums over the ones of a mask.
struct Mass {
  double pixels = 0;
  double x = 0;
  double y = 0;
};

Mass MassOf(const uint8_t* mask, const ImageSize& size) {
  Mass mass;
  for (int y = 0; y < size.height; ++y) {
    for (int x = 0; x < size.width; ++x) {
      if (mask[y * size.width + x] == 0) continue;
      mass.pixels += 1;
      mass.x += x;
      mass.y += y;
    }
  }
  return mass;
}

// How far the ones of `mask` lie from those of `other`, on the average.
Point OffsetOf(const Mass& mask, const Mass& other) {
  return {mask.x / mask.pixels - other.x / other.pixels,
          mask.y / mask.pixels - other.y / other.pixels};
}

int CountDifferences(const uint8_t* a, const uint8_t* b, size_t pixels) {
  int differ = 0;
  for (size_t i = 0; i < pixels; ++i) differ += a[i] != b[i];
  return differ;
}

TEST_P(CatalogueTest, BoxesEncloseTheirMasksAndPolygonsCoverRunLengths) {
  // Of masks that are not stretched: where polygons lie, seen from run lengths.
  Point offsets;
  int masks = 0;
  ForEachProgram([&](const ImageSize& size, const SampleProgram& program) {
    v1::SampleMeta with_rings = Annotated(size);
    v1::SampleMeta with_runs = with_rings;
    AddMasks(false, &with_rings);
    AddMasks(true, &with_runs);
    const SampleAnnotations rings = Move(with_rings, program);
    const SampleAnnotations runs = Move(with_runs, program);
    ASSERT_EQ(rings.boxes, runs.boxes);
    const size_t pixels = size_t{1} * program.width() * program.height();
    for (size_t i = 0; i < rings.labels.size(); ++i) {
      SCOPED_TRACE(absl::StrCat("annotation ", rings.ids[i]));
      const double stretch = StretchOf(
          program, size,
          with_rings.annotations(static_cast<int>(rings.ids[i]) - 1).box());
      const uint8_t* ring = &rings.masks[pixels * i];
      const uint8_t* run = &runs.masks[pixels * i];
      const Mass ring_mass = MassOf(ring, program.size());
      const Mass run_mass = MassOf(run, program.size());
      const float* box = &rings.boxes[4 * i];
      const Corners hull = HullOf(run, program.size());
      if (run_mass.pixels > 0) {
        const double off = GetParam().off * stretch + 1e-3;
        EXPECT_LE(box[0], hull.x0 + off);
        EXPECT_GE(box[0], 0);
        EXPECT_GE(box[2], hull.x1 - off);
        EXPECT_LE(box[2], program.width());
        EXPECT_LE(box[1], hull.y0 + off);
        EXPECT_GE(box[3], hull.y1 - off);
      }
      if (run_mass.pixels > 20) {
        // One pixel on either side of the edges, or what one becomes.
        const double border = 2 * (hull.x1 - hull.x0 + hull.y1 - hull.y0);
        EXPECT_LE(CountDifferences(ring, run, pixels),
                  2 * GetParam().off * stretch * border);
      }
      if (stretch > 1.5 || std::min(ring_mass.pixels, run_mass.pixels) < 50) {
        continue;
      }
      const Point offset = OffsetOf(ring_mass, run_mass);
      offsets = {offsets.x + offset.x, offsets.y + offset.y};
      ++masks;
    }
  });
  // Edges are rounded one by one, to either side.
  ASSERT_GT(masks, 50);
  EXPECT_NEAR(offsets.x / masks, 0, 0.2);
  EXPECT_NEAR(offsets.y / masks, 0, 0.2);
}

TEST_P(CatalogueTest, KeypointsLandOnThePixelThatTheyWereOn) {
  ForEachProgram([](const ImageSize& size, const SampleProgram& program) {
    const v1::SampleMeta meta = Annotated(size);
    const SampleAnnotations moved = Move(meta, program);
    const std::vector<PixelPlace> sources = SourcePixels(program);
    for (size_t i = 0; i < moved.ids.size(); ++i) {
      if (moved.keypoints[3 * i + 2] == 0) continue;
      const v1::Keypoint& keypoint =
          meta.annotations(static_cast<int>(moved.ids[i]) - 1).keypoints(0);
      const int x = std::min(static_cast<int>(moved.keypoints[3 * i]),
                             program.width() - 1);
      const int y = std::min(static_cast<int>(moved.keypoints[3 * i + 1]),
                             program.height() - 1);
      const PixelPlace source = sources[size_t{1} * y * program.width() + x];
      if (!source.exists()) continue;  // On the very border.
      // Half an input pixel, and what the output's are off there.
      const double reach =
          0.5 + GetParam().off /
                    StretchAt(program, {keypoint.x(), keypoint.y()}).least;
      EXPECT_NEAR(source.x + 0.5, keypoint.x(), reach);
      EXPECT_NEAR(source.y + 0.5, keypoint.y(), reach);
    }
  });
}

INSTANTIATE_TEST_SUITE_P(Ops, CatalogueTest, testing::ValuesIn(kCases),
                         [](const auto& info) {
                           return std::string(info.param.name);
                         });

}  // namespace
}  // namespace millrace
