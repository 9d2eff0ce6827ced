#include "pipeline/run_program.h"

#include <algorithm>
#include <cassert>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "image/pad.h"

namespace millrace {

namespace {

// Of an intermediate image; as much as one image may have (DecodeLimits).
constexpr uint64_t kMaxIntermediatePixels = uint64_t{128} << 20;

// The coefficients of a progressive JPEG without subsampling.
constexpr uint64_t kDecoderBytesPerPixel = 6;

uint64_t PixelsOf(const ImageSize& size) {
  return uint64_t{1} * size.width * size.height;
}

// Of the largest image that a stage makes. A resize writes the window's columns
// of all rows first.
uint64_t PixelsToMake(const GeometryStage& stage) {
  const int rows = stage.resized
                       ? std::max(stage.crop.height, stage.window.height)
                       : stage.window.height;
  return uint64_t{1} * rows * stage.window.width;
}

ImageView Part(const ImageView& image, const Rect& rect) {
  return {image.row(rect.y) + ptrdiff_t{rect.x} * image.channels, rect.width,
          rect.height, image.channels, image.stride};
}

ImageView UpsideDown(const ImageView& image) {
  return {image.row(image.height - 1), image.width, image.height,
          image.channels, -image.stride};
}

// The bytes of a packed image are those of its pixels.
bool KeepsBytes(const PackSpec& pack, int channels) {
  return pack.type == PixelType::kUint8 &&
         (!pack.channels_first || channels == 1);
}

// True if the stage is the last that moves pixels, and its resize can write to
// the batch at once.
bool ResizesIntoSlot(const GeometryStage& stage, const PackSpec& pack,
                     int channels) {
  return stage.resized && !stage.IsPadded() && !stage.flip_vertical &&
         KeepsBytes(pack, channels);
}

ResizeSpec ResizeOf(const GeometryStage& stage, bool into_slot) {
  return {.width = stage.resized_width,
          .height = stage.resized_height,
          .interpolation = stage.interpolation,
          .window = into_slot ? stage.window : stage.Covered(),
          .mirrored = into_slot && stage.flip_horizontal};
}

// The step after which only pixel ops come that run in the batch's memory.
size_t LastMovement(const SampleProgram& program, const PackSpec& pack,
                    int channels) {
  const auto& steps = program.steps();
  size_t last = steps.size() - 1;
  while (KeepsBytes(pack, channels) &&
         std::holds_alternative<PixelOp>(steps[last])) {
    --last;
  }
  return last;
}

// Takes the image from step to step.
class Runner {
 public:
  Runner(const CroppedView& part, const PackSpec& pack, PixelScratch* scratch,
         uint8_t* out)
      : image_(part.pixels),
        box_(part.box),
        in_resizer_(part.in_resizer),
        writable_(!part.in_resizer &&
                  part.pixels.data == scratch->decoded.pixels().data()),
        pack_(pack),
        scratch_(scratch),
        out_(out) {}

  void Run(const SampleProgram& program);

 private:
  void Run(const GeometryStage& stage);
  void Run(const WarpStep& warp);
  void Run(const PixelOp& op);
  // Everything but the stage's flips.
  void Render(const GeometryStage& stage);
  void Resize(const ResizeSpec& spec, const ImageSpan& canvas);
  // Renders the stage into the batch's memory.
  void Finish(const GeometryStage& stage);
  void Warp(const WarpStep& warp, const ImageSpan& canvas);
  // The batch's memory as an image.
  ImageSpan SlotOf(const ImageSize& size) const {
    return {out_, size.width, size.height, image_.channels,
            ptrdiff_t{size.width} * image_.channels};
  }

  // Hands out the canvases of the scratch in turn: what a stage reads, what it
  // resizes into and what it pads into are three.
  ImageSpan NextCanvas(int width, int height);
  void MoveTo(const ImageSpan& canvas);
  ImageSpan Writable();

