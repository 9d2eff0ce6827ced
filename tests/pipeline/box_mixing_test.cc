#include "pipeline/box_mixing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "absl/strings/str_cat.h"
#include "tests/pipeline/drawn_dataset.h"

namespace millrace {
namespace {

using testing::HasSubstr;

constexpr int kWidth = 40;
constexpr int kHeight = 32;
constexpr int kPixels = kWidth * kHeight;

std::shared_ptr<const CompiledPlan> Scenes(absl::string_view more,
                                           const PlanLimits& limits = {}) {
  const auto plan = CompiledPlan::Compile(
      ParsePlan(absl::StrCat(
          "dataset: 'drawn/scenes' seed: 3 "
          "batch { size: 8 boxes: true masks: true keypoints: true } ",
          "transforms { resize { size: [", kHeight, ", ", kWidth, "] } } ",
          more)),
      DrawnScenes(32), limits);
  EXPECT_TRUE(plan.ok()) << plan.status();
  return *plan;
}

// The pixel of sample `i` at (x, y).
absl::string_view PixelOf(absl::string_view images, int i, int x, int y) {
  return images.substr(
      3 * (size_t{1} * i * kPixels + size_t{1} * y * kWidth + x), 3);
}

// All masks of sample `i` in one, each as far as its box goes: the drawn ones
// are larger.
std::vector<bool> UnionOf(const HostBatch& batch, int i) {
  const auto offsets = ValuesOf<int64_t>(batch, "box_offsets");
  const auto boxes = ValuesOf<float>(batch, "boxes");
  const auto masks = ValuesOf<uint8_t>(batch, "masks");
  std::vector<bool> all(kPixels);
  for (int64_t box = offsets[i]; box < offsets[i + 1]; ++box) {
    const float* corners = &boxes[4 * box];
    for (int p = 0; p < kPixels; ++p) {
      const float x = static_cast<float>(p % kWidth) + 0.5f;
      const float y = static_cast<float>(p / kWidth) + 0.5f;
      if (masks[box * kPixels + p] != 0 && x > corners[0] && y > corners[1] &&
          x < corners[2] && y < corners[3]) {
        all[p] = true;
      }
    }
  }
  return all;
}

bool IsMasked(const HostBatch& batch, int i, int pixel) {
  const auto offsets = ValuesOf<int64_t>(batch, "box_offsets");
  const auto& masks = TensorOf(batch, "masks");
  for (int64_t box = offsets[i]; box < offsets[i + 1]; ++box) {
    if (masks.data->data()[box * kPixels + pixel] != 0) return true;
  }
  return false;
}

TEST(MosaicTest, FourSamplesMeetAtAPointWithTheirMasks) {
  const auto plain = Scenes("");
  const auto mixing = Scenes("transforms { mosaic {} }");
  std::set<std::pair<int, int>> points;
  for (uint64_t step = 0; step < 4; ++step) {
    const HostBatch before = BatchOrDie(plain, {.step = step});
    const HostBatch after = BatchOrDie(mixing, {.step = step});
    const std::string whole = BytesOf(before, "image");
    const std::string mixed = BytesOf(after, "image");
    for (int i = 0; i < 8; ++i) {
      const int group = i / 4 * 4;
      // Clockwise from the upper left: itself and those before it.
      const int sources[] = {i, group + (i + 3) % 4, group + (i + 2) % 4,
                             group + (i + 1) % 4};
      // Where it was: the point follows from the corners that show.
      int found = 0;
      for (int y = kHeight / 4; y < kHeight * 3 / 4; ++y) {
        for (int x = kWidth / 4; x < kWidth * 3 / 4; ++x) {
          // What each shows at the point is its own corner.
          const bool here =
              PixelOf(mixed, i, x - 1, y - 1) ==
                  PixelOf(whole, sources[0], kWidth - 1, kHeight - 1) &&
              PixelOf(mixed, i, x, y - 1) ==
                  PixelOf(whole, sources[1], 0, kHeight - 1) &&
              PixelOf(mixed, i, x, y) == PixelOf(whole, sources[2], 0, 0) &&
              PixelOf(mixed, i, x - 1, y) ==
                  PixelOf(whole, sources[3], kWidth - 1, 0);
          if (!here) continue;
          ++found;
          points.insert({x, y});
          const std::vector<bool> masks = UnionOf(after, i);
          int wrong = 0;
          for (int v = 0; v < kHeight; ++v) {
            for (int u = 0; u < kWidth; ++u) {
              const int quarter = v < y ? (u < x ? 0 : 1) : (u < x ? 3 : 2);
              const int from_x = u < x ? u + kWidth - x : u - x;
              const int from_y = v < y ? v + kHeight - y : v - y;
              const int source = sources[quarter];
              EXPECT_EQ(PixelOf(mixed, i, u, v),
                        PixelOf(whole, source, from_x, from_y));
              wrong += masks[v * kWidth + u] !=
                       UnionOf(before, source)[from_y * kWidth + from_x];
            }
          }
          EXPECT_EQ(wrong, 0);
        }
      }
      EXPECT_EQ(found, 1) << "sample " << i << " of step " << step;
    }
  }
  EXPECT_GT(points.size(), 20u);
}

TEST(MosaicTest, BoxesStayInsideAndKeepTheirOrder) {
  const HostBatch batch =
      BatchOrDie(Scenes("transforms { mosaic { group: 8 } }"), {});
  const auto boxes = ValuesOf<float>(batch, "boxes");
  ASSERT_GT(boxes.size(), 40u);
  for (size_t i = 0; i < boxes.size(); i += 4) {
    EXPECT_GE(boxes[i], 0);
    EXPECT_LT(boxes[i], boxes[i + 2]);
    EXPECT_LE(boxes[i + 2], kWidth);
    EXPECT_GE(boxes[i + 1], 0);
    EXPECT_LT(boxes[i + 1], boxes[i + 3]);
    EXPECT_LE(boxes[i + 3], kHeight);
  }
}

TEST(MosaicTest, TheProbabilityIsOfGroups) {
  const auto plain = Scenes("");
  const auto mixing = Scenes("transforms { mosaic { p: 0.5 } }");
  int mixed = 0;
  for (uint64_t step = 0; step < 100; ++step) {
    const std::string before =
        BytesOf(BatchOrDie(plain, {.step = step}), "image");
    const std::string after =
        BytesOf(BatchOrDie(mixing, {.step = step}), "image");
    const size_t half = before.size() / 2;
    mixed += before.substr(0, half) != after.substr(0, half);
    mixed += before.substr(half) != after.substr(half);
  }
  EXPECT_NEAR(mixed, 100, 30);
}

TEST(MosaicTest, BoxesBeyondTheLimitFailTheStep) {
  PlanLimits limits;
  limits.max_ragged_bytes = 30'000;  // Enough for the samples alone.
  BufferPool pool(0);
  EXPECT_TRUE(MakeBatch(Scenes("", limits), {}, &pool).ok());
  const auto batch = MakeBatch(
      Scenes("transforms { mosaic { group: 8 } }", limits), {}, &pool);
  EXPECT_TRUE(absl::IsFailedPrecondition(batch.status())) << batch.status();
  EXPECT_THAT(std::string(batch.status().message()),
              HasSubstr("limit: 30000 bytes"));
}

TEST(CopyPasteTest, ObjectsOfTheOneBeforeCoverWhatWasThere) {
  const auto plain = Scenes("");
  const auto mixing = Scenes("transforms { copy_paste { group: 4 } }");
  int pasted = 0;
  for (uint64_t step = 0; step < 4; ++step) {
    const HostBatch before = BatchOrDie(plain, {.step = step});
    const HostBatch after = BatchOrDie(mixing, {.step = step});
    const std::string whole = BytesOf(before, "image");
    const std::string mixed = BytesOf(after, "image");
    for (int i = 0; i < 8; ++i) {
      const int other = i / 4 * 4 + (i + 3) % 4;
      for (int p = 0; p < kPixels; ++p) {
        const absl::string_view now = PixelOf(mixed, i, p, 0);
        if (now == PixelOf(whole, i, p, 0)) continue;
        ++pasted;
        ASSERT_EQ(now, PixelOf(whole, other, p, 0));
        ASSERT_TRUE(IsMasked(before, other, p))
            << "only their objects are pasted";
        ASSERT_TRUE(IsMasked(after, i, p)) << "with their masks";
      }
    }
  }
  EXPECT_GT(pasted, 1000);
}

// The ids of the boxes of sample `i`.
std::set<int64_t> IdsOf(const HostBatch& batch, int i) {
  const auto offsets = ValuesOf<int64_t>(batch, "box_offsets");
  const auto ids = ValuesOf<int64_t>(batch, "box_ids");
  return {ids.begin() + offsets[i], ids.begin() + offsets[i + 1]};
}

TEST(CopyPasteTest, WhatIsPastedLiesOnTop) {
  const auto plain = Scenes("");
  const auto mixing = Scenes("transforms { copy_paste {} }");
  int pasted = 0;
  for (uint64_t step = 0; step < 12; ++step) {
    const HostBatch before = BatchOrDie(plain, {.step = step});
    const HostBatch batch = BatchOrDie(mixing, {.step = step});
    const auto offsets = ValuesOf<int64_t>(batch, "box_offsets");
    const auto ids = ValuesOf<int64_t>(batch, "box_ids");
    const auto masks = ValuesOf<uint8_t>(batch, "masks");
    for (int i = 0; i < 8; ++i) {
      const std::set<int64_t> own = IdsOf(before, i);
      for (int64_t a = offsets[i]; a < offsets[i + 1]; ++a) {
        if (own.contains(ids[a])) continue;
        ++pasted;
        for (int64_t b = offsets[i]; b < a; ++b) {
          if (!own.contains(ids[b])) continue;
          for (int p = 0; p < kPixels; ++p) {
            ASSERT_FALSE(masks[a * kPixels + p] && masks[b * kPixels + p]);
          }
        }
      }
    }
  }
  EXPECT_GT(pasted, 10);
}

TEST(BoxMixingTest, ImagesOfAPixelOrALineMixToo) {
  for (const char* size : {"[1, 1]", "[1, 3]", "[3, 1]"}) {
    for (const char* mixing : {"mosaic {}", "copy_paste {}"}) {
      const auto plan = CompileOrDie(
          ParsePlan(absl::StrCat(
              "dataset: 'drawn/scenes' batch { size: 8 boxes: true masks: true "
              "keypoints: true } transforms { resize { size: ",
              size, " } } transforms { ", mixing, " }")),
          DrawnScenes(32));
      for (uint64_t step = 0; step < 8; ++step) {
        const HostBatch batch = BatchOrDie(plan, {.step = step});
        const auto boxes = ValuesOf<float>(batch, "boxes");
        for (size_t i = 0; i < boxes.size(); i += 4) {
          EXPECT_LT(boxes[i], boxes[i + 2]);
          EXPECT_LT(boxes[i + 1], boxes[i + 3]);
        }
      }
    }
  }
}

}  // namespace
}  // namespace millrace
