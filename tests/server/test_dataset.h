// Small real datasets on disk for tests of the server.
#pragma once

#include <cstdint>
#include <string>

#include "millrace/v1/dataset.pb.h"
#include "millrace/v1/plan.pb.h"

namespace millrace {

// A fresh folder, removed when destroyed.
class TempDataDir {
 public:
  TempDataDir();
  ~TempDataDir();
  TempDataDir(const TempDataDir&) = delete;
  TempDataDir& operator=(const TempDataDir&) = delete;

  const std::string& path() const { return path_; }

  // Publishes `samples` gray squares. Sample i has key "i", label i mod 10, a
  // box around all of it, and every pixel (i + salt) mod 256. With `broken` >=
  // 0, that sample is a JPEG file that does not decode.
  v1::DatasetInfo Publish(const std::string& name, int samples, int side,
                          int salt = 0, int broken = -1) const;

 private:
  std::string path_;
};

// Sequential, no transforms.
v1::Plan PlanOf(const std::string& dataset, uint32_t batch_size);

}  // namespace millrace