  ImageView image_;
  // What of it the next resize is of, if not all.
  std::optional<PixelBox> box_;
  // The image is there, and the next resize only finishes.
  bool in_resizer_;
  bool writable_;  // It lies in memory of ours.
  const PackSpec pack_;
  PixelScratch* const scratch_;
  uint8_t* const out_;
  size_t next_canvas_ = 0;
};

ImageSpan Runner::NextCanvas(int width, int height) {
  Image* canvas = &scratch_->canvas[next_canvas_];
  next_canvas_ = (next_canvas_ + 1) % scratch_->canvas.size();
  canvas->Reset(width, height, image_.channels);
  return canvas->span();
}

void Runner::MoveTo(const ImageSpan& canvas) {
  image_ = canvas.view();
  box_.reset();
  writable_ = true;
}

ImageSpan Runner::Writable() {
  if (!writable_ ||
      image_.stride != ptrdiff_t{image_.width} * image_.channels) {
    const ImageSpan canvas = NextCanvas(image_.width, image_.height);
    Pack(image_, {}, canvas.data);
    MoveTo(canvas);
  }
  return {const_cast<uint8_t*>(image_.data), image_.width, image_.height,
          image_.channels, image_.stride};
}

void Runner::Resize(const ResizeSpec& spec, const ImageSpan& canvas) {
  if (in_resizer_) {
    assert(spec == scratch_->resizer.spec());
    scratch_->resizer.Finish(canvas.data, canvas.stride);
    in_resizer_ = false;
  } else {
    ResizeSpec boxed = spec;
    boxed.box = box_;
    ResizeWindow(image_, boxed, &scratch_->resize, canvas.data, canvas.stride);
  }
  MoveTo(canvas);
}

void Runner::Render(const GeometryStage& stage) {
  const Rect covered = stage.Covered();
  if (covered.width == 0) {
    image_.width = image_.height = 0;
  } else if (stage.resized) {
    Resize(ResizeOf(stage, /*into_slot=*/false),
           NextCanvas(covered.width, covered.height));
  } else {
    image_ = Part(image_, covered);
  }
  if (!stage.IsPadded()) return;
  const ImageSpan canvas = NextCanvas(stage.window.width, stage.window.height);
  PadImage(image_, covered.x - stage.window.x, covered.y - stage.window.y,
           stage.padding, canvas);
  MoveTo(canvas);
}

void Runner::Run(const GeometryStage& stage) {
  Render(stage);
  if (!stage.flip_horizontal && !stage.flip_vertical) return;
  if (stage.flip_vertical) image_ = UpsideDown(image_);
  const ImageSpan canvas = NextCanvas(image_.width, image_.height);
  Pack(image_, {.flip_horizontal = stage.flip_horizontal}, canvas.data);
  MoveTo(canvas);
}

void Runner::Warp(const WarpStep& warp, const ImageSpan& canvas) {
  WarpImage(image_, warp.spec(), canvas);
  MoveTo(canvas);
}

void Runner::Run(const WarpStep& warp) {
  Warp(warp, NextCanvas(warp.output().width, warp.output().height));
}

void Runner::Run(const PixelOp& op) { op(Writable(), &scratch_->spare); }

void Runner::Finish(const GeometryStage& stage) {
  const ImageSpan slot = SlotOf(stage.size());
  if (ResizesIntoSlot(stage, pack_, image_.channels)) {
    return Resize(ResizeOf(stage, /*into_slot=*/true), slot);
  }
  Render(stage);
  if (stage.flip_vertical) image_ = UpsideDown(image_);
  PackSpec pack = pack_;
  pack.flip_horizontal = stage.flip_horizontal;
  Pack(image_, pack, out_);
  MoveTo(slot);
}

// The last movement writes to the batch, and pixel ops after it run there.
void Runner::Run(const SampleProgram& program) {
  const auto& steps = program.steps();
  const bool plain = KeepsBytes(pack_, image_.channels);
  const size_t last = LastMovement(program, pack_, image_.channels);
  for (size_t i = 0; i < steps.size(); ++i) {
    const auto* stage = std::get_if<GeometryStage>(&steps[i]);
    const auto* warp = std::get_if<WarpStep>(&steps[i]);
    if (stage != nullptr && i > 0) image_ = Part(image_, stage->crop);
    if (stage != nullptr && i == last) {
      Finish(*stage);
    } else if (warp != nullptr && i == last && plain) {
      Warp(*warp, SlotOf(warp->output()));
    } else {
      std::visit([this](const auto& step) { Run(step); }, steps[i]);
    }
  }
  if (image_.data != out_) Pack(image_, pack_, out_);
  const PackedLayout layout = {program.width(), program.height(),
                               image_.channels, pack_.type,
                               pack_.channels_first};
  for (const PackedOp& op : program.packed_ops()) op(layout, out_);
}

}  // namespace

uint64_t WorkingBytes(const v1::ImageInfo& image, const SampleProgram& program,
                      int channels) {
  const bool raw = image.format() == v1::IMAGE_FORMAT_RAW;
  const uint64_t coefficients =
      raw ? 0
          : kDecoderBytesPerPixel * uint64_t{image.width()} * image.height();
  uint64_t now = PixelsOf({program.crop().width, program.crop().height});
  uint64_t made = now;
  for (const SampleProgram::Step& step : program.steps()) {
    if (const auto* stage = std::get_if<GeometryStage>(&step)) {
      made += 2 * PixelsToMake(*stage);
      now = PixelsOf(stage->size());
    } else if (const auto* warp = std::get_if<WarpStep>(&step)) {
      now = PixelsOf(warp->output());
      made += now;
    } else {
      made += 2 * now;  // A copy to change, and the spare.
    }
  }
  return coefficients + made * channels;
}

absl::Status CheckIntermediates(const SampleProgram& program) {
  for (const SampleProgram::Step& step : program.steps()) {
    uint64_t pixels = 0;
    if (const auto* stage = std::get_if<GeometryStage>(&step)) {
      pixels = PixelsToMake(*stage);
    } else if (const auto* warp = std::get_if<WarpStep>(&step)) {
      pixels = PixelsOf(warp->output());
    }
    if (pixels <= kMaxIntermediatePixels) continue;
    return absl::InvalidArgumentError(absl::StrCat(
        "its transforms need an intermediate image of ", pixels,
        " pixels; the limit is ", kMaxIntermediatePixels,
        ". Enlarge it less: set resize.max_size, resize to two values, or "
        "pad less"));
  }
  return absl::OkStatus();
}

std::optional<ResizeSpec> FirstResize(const SampleProgram& program,
                                      const PackSpec& pack, int channels) {
  const auto* stage = std::get_if<GeometryStage>(&program.steps().front());
  if (stage == nullptr || !stage->resized || stage->Covered().width == 0 ||
      stage->interpolation == Interpolation::kNearest) {
    return std::nullopt;
  }
  return ResizeOf(*stage, LastMovement(program, pack, channels) == 0 &&
                              ResizesIntoSlot(*stage, pack, channels));
}

void RunProgram(const CroppedView& part, const SampleProgram& program,
                const PackSpec& pack, PixelScratch* scratch, uint8_t* out) {
  Runner(part, pack, scratch, out).Run(program);
}

}  // namespace millrace
