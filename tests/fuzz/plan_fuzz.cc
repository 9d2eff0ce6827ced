// Arbitrary plans, in text or on the wire: refused or made into a batch of the
// promised size, never a crash.

#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/text_format.h>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "pipeline/batch_assembly.h"
#include "storage/memory_store.h"

namespace millrace {
namespace {

v1::SampleMeta RawImage(int index, int width, int height) {
  v1::SampleMeta meta;
  meta.set_key("image-" + std::to_string(index));
  meta.add_labels(index % 2);
  v1::ImageInfo* image = meta.mutable_image();
  image->set_format(v1::IMAGE_FORMAT_RAW);
  image->set_width(width);
  image->set_height(height);
  image->set_channels(1);
  v1::Annotation* annotation = meta.add_annotations();
  annotation->mutable_box()->set_width(width);
  annotation->mutable_box()->set_height(height);
  for (const double value : {0, 0, 9, 1, 4, 8}) {
    if (annotation->polygons().empty()) annotation->add_polygons();
    annotation->mutable_polygons(0)->add_coordinates(value);
  }
  annotation->add_keypoints()->set_visibility(2);
  return meta;
}

std::shared_ptr<const SampleStore> SmallStore() {
  v1::DatasetInfo description;
  description.set_name("d");
  description.add_categories()->set_name("a");
  description.add_categories()->set_name("b");
  description.mutable_categories(0)->add_keypoint_names("left");
  std::vector<std::pair<v1::SampleMeta, std::string>> samples;
  for (int i = 0; i < 5; ++i) {
    const int width = 4 + i;
    const int height = 9 - i;
    samples.emplace_back(RawImage(i, width, height),
                         std::string(size_t{1} * width * height, 'x'));
  }
  return MakeMemoryStore(std::move(description), std::move(samples));
}

class SilentErrors : public google::protobuf::io::ErrorCollector {
  void AddError(int, google::protobuf::io::ColumnNumber,
                const std::string&) override {}
};

bool Parse(const std::string& bytes, v1::Plan* plan) {
  if (plan->ParseFromString(bytes)) return true;
  plan->Clear();
  SilentErrors errors;
  google::protobuf::TextFormat::Parser parser;
  parser.RecordErrorsTo(&errors);
  return parser.MergeFromString(bytes, plan);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const auto* store =
      new std::shared_ptr<const SampleStore>(SmallStore());
  v1::Plan plan;
  if (!Parse({reinterpret_cast<const char*>(data), size}, &plan)) return 0;
  // Else hardly any input would come past the dataset's name.
  plan.set_dataset("d");
  PlanLimits limits;
  limits.max_side = 64;
  limits.max_batch_size = 64;
  limits.max_batch_bytes = 1 << 20;
  limits.max_ragged_bytes = 1 << 20;
  const auto compiled = CompiledPlan::Compile(plan, *store, limits);
  if (!compiled.ok()) return 0;
  const auto again = CompiledPlan::Compile((*compiled)->plan(), *store, limits);
  if (!again.ok() || (*again)->digest() != (*compiled)->digest()) std::abort();

  BufferPool pool(1 << 20);
  const auto batch = MakeBatch(*compiled, {.step = size}, &pool);
  if (!batch.ok()) return 0;
  uint64_t bytes = 0;
  const auto specs = (*compiled)->TensorSpecs(1);
  for (size_t i = 0; i < specs.size(); ++i) {
    bool ragged = false;
    for (const int64_t extent : specs[i].shape()) ragged |= extent < 0;
    if (!ragged) bytes += batch->tensors[i].data->size();
  }
  if (bytes != (*compiled)->BatchBytes(1)) std::abort();
  return 0;
}

}  // namespace millrace
