#include "tests/pipeline/drawn_dataset.h"

#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/digest.h"
#include "image/encode.h"
#include "storage/memory_store.h"

namespace millrace {

namespace {

using Samples = std::vector<std::pair<v1::SampleMeta, std::string>>;

uint32_t NextRandom(uint32_t* state) {
  *state = *state * 1664525 + 1013904223;
  return *state >> 8;
}

template <typename T>
T OrDie(absl::StatusOr<T> value) {
  if (value.ok()) return *std::move(value);
  std::cerr << value.status() << std::endl;
  std::abort();
}

std::string Encode(const std::string& pixels, const v1::ImageInfo& info,
                   Coding coding) {
  const ImageView view = {reinterpret_cast<const uint8_t*>(pixels.data()),
                          static_cast<int>(info.width()),
                          static_cast<int>(info.height()),
                          static_cast<int>(info.channels()),
                          ptrdiff_t{info.width()} * info.channels()};
  if (coding == Coding::kPng) return OrDie(EncodePng(view));
  if (coding == Coding::kJpeg) return OrDie(EncodeJpeg(view));
  return pixels;
}

v1::ImageFormat FormatOf(Coding coding) {
  if (coding == Coding::kPng) return v1::IMAGE_FORMAT_PNG;
  if (coding == Coding::kJpeg) return v1::IMAGE_FORMAT_JPEG;
  return v1::IMAGE_FORMAT_RAW;
}

void SetImage(int width, int height, int channels, Coding coding,
              v1::SampleMeta* meta) {
  v1::ImageInfo* image = meta->mutable_image();
  image->set_format(FormatOf(coding));
  image->set_width(width);
  image->set_height(height);
  image->set_channels(channels);
}

// A rhombus in the middle of the box.
void AddPolygon(v1::Annotation* annotation) {
  const v1::Box& box = annotation->box();
  v1::Polygon* ring = annotation->add_polygons();
  for (const auto& [x, y] :
       {std::pair{0.5, 0.0}, {1.0, 0.5}, {0.5, 1.0}, {0.0, 0.5}}) {
    ring->add_coordinates(box.x() + x * box.width());
    ring->add_coordinates(box.y() + y * box.height());
  }
}

// The right half of the image.
void AddRunLengths(int width, int height, v1::Annotation* annotation) {
  v1::RunLengths* runs = annotation->mutable_run_lengths();
  runs->set_width(width);
  runs->set_height(height);
  runs->add_counts(width / 2 * height);
  runs->add_counts((width - width / 2) * height);
  annotation->set_crowd(true);
}

void AddAnnotations(int count, v1::SampleMeta* meta) {
  const auto width = static_cast<int>(meta->image().width());
  const auto height = static_cast<int>(meta->image().height());
  for (int i = 0; i < count; ++i) {
    v1::Annotation* annotation = meta->add_annotations();
    annotation->set_id(int64_t{1} << 40 | meta->annotations_size());
    annotation->set_category(i % 2);
    annotation->mutable_box()->set_x(3.5 + 5 * i);
    annotation->mutable_box()->set_y(2.25 + 4 * i);
    annotation->mutable_box()->set_width(width / 3.0);
    annotation->mutable_box()->set_height(height / 2.0);
    annotation->set_area(width * height / 12.0);
    if (i == 2) {
      AddRunLengths(width, height, annotation);
    } else {
      AddPolygon(annotation);
    }
    for (int k = 0; i == 0 && k < 3; ++k) {
      v1::Keypoint* keypoint = annotation->add_keypoints();
      keypoint->set_x(5.0 + 6 * k);
      keypoint->set_y(8.0 + 3 * k);
      keypoint->set_visibility(1 + k % 2);
    }
  }
}

}  // namespace

std::string DrawnPixels(int width, int height, int channels, uint32_t seed) {
  std::string pixels;
  uint32_t state = seed * 2654435761u + 1;
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (int c = 0; c < channels; ++c) {
        const uint32_t noise = NextRandom(&state) % 64;
        pixels.push_back(
            static_cast<char>((3 * x + (2 + c) * y + noise + seed) % 256));
      }
    }
  }
  return pixels;
}

