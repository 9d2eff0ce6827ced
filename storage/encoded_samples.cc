#include "storage/encoded_samples.h"

#include "absl/types/span.h"
#include "storage/body_digests.h"
#include "storage/record.h"

namespace millrace {

EncodedSamples::EncodedSamples(size_t samples)
    : arena_(std::make_unique<google::protobuf::Arena>()) {
  samples_.reserve(samples);
}

v1::SampleMeta* EncodedSamples::NewMeta() {
  return google::protobuf::Arena::CreateMessage<v1::SampleMeta>(arena_.get());
}

void EncodedSamples::Add(const v1::SampleMeta* meta, absl::string_view image,
                         absl::string_view decode_record) {
  const size_t begin = records_.size();
  AppendRecord(*meta, image, decode_record, &records_);
  const size_t bytes = records_.size() - begin;
  samples_.push_back({meta, image.size(), bytes});
  digested_ = false;
  // Those that follow are about as large.
  if (begin == 0) records_.reserve(bytes * samples_.capacity());
}

void EncodedSamples::Digest() {
  if (digested_) return;
  digested_ = true;
  std::vector<absl::string_view> bodies;
  bodies.reserve(samples_.size());
  const char* record = records_.data();
  for (const Sample& sample : samples_) {
    bodies.push_back(RecordBody({record, sample.record_bytes}));
    record += sample.record_bytes;
  }
  std::vector<Sha256Digest> digests(bodies.size());
  Sha256OfEach(bodies, absl::MakeSpan(digests));
  for (size_t i = 0; i < digests.size(); ++i) samples_[i].digest = digests[i];
}

EncodedSamples EncodeSample(const v1::SampleMeta& meta, absl::string_view image,
                            absl::string_view decode_record) {
  EncodedSamples samples;
  v1::SampleMeta* const copy = samples.NewMeta();
  *copy = meta;
  samples.Add(copy, image, decode_record);
  samples.Digest();
  return samples;
}

}  // namespace millrace
