// Random reads of a dataset's records, in bytes a second, against pread of the
// same bytes from one flat file.
//
//   storage_read --data-dir DIR --dataset NAME [--way store|pread]
//                [--threads N] [--seconds S]
#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <functional>
#include <iostream>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <CLI/CLI.hpp>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "storage/data_dir.h"

namespace millrace {
namespace {

struct Flags {
  std::string data_dir;
  std::string dataset;
  std::string way = "store";
  unsigned threads = std::thread::hardware_concurrency();
  double seconds = 5;
};

// Bytes of the sample with this ordinal; one for each thread.
using Reader = std::function<absl::StatusOr<size_t>(uint64_t)>;

// All images in a row, in a file that has no name.
class FlatFile {
 public:
  explicit FlatFile(const SampleStore& store)
      : file_(std::tmpfile()), offsets_{0} {
    for (uint64_t i = 0; i < store.info().samples(); ++i) {
      const absl::StatusOr<Sample> sample = store.Read(i);
      if (!sample.ok()) continue;
      std::fwrite(sample->image.data(), 1, sample->image.size(), file_);
      offsets_.push_back(offsets_.back() + sample->image.size());
    }
    std::fflush(file_);
  }
  ~FlatFile() { std::fclose(file_); }
  FlatFile(const FlatFile&) = delete;
  FlatFile& operator=(const FlatFile&) = delete;

  absl::StatusOr<size_t> Read(uint64_t index, std::string* out) const {
    const size_t size = offsets_[index + 1] - offsets_[index];
    out->resize(size);
    const ssize_t got = pread(fileno(file_), out->data(), size,
                              static_cast<off_t>(offsets_[index]));
    if (got == static_cast<ssize_t>(size)) return size;
    return absl::DataLossError("pread came back short");
  }

 private:
  std::FILE* const file_;
  std::vector<size_t> offsets_;
};

absl::StatusOr<double> BytesPerSecond(const std::function<Reader()>& new_reader,
                                      uint64_t samples, const Flags& flags) {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point start = Clock::now();
  const Clock::time_point end =
      start + std::chrono::duration_cast<Clock::duration>(
                  std::chrono::duration<double>(flags.seconds));
  std::atomic<size_t> bytes{0};
  std::atomic<bool> failed{false};
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < flags.threads; ++i) {
    threads.emplace_back([&, i] {
      std::mt19937_64 random(i);
      const Reader read = new_reader();
      while (!failed && Clock::now() < end) {
        const absl::StatusOr<size_t> size = read(random() % samples);
        if (!size.ok()) {
          failed = true;
          return;
        }
        bytes += *size;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  if (failed) return absl::DataLossError("a sample could not be read");
  const std::chrono::duration<double> elapsed = Clock::now() - start;
  return static_cast<double>(bytes) / elapsed.count();
}

absl::Status Main(const Flags& flags) {
  MILLRACE_ASSIGN_OR_RETURN(const DatasetRef ref,
                            DatasetRef::Parse(flags.dataset));
  MILLRACE_ASSIGN_OR_RETURN(const auto store,
                            DataDir(flags.data_dir).Open(ref));
  const FlatFile flat(*store);  // Also makes all pages of the dataset warm.
  const auto from_store = [&]() -> Reader {
    return [&](uint64_t i) -> absl::StatusOr<size_t> {
      MILLRACE_ASSIGN_OR_RETURN(const Sample sample, store->Read(i));
      return sample.image.size();
    };
  };
  const auto from_file = [&]() -> Reader {
    return [&, buffer = std::string()](uint64_t i) mutable {
      return flat.Read(i, &buffer);
    };
  };
  MILLRACE_ASSIGN_OR_RETURN(
      const double rate,
      flags.way == "store"
          ? BytesPerSecond(from_store, store->info().samples(), flags)
          : BytesPerSecond(from_file, store->info().samples(), flags));
  std::cout << "{\"bytes_per_second\": " << absl::StrCat(rate) << "}\n";
  return absl::OkStatus();
}

}  // namespace
}  // namespace millrace

int main(int argc, char** argv) {
  millrace::Flags flags;
  CLI::App app("Random reads of records that lie in the page cache");
  app.add_option("--data-dir", flags.data_dir, "Folder of datasets")
      ->required();
  app.add_option("--dataset", flags.dataset, "Its name")->required();
  app.add_option("--way", flags.way, "store or pread")
      ->check(CLI::IsMember({"store", "pread"}));
  app.add_option("--threads", flags.threads, "Threads (default: all cores)");
  app.add_option("--seconds", flags.seconds, "How long to measure");
  CLI11_PARSE(app, argc, argv);
  const absl::Status status = millrace::Main(flags);
  if (!status.ok()) std::cerr << "storage_read: " << status.message() << "\n";
  return status.ok() ? 0 : 1;
}