std::shared_ptr<const SampleStore> DrawnDigits(int count) {
  v1::DatasetInfo description;
  description.set_name("drawn/digits");
  description.set_kind("mnist");
  for (int i = 0; i < 10; ++i) {
    description.add_categories()->set_name(absl::StrCat(i));
  }
  Samples samples;
  for (int i = 0; i < count; ++i) {
    v1::SampleMeta meta;
    meta.set_key(absl::StrCat(i));
    meta.add_labels(i % 10);
    SetImage(28, 28, 1, Coding::kRaw, &meta);
    samples.emplace_back(meta, DrawnPixels(28, 28, 1, i));
  }
  return MakeMemoryStore(std::move(description), std::move(samples));
}

std::shared_ptr<const SampleStore> DrawnScenes(int count, Coding coding) {
  v1::DatasetInfo description;
  description.set_name("drawn/scenes");
  description.set_kind("coco");
  v1::Category* person = description.add_categories();
  person->set_name("person");
  for (const char* name : {"nose", "left_eye", "right_eye"}) {
    person->add_keypoint_names(name);
  }
  description.add_categories()->set_name("dog");
  Samples samples;
  for (int i = 0; i < count; ++i) {
    const int width = 40 + i * 13 % 64;
    const int height = 40 + i * 29 % 64;
    v1::SampleMeta meta;
    meta.set_key(absl::StrCat("scenes/", i, ".png"));
    meta.set_source_id(1000 + i);
    meta.add_labels(i % 2);
    SetImage(width, height, 3, coding, &meta);
    AddAnnotations(i % 4, &meta);
    std::string image =
        Encode(DrawnPixels(width, height, 3, i), meta.image(), coding);
    samples.emplace_back(std::move(meta), std::move(image));
  }
  return MakeMemoryStore(std::move(description), std::move(samples));
}

v1::Plan ParsePlan(absl::string_view text) {
  v1::Plan plan;
  // Merging lets a test say a field again: the last value counts.
  if (!google::protobuf::TextFormat::MergeFromString(std::string(text),
                                                     &plan)) {
    std::cerr << "not a plan: " << text << std::endl;
    std::abort();
  }
  return plan;
}

std::shared_ptr<const CompiledPlan> CompileOrDie(
    const v1::Plan& plan, std::shared_ptr<const SampleStore> store) {
  return OrDie(CompiledPlan::Compile(plan, std::move(store)));
}

HostBatch BatchOrDie(const std::shared_ptr<const CompiledPlan>& plan,
                     const BatchSlice& slice) {
  // Keeps what it gets back and hands it out again, full of old bytes.
  static auto* pool = new BufferPool(64 << 20);
  return OrDie(MakeBatch(plan, slice, pool));
}

const HostTensor& TensorOf(const HostBatch& batch, absl::string_view name) {
  for (const HostTensor& tensor : batch.tensors) {
    if (tensor.name == name) return tensor;
  }
  std::cerr << "no tensor " << name << std::endl;
  std::abort();
}

std::string BytesOf(const HostBatch& batch, absl::string_view name) {
  const Buffer& data = *TensorOf(batch, name).data;
  return {reinterpret_cast<const char*>(data.data()), data.size()};
}

std::string DigestOf(const HostBatch& batch) {
  Sha256 sha;
  for (const HostTensor& tensor : batch.tensors) {
    sha.Update(tensor.name);
    sha.UpdateNumber(tensor.dtype);
    for (const int64_t extent : tensor.shape) sha.UpdateNumber(extent);
    sha.Update(BytesOf(batch, tensor.name));
  }
  return ToHex(sha.Finish(), 8);
}

}  // namespace millrace
