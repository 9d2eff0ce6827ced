// From source files to a published dataset.
//
//   Source::Load + ImageIntake + Source::Annotate + EncodedSamples   (workers)
//     --> a bounded window that restores the source's order
//     --> DatasetWriter::Append, Publish                   (calling thread)
//
// Each image is decoded. What fails is quarantined: left out, and listed with
// its key and reason. What decodes although the decoder complained is served,
// and listed as warned. JPEGs get tiles (ingest/image_intake.h); those that
// cannot are stored as they came, and listed as untiled. Nothing is dropped
// without a word.
//
// The same content gives the same ordinals and the same version, whatever the
// number of shards or threads.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "image/decode.h"
#include "ingest/image_intake.h"
#include "millrace/v1/dataset.pb.h"
#include "millrace/v1/sample.pb.h"

namespace millrace {

// One item as its source has it.
struct SourceItem {
  // An encoded image.
  std::string image;
  // Or raw pixels, in memory that items may share, and what they are: format,
  // width, height, channels. `raw` is null for encoded images, else the
  // source's.
  absl::string_view pixels;
  std::shared_ptr<const char[]> pixels_owner;
  const v1::ImageInfo* raw = nullptr;
};

// What is worth telling about an item that is served all the same.
struct Findings {
  // Such as "boxes scaled from 500x375 to 224x224".
  std::vector<std::string> warnings;
  // Annotations that are wrong in themselves and were left out.
  std::vector<v1::Quarantined> dropped;
};

// A dataset in its source format: an ordered list of items. Opened by
// OpenMnistSource, OpenImagenetSource, OpenCocoSource, OpenFolderSource.
//
// Const methods are thread-safe.
class Source {
 public:
  virtual ~Source() = default;

  // kind, categories and hierarchy; the other fields are empty.
  virtual const v1::DatasetInfo& description() const = 0;

  // What was found wrong on opening: files that are no item, annotations that
  // belong to no image. Counts as quarantined.
  virtual const std::vector<v1::Quarantined>& problems() const = 0;

  // For people: what was left alone, or taken for granted.
  virtual const std::vector<std::string>& notes() const = 0;

  virtual uint64_t size() const = 0;

  // Of all images, about.
  virtual uint64_t image_bytes() const = 0;

  // How many items a thread takes at once, at least 1: more than that where
  // handing over a single one would cost more than the item itself.
  virtual uint64_t run_length() const { return 1; }

  // Whether items must be loaded in order, by one thread at a time.
  virtual bool in_order() const { return false; }

  // Unique in the source.
  virtual std::string Key(uint64_t item) const = 0;

  // Reads an item of at most `max_bytes`. An error quarantines it.
  virtual absl::StatusOr<SourceItem> Load(uint64_t item,
                                          uint64_t max_bytes) const = 0;

  // The same for `count` items, one after the other, at once.
  virtual std::vector<absl::StatusOr<SourceItem>> LoadRun(
      uint64_t first, uint64_t count, uint64_t max_bytes) const;

  // Asked when an item could not be loaded. An error: it is the source that is
  // no good, and all of it is refused.
  virtual absl::Status Check() const { return absl::OkStatus(); }

  // Adds labels, annotations, captions and source_id to *meta, whose key and
  // image are filled in; coordinates are those of the upright image. An error
  // quarantines the item.
  virtual absl::Status Annotate(uint64_t item, v1::SampleMeta* meta,
                                Findings* findings) const = 0;
};

struct IngestProgress {
  // Items done (stored or quarantined), of `total`.
  uint64_t done = 0;
  uint64_t total = 0;
  // Entries of the quarantine list so far.
  uint64_t quarantined = 0;
  // Of the images stored so far, as the source has them.
  uint64_t bytes = 0;
};

struct IngestOptions {
  // Where and what.
  std::string data_dir;
  std::string dataset;  // A name without version, such as "coco/val2017".
  // 0: one for each kShardBytes of images, at least 1, at most kAutoShards.
  int shards = 0;
  static constexpr uint64_t kShardBytes = uint64_t{64} << 20;
  static constexpr int kAutoShards = 4;
  // Refuse the dataset if anything at all is quarantined. All items are
  // checked even so, and one run names everything.
  bool strict = false;
  ImageOptions images;

  // Limits. Each costs memory for every thread at worst.
  DecodeLimits limits;
  uint64_t max_file_bytes = uint64_t{256} << 20;
  // A source with more quarantined entries than this is refused: its list would
  // grow without bound, and something else is wrong.
  uint64_t max_quarantined = 100'000;

  // Performance.
  int threads = 0;  // 0: one for each core.
  // Items and bytes that wait for a slower one before them.
  uint64_t window_items = 4096;
  uint64_t window_bytes = uint64_t{128} << 20;
  // Pixels being decoded at a time, over all threads. A single larger image is
  // decoded alone.
  uint64_t decode_bytes = uint64_t{256} << 20;

  // Called on the calling thread, at most ten times a second and at the end.
  std::function<void(const IngestProgress&)> on_progress;
  // Called on the calling thread for each entry, as it is found; in item
  // order, also when the dataset is refused later.
  std::function<void(const v1::Quarantined&)> on_quarantined;
  // Looked at between items and between the steps of publishing; may be null.
  const std::atomic<bool>* cancel = nullptr;

  absl::Status Validate() const;
};

struct IngestResult {
  v1::DatasetInfo info;
  std::vector<v1::Quarantined> quarantined;
  // Key and warning of items that are served all the same; the first 100,000.
  std::vector<v1::Quarantined> warned;
  // Key and reason of JPEGs that were to get tiles and are stored as they came;
  // the first 100,000, and how many they are.
  std::vector<v1::Quarantined> untiled;
  uint64_t untiled_count = 0;
  // JPEGs of which our decoder and libjpeg made different pixels: such are
  // served by libjpeg.
  uint64_t needs_libjpeg_count = 0;
  // Of the images that are stored, as the source has them; they take
  // info.image_bytes() now.
  uint64_t source_bytes = 0;
  // What the tiles' places take beside the images.
  uint64_t decode_record_bytes = 0;
  // Source::notes().
  std::vector<std::string> notes;
};

// Publishes all of `source`, or nothing.
//
// Errors, after each of which nothing new is visible:
//   CANCELLED            *options.cancel became true
//   INVALID_ARGUMENT     bad options, or not one good sample
//   those of Source::Check
//   FAILED_PRECONDITION  `strict`, and something is quarantined (the message
//                        names the first few); or as DatasetWriter::Create
//   RESOURCE_EXHAUSTED   more than max_quarantined entries
//   those of DatasetWriter (a full disk, a folder that cannot be written)
absl::StatusOr<IngestResult> Ingest(const Source& source,
                                    const IngestOptions& options);

}  // namespace millrace
