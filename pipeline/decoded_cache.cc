#include "pipeline/decoded_cache.h"

#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"

namespace millrace {

namespace {

constexpr uint64_t kCacheLineBytes = 64;
// The CPU itself goes on with what is longer.
constexpr uint64_t kPrefetchBytes = 1024;

ImageView ShapeOf(const v1::DatasetInfo& info) {
  const auto width = static_cast<int>(info.max_width());
  const auto channels = static_cast<int>(info.channels());
  return {nullptr, width, static_cast<int>(info.max_height()), channels,
          ptrdiff_t{width} * channels};
}

uint64_t ImageBytes(const v1::DatasetInfo& info) {
  return uint64_t{info.max_width()} * info.max_height() * info.channels();
}

// Its first sample speaks for all; others that differ are not kept.
bool IsRaw(const SampleReader& store) {
  const absl::StatusOr<Sample> first = store.Read(0);
  return first.ok() && first->meta.image().format() == v1::IMAGE_FORMAT_RAW;
}

}  // namespace

DecodedSamples::DecodedSamples(const v1::DatasetInfo& info)
    : shape_(ShapeOf(info)),
      image_bytes_(ImageBytes(info)),
      samples_(info.samples()),
      pixels_(AllocateLarge(image_bytes_ * samples_)),
      labels_(new int64_t[samples_]),
      states_(new std::atomic<uint8_t>[samples_]()) {}

uint64_t DecodedSamples::BytesOf(const v1::DatasetInfo& info) {
  constexpr uint64_t kBesidePixels = sizeof(int64_t) + sizeof(uint8_t);
  return info.samples() * (ImageBytes(info) + kBesidePixels);
}

ImageView DecodedSamples::ImageAt(uint64_t ordinal) const {
  ImageView image = shape_;
  image.data = pixels_.get() + ordinal * image_bytes_;
  return image;
}

std::optional<DecodedSamples::Entry> DecodedSamples::Find(
    uint64_t ordinal) const {
  if (ordinal >= samples_ ||
      states_[ordinal].load(std::memory_order_acquire) != kReady) {
    return std::nullopt;
  }
  return Entry{ImageAt(ordinal), labels_[ordinal]};
}

void DecodedSamples::Prefetch(uint64_t ordinal) const {
  if (ordinal >= samples_) return;
  __builtin_prefetch(&states_[ordinal]);
  __builtin_prefetch(&labels_[ordinal]);
  const uint8_t* const pixels = ImageAt(ordinal).data;
  const uint64_t bytes = std::min(image_bytes_, kPrefetchBytes);
  for (uint64_t at = 0; at < bytes; at += kCacheLineBytes) {
    __builtin_prefetch(pixels + at);
  }
}

void DecodedSamples::Keep(uint64_t ordinal, const Sample& sample) {
  const v1::ImageInfo& info = sample.meta.image();
  const ImageView& shape = shape_;
  if (ordinal >= samples_ || info.format() != v1::IMAGE_FORMAT_RAW ||
      static_cast<int>(info.width()) != shape.width ||
      static_cast<int>(info.height()) != shape.height ||
      static_cast<int>(info.channels()) != shape.channels ||
      sample.image.size() != image_bytes_) {
    return;
  }
  uint8_t absent = kAbsent;
  if (!states_[ordinal].compare_exchange_strong(absent, kFilling)) return;
  std::memcpy(pixels_.get() + ordinal * image_bytes_, sample.image.data(),
              image_bytes_);
  labels_[ordinal] = sample.meta.labels().empty()
                         ? -1
                         : static_cast<int64_t>(sample.meta.labels(0));
  states_[ordinal].store(kReady, std::memory_order_release);
}

std::shared_ptr<DecodedSamples> DecodedCache::Get(const SampleReader& store) {
  const v1::DatasetInfo& info = store.info();
  if (!info.uniform_size()) return nullptr;
  const uint64_t bytes = DecodedSamples::BytesOf(info);
  if (bytes > max_bytes_ || !IsRaw(store)) return nullptr;

  MutexLock lock(&mutex_);
  const auto name = absl::StrCat(info.name(), "@", info.version());
  uint64_t others = 0;
  for (auto entry = shared_.begin(); entry != shared_.end();) {
    if (auto samples = entry->second.samples.lock(); samples == nullptr) {
      entry = shared_.erase(entry);
    } else if (entry->first == name) {
      return samples;
    } else {
      others += entry->second.bytes;
      ++entry;
    }
  }
  if (bytes > max_bytes_ - others) return nullptr;
  auto samples = std::make_shared<DecodedSamples>(info);
  shared_[name] = {samples, bytes};
  return samples;
}

}  // namespace millrace
