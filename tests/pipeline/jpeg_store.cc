#include "tests/pipeline/jpeg_store.h"

#include <cstdlib>
#include <iostream>
#include <utility>

#include "image/decode.h"
#include "image/jpeg_tiling.h"
#include "storage/memory_store.h"

namespace millrace {

namespace {

template <typename T>
T OrDie(absl::StatusOr<T> value) {
  if (value.ok()) return *std::move(value);
  std::cerr << value.status() << std::endl;
  std::abort();
}

class Store final : public SampleStore {
 public:
  explicit Store(std::vector<StoredJpeg> jpegs) {
    v1::DatasetInfo description;
    description.set_name("drawn/jpegs");
    std::vector<std::pair<v1::SampleMeta, std::string>> samples;
    for (StoredJpeg& jpeg : jpegs) {
      jpeg.meta.set_key(std::to_string(samples.size()));
      records_.push_back(std::move(jpeg.decode_record));
      samples.emplace_back(std::move(jpeg.meta), std::move(jpeg.bytes));
    }
    store_ = MakeMemoryStore(std::move(description), std::move(samples));
  }

  const v1::DatasetInfo& info() const override { return store_->info(); }
  absl::StatusOr<Sample> Read(uint64_t ordinal) const override {
    auto sample = store_->Read(ordinal);
    if (sample.ok()) sample->decode_record = records_[ordinal];
    return sample;
  }
  absl::StatusOr<uint64_t> Find(absl::string_view key) const override {
    return store_->Find(key);
  }
  absl::StatusOr<OrdinalSet> ReadIndex(absl::string_view name) const override {
    return store_->ReadIndex(name);
  }
  absl::StatusOr<AttributeChunk> ReadAttributes(uint64_t chunk) const override {
    return store_->ReadAttributes(chunk);
  }

 private:
  std::vector<std::string> records_;
  std::shared_ptr<const SampleStore> store_;
};

}  // namespace

StoredJpeg AsItCame(absl::string_view jpeg) {
  const ImageHeader header = OrDie(ReadImageHeader(jpeg));
  StoredJpeg stored;
  stored.bytes = std::string(jpeg);
  v1::ImageInfo* image = stored.meta.mutable_image();
  image->set_format(v1::IMAGE_FORMAT_JPEG);
  image->set_width(header.width());
  image->set_height(header.height());
  image->set_channels(header.channels);
  image->set_orientation(header.orientation);
  return stored;
}

StoredJpeg Tiled(absl::string_view jpeg) {
  TiledJpeg tiled = OrDie(TileJpeg(jpeg));
  StoredJpeg stored = AsItCame(tiled.bytes);
  stored.decode_record = SerializeJpegLayout(tiled.layout);
  return stored;
}

std::shared_ptr<const SampleStore> JpegStore(std::vector<StoredJpeg> samples) {
  return std::make_shared<Store>(std::move(samples));
}

}  // namespace millrace
