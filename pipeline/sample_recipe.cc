#include "pipeline/sample_recipe.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "pipeline/canonical_plan.h"
#include "pipeline/run_program.h"
#include "pipeline/scaled_decode.h"
#include "pipeline/stored_frame.h"

namespace millrace {

namespace {

PixelType PixelTypeOf(v1::DType dtype) {
  switch (dtype) {
    case v1::FLOAT32:
      return PixelType::kFloat32;
    case v1::FLOAT16:
      return PixelType::kFloat16;
    case v1::BFLOAT16:
      return PixelType::kBfloat16;
    default:
      return PixelType::kUint8;
  }
}

// ToDtype and Normalize as one multiplication and one addition.
PackSpec PackSpecOf(const v1::Plan& plan) {
  PackSpec pack;
  pack.channels_first = plan.batch().layout() == v1::BatchOptions::NCHW;
  double unit = 1;
  for (const v1::Transform& transform : plan.transforms()) {
    if (transform.has_to_dtype()) {
      pack.type = PixelTypeOf(transform.to_dtype().dtype());
      if (transform.to_dtype().scale()) unit = 1.0 / 255;
      pack.scale.fill(static_cast<float>(unit));
    } else if (transform.has_normalize()) {
      const v1::Normalize& normalize = transform.normalize();
      for (int c = 0; c < normalize.mean_size(); ++c) {
        pack.scale[c] = static_cast<float>(unit / normalize.std(c));
        pack.shift[c] =
            static_cast<float>(-normalize.mean(c) / normalize.std(c) + 0.0);
      }
    }
  }
  return pack;
}

AnnotationOptions AnnotationOptionsOf(const v1::BatchOptions& batch,
                                      const v1::DatasetInfo& dataset) {
  return {.masks = batch.masks(),
          .run_lengths = batch.mask_format() == v1::BatchOptions::RUN_LENGTHS,
          .keypoints = batch.keypoints() ? MaxKeypoints(dataset) : 0,
          .max_boxes = static_cast<int>(batch.max_boxes()),
          .box_format = batch.box_format(),
          .ignore_orientation = batch.ignore_orientation()};
}

OutputSpec OutputOf(const v1::Plan& plan, const v1::DatasetInfo& dataset) {
  OutputSpec output;
  output.channels = ChannelsOf(plan);
  output.pack = PackSpecOf(plan);
  output.boxes = plan.batch().boxes();
  output.annotations = AnnotationOptionsOf(plan.batch(), dataset);
  output.mixture = plan.has_mixture();
  for (const v1::Transform& transform : plan.transforms()) {
    if (transform.has_one_hot()) {
      output.label_classes = transform.one_hot().num_classes();
    } else if (transform.has_label_smoothing()) {
      const double alpha = transform.label_smoothing().alpha();
      const double off = alpha / output.label_classes;
      output.label_off = static_cast<float>(off);
      output.label_on = static_cast<float>(1 - alpha + off);
    }
    output.mixes_boxes |= transform.has_mosaic() || transform.has_copy_paste();
  }
  return output;
}

// The size that the transforms get of every image, if it is one.
std::optional<ImageSize> UniformSize(const v1::Plan& plan,
                                     const v1::DatasetInfo& dataset) {
  const ImageSize size = {static_cast<int>(dataset.max_width()),
                          static_cast<int>(dataset.max_height())};
  // As stored, an image may lie on its side.
  const bool turned = plan.batch().ignore_orientation();
  if (!dataset.uniform_size() || (turned && size.width != size.height)) {
    return std::nullopt;
  }
  return size;
}

absl::Status SizesDiffer(const v1::DatasetInfo& dataset) {
  const absl::string_view why =
      dataset.uniform_size()
          ? " may lie on their side where the orientation is ignored"
          : " differ in size";
  return absl::InvalidArgumentError(absl::StrCat(
      "transforms: images of ", dataset.name(), why, " (up to ",
      dataset.max_width(), " x ", dataset.max_height(),
      "), and no transform brings them to one size; end with center_crop, "
      "random_crop, random_resized_crop, letter_box, or resize with two "
      "values (height, width), so that a batch has one shape"));
}

// Images of any dataset, or all that this one has: tiny and thin ones, of which
// transforms make the least, and the largest.
std::vector<ImageSize> SizesToTry(const std::optional<ImageSize>& input,
                                  const v1::DatasetInfo& dataset) {
  if (input) return {*input};
  constexpr int kLong = 65535;
  const ImageSize largest = {static_cast<int>(dataset.max_width()),
                             static_cast<int>(dataset.max_height())};
  return {{1, 1}, {1, kLong}, {kLong, 1}, largest};
}

// What no image of no draw comes through fails a stream for certain, and is
// told when it opens.
absl::Status CheckSomeImageFits(const ImageTransforms& transforms,
                                uint64_t seed,
                                const std::vector<ImageSize>& sizes) {
  constexpr uint64_t kDraws = 16;
  absl::Status first;
  for (uint64_t position = 0; position < kDraws; ++position) {
    for (const ImageSize& size : sizes) {
      const SampleProgram program =
          transforms.ProgramOf(size, {.seed = seed, .position = position});
      const absl::Status fits = CheckIntermediates(program);
      if (fits.ok() && program.status().ok()) return absl::OkStatus();
      if (fits.ok() || !first.ok()) continue;
      first = absl::InvalidArgumentError(
          absl::StrCat("transforms: of an image of ", size.width, " x ",
                       size.height, ", ", fits.message()));
    }
  }
  return first;
}

absl::Status CheckOutputSize(const ImageSize& size, const PlanLimits& limits) {
  const int longer = std::max(size.width, size.height);
  if (static_cast<uint32_t>(longer) <= limits.max_side) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat("transforms: images become ", size.width, " x ", size.height,
                   "; the limit of a side is ", limits.max_side,
                   ". Resize or crop to less"));
}

int64_t FirstLabel(const v1::SampleMeta& meta) {
  return meta.labels().empty() ? -1 : static_cast<int64_t>(meta.labels(0));
}

// The same status, saying which sample it is about.
absl::Status Naming(const absl::Status& status, const SampleReader& store,
                    uint64_t ordinal, absl::string_view key) {
  if (status.ok()) return status;
  return {status.code(), absl::StrCat("sample ", store.Describe(ordinal, key),
                                      ": ", status.message())};
}

}  // namespace

