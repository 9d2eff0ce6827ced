#include "pipeline/run_program.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/pipeline/drawn_dataset.h"

namespace millrace {
namespace {

constexpr ImageSize kSize = {23, 17};

// Output of `program` over a drawn image, packed as `pack` says.
std::string OutputOf(const SampleProgram& program, const PackSpec& pack = {},
                     bool in_scratch = false) {
  const std::string pixels = DrawnPixels(kSize.width, kSize.height, 3, 1);
  const ImageView whole = {reinterpret_cast<const uint8_t*>(pixels.data()),
                           kSize.width, kSize.height, 3, 3 * kSize.width};
  PixelScratch scratch;
  ImageView part = CropPixels(whole, 3, program.crop(), &scratch);
  if (in_scratch) {
    scratch.decoded.Reset(part.width, part.height, 3);
    Pack(part, {}, scratch.decoded.row(0));
    part = scratch.decoded.view();
  }
  std::string out(PackedBytes(program.width(), program.height(), 3, pack), 'x');
  RunProgram({part}, program, pack, &scratch,
             reinterpret_cast<uint8_t*>(out.data()));
  EXPECT_EQ(pixels, DrawnPixels(kSize.width, kSize.height, 3, 1))
      << "the sample's own bytes were written to";
  if (const auto resize = FirstResize(program, pack, 3)) {
    PixelScratch rows;
    rows.resizer.Prepare(*resize);
    HandOver(CropPixels(whole, 3, program.crop(), &rows), &rows.resizer);
    std::string by_rows(out.size(), 'y');
    const ImageView size = {nullptr, program.crop().width,
                            program.crop().height, 3};
    RunProgram({.pixels = size, .in_resizer = true}, program, pack, &rows,
               reinterpret_cast<uint8_t*>(by_rows.data()));
    EXPECT_EQ(by_rows, out) << "resized while it is decoded";
  }
  return out;
}

// Differs from pixel to pixel and does not commute with itself or with flips.
void Stir(const ImageSpan& image, Image* spare) {
  ASSERT_EQ(image.stride, 3 * image.width);
  spare->Reset(1, 1, 1);
  for (int y = 0; y < image.height; ++y) {
    for (int x = 0; x < 3 * image.width; ++x) {
      uint8_t& value = image.row(y)[x];
      value = static_cast<uint8_t>(value * 3 + x + 7 * y);
    }
  }
}

// The same image, step by step, each through memory of its own.
class ByHand {
 public:
  ByHand() : image_(kSize.width, kSize.height, 3) {
    const std::string pixels = DrawnPixels(kSize.width, kSize.height, 3, 1);
    std::copy(pixels.begin(), pixels.end(), image_.row(0));
  }

  ByHand& Crop(const Rect& rect) {
    Image cut(rect.width, rect.height, 3);
    for (int y = 0; y < rect.height; ++y) {
      std::copy_n(image_.row(rect.y + y) + 3 * rect.x, 3 * rect.width,
                  cut.row(y));
    }
    image_ = cut;
    return *this;
  }
  ByHand& Resize(const ImageSize& size) {
    Image resized(size.width, size.height, 3);
    ResizeScratch scratch;
    ResizeWindow(image_.view(),
                 {size.width,
                  size.height,
                  Interpolation::kBilinear,
                  {0, 0, size.width, size.height}},
                 &scratch, resized.row(0), 3 * size.width);
    image_ = resized;
    return *this;
  }
  ByHand& FlipHorizontal() {
    Image flipped(image_.width(), image_.height(), 3);
    Pack(image_.view(), {.flip_horizontal = true}, flipped.row(0));
    image_ = flipped;
    return *this;
  }
  ByHand& FlipVertical() {
    Image flipped(image_.width(), image_.height(), 3);
    for (int y = 0; y < image_.height(); ++y) {
      std::copy_n(image_.row(image_.height() - 1 - y), image_.stride(),
                  flipped.row(y));
    }
    image_ = flipped;
    return *this;
  }
  ByHand& ChangePixels() {
    Image spare;
    Stir(image_.span(), &spare);
    return *this;
  }

  std::string Packed(const PackSpec& pack) const {
    std::string out(PackedBytes(image_.width(), image_.height(), 3, pack), 0);
    Pack(image_.view(), pack, out.data());
    return out;
  }

 private:
  Image image_;
};

TEST(RunProgramTest, StepsRunInThePlansOrderWhateverIsFused) {
  SampleProgram program(kSize);
  ByHand by_hand;
  const auto check = [&](const char* what) {
    for (const PackSpec& pack : {PackSpec{}, PackSpec{.channels_first = true},
                                 PackSpec{.type = PixelType::kFloat32}}) {
      for (const bool in_scratch : {false, true}) {
        EXPECT_EQ(OutputOf(program, pack, in_scratch), by_hand.Packed(pack))
            << what;
      }
    }
  };
  program.ChangePixels(Stir);
  by_hand.ChangePixels();
  check("pixel op alone");
  program.Crop({2, 3, 15, 11});
  by_hand.Crop({2, 3, 15, 11});
  check("crop of changed pixels");
  program.ChangePixels(Stir);
  by_hand.ChangePixels();
  check("pixel op on a part");
  program.FlipHorizontal();
  program.FlipVertical();
  by_hand.FlipHorizontal().FlipVertical();
  check("flips at the end");
  program.ChangePixels(Stir);
  program.ChangePixels(Stir);
  by_hand.ChangePixels().ChangePixels();
  check("two pixel ops after flips");
  program.Resize({20, 9}, Interpolation::kBilinear);
  by_hand.Resize({20, 9});
  check("resize of changed pixels");
  program.FlipVertical();
  program.ChangePixels(Stir);
  by_hand.FlipVertical().ChangePixels();
  check("pixel op in the slot");
}

TEST(RunProgramTest, PlansWithoutPixelOpsRunAsOneStage) {
  SampleProgram program(kSize);
  program.Crop({2, 3, 15, 11});
  program.Resize({20, 9}, Interpolation::kBilinear);
  program.FlipVertical();
  EXPECT_EQ(program.steps().size(), 1);
  EXPECT_EQ(
      OutputOf(program),
      ByHand().Crop({2, 3, 15, 11}).Resize({20, 9}).FlipVertical().Packed({}));
}

}  // namespace
}  // namespace millrace