SampleRecipe::SampleRecipe(const v1::Plan& plan, const v1::DatasetInfo& dataset,
                           std::shared_ptr<DecodedSamples> decoded,
                           std::shared_ptr<MemoryBudget> working)
    : ignore_orientation_(plan.batch().ignore_orientation()),
      scaled_decode_(plan.batch().scaled_decode()),
      transforms_(plan),
      output_(OutputOf(plan, dataset)),
      annotations_(dataset, output_.made()),
      decoded_(std::move(decoded)),
      working_(std::move(working)) {}

absl::StatusOr<std::unique_ptr<const SampleRecipe>> SampleRecipe::Compile(
    const v1::Plan& plan, const v1::DatasetInfo& dataset,
    const PlanLimits& limits, std::shared_ptr<DecodedSamples> decoded,
    std::shared_ptr<MemoryBudget> working) {
  std::unique_ptr<SampleRecipe> recipe(
      new SampleRecipe(plan, dataset, std::move(decoded), std::move(working)));
  const std::optional<ImageSize> input = UniformSize(plan, dataset);
  const std::optional<ImageSize> size =
      recipe->transforms_.FixedOutputSize(input);
  if (!size) return SizesDiffer(dataset);
  if (input) {
    // What the first sample cannot become is told before it is asked for.
    const SampleProgram first =
        recipe->transforms_.ProgramOf(*input, {plan.seed()}, {});
    if (!first.status().ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("transforms: ", first.status().message()));
    }
  }
  MILLRACE_RETURN_IF_ERROR(CheckSomeImageFits(recipe->transforms_, plan.seed(),
                                              SizesToTry(input, dataset)));
  MILLRACE_RETURN_IF_ERROR(CheckOutputSize(*size, limits));
  recipe->output_.size = *size;
  return recipe;
}

ImageSize SampleRecipe::InputSize(const v1::ImageInfo& image) const {
  return StoredFrame(
             ignore_orientation_ ? static_cast<int>(image.orientation()) : 1,
             {static_cast<int>(image.width()),
              static_cast<int>(image.height())})
      .size();
}

absl::StatusOr<SampleProgram> SampleRecipe::ProgramOf(
    const ImageSize& input, const SamplePlace& place,
    std::vector<Corners> boxes) const {
  if (input.width < 1 || input.height < 1) {
    return absl::DataLossError("its metadata say that it has no pixels");
  }
  SampleProgram program = transforms_.ProgramOf(input, place, std::move(boxes));
  MILLRACE_RETURN_IF_ERROR(program.status());
  if (program.size() != output_.size) {
    return absl::DataLossError(
        absl::StrCat("is ", input.width, " x ", input.height,
                     ", but the dataset says that all images have one size"));
  }
  MILLRACE_RETURN_IF_ERROR(CheckIntermediates(program));
  return program;
}

absl::Status SampleRecipe::MakeDecoded(const ImageView& whole,
                                       const SamplePlace& place,
                                       uint8_t* image) const {
  if (transforms_.empty() && whole.channels == output_.channels) {
    Pack(whole, output_.pack, image);
    return absl::OkStatus();
  }
  MILLRACE_ASSIGN_OR_RETURN(const SampleProgram program,
                            ProgramOf({whole.width, whole.height}, place, {}));
  ScratchLease scratch;
  const ImageView part =
      CropPixels(whole, output_.channels, program.crop(), scratch.get());
  RunProgram({part}, program, output_.pack, scratch.get(), image);
  return absl::OkStatus();
}

absl::StatusOr<SampleRecipe::Result> SampleRecipe::MakeFrom(
    const Sample& sample, const SamplePlace& place, RaggedBudget* budget,
    uint8_t* image) const {
  const v1::SampleMeta& meta = sample.meta;
  MILLRACE_ASSIGN_OR_RETURN(
      const SampleProgram program,
      ProgramOf(InputSize(meta.image()), place,
                transforms_.looks_at_boxes() ? annotations_.BoxesOf(meta)
                                             : std::vector<Corners>()));
  const uint64_t bytes = WorkingBytes(meta.image(), program, output_.channels) +
                         annotations_.WorkingBytes(meta, program);
  // Held for longer than the scratch memory that it stands for.
  const auto reserved =
      working_->Reserve(bytes > ScratchLease::kMaxKeptBytes ? bytes : 0);
  ScratchLease scratch;
  MILLRACE_ASSIGN_OR_RETURN(
      const CroppedView part,
      ReadPixels(sample,
                 {.channels = output_.channels,
                  .apply_orientation = !ignore_orientation_,
                  .scale_denominator =
                      scaled_decode_ ? DecodeDenominator(program) : 1},
                 program.crop(),
                 FirstResize(program, output_.pack, output_.channels),
                 scratch.get()));
  RunProgram(part, program, output_.pack, scratch.get(), image);

  Result result;
  result.label = FirstLabel(meta);
  result.source_id = meta.source_id();
  result.upright = {static_cast<int>(meta.image().width()),
                    static_cast<int>(meta.image().height())};
  if (output_.boxes) {
    MILLRACE_ASSIGN_OR_RETURN(result.annotations,
                              annotations_.Move(meta, program, budget));
  }
  return result;
}

void SampleRecipe::Prefetch(uint64_t ordinal) const {
  if (decoded_ != nullptr) decoded_->Prefetch(ordinal);
}

absl::StatusOr<SampleRecipe::Result> SampleRecipe::Make(
    const SampleReader& store, uint64_t ordinal, const SamplePlace& place,
    RaggedBudget* budget, uint8_t* image) const {
  if (decoded_ != nullptr && !output_.boxes && !transforms_.looks_at_boxes()) {
    if (const auto kept = decoded_->Find(ordinal)) {
      MILLRACE_RETURN_IF_ERROR(MakeDecoded(kept->image, place, image));
      return Result{.label = kept->label};
    }
  }
  MILLRACE_ASSIGN_OR_RETURN(const Sample sample, store.Read(ordinal));
  auto result = MakeFrom(sample, place, budget, image);
  if (!result.ok()) {
    return Naming(result.status(), store, ordinal, sample.meta.key());
  }
  if (decoded_ != nullptr) decoded_->Keep(ordinal, sample);
  return result;
}

}  // namespace millrace
