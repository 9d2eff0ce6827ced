#include "tests/integration/world.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "image/encode.h"
#include "image/image.h"

namespace millrace {

namespace {

constexpr int kDigitSide = 28;
constexpr absl::Duration kStartTimeout = absl::Seconds(60);

// IDX numbers are big-endian.
std::string BigEndian(uint32_t value) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) {
    bytes.push_back(static_cast<char>(value >> shift));
  }
  return bytes;
}

// A picture with structure, different for every `index`.
uint8_t Shade(int index, int x, int y, int channel) {
  return static_cast<uint8_t>(x * (index % 7 + 1) + y * (index % 5 + 1) +
                              index * 13 + channel * 60 + x * y / 8);
}

Image DrawPhoto(int index, int side) {
  Image image(side, side, 3);
  for (int y = 0; y < side; ++y) {
    for (int x = 0; x < side * 3; ++x) {
      image.row(y)[x] = Shade(index, x / 3, y, x % 3);
    }
  }
  return image;
}

}  // namespace

void WriteFile(const std::string& path, const std::string& content) {
  std::ofstream(path, std::ios::binary) << content;
}

std::string ReadFile(const std::string& path) {
  std::ostringstream content;
  content << std::ifstream(path, std::ios::binary).rdbuf();
  return content.str();
}

std::vector<std::string> ReadLines(const std::string& path) {
  return absl::StrSplit(ReadFile(path), '\n', absl::SkipEmpty());
}

std::vector<std::string> DrawDigits(const std::string& folder, int count) {
  std::filesystem::create_directories(folder);
  std::string images = BigEndian(0x803) + BigEndian(count) +
                       BigEndian(kDigitSide) + BigEndian(kDigitSide);
  std::string labels = BigEndian(0x801) + BigEndian(count);
  for (int i = 0; i < count; ++i) {
    for (int pixel = 0; pixel < kDigitSide * kDigitSide; ++pixel) {
      images.push_back(static_cast<char>(
          Shade(i, pixel % kDigitSide, pixel / kDigitSide, 0)));
    }
    labels.push_back(static_cast<char>(i % 10));
  }
  WriteFile(folder + "/images", images);
  WriteFile(folder + "/labels", labels);
  return {"--images", folder + "/images", "--labels", folder + "/labels"};
}

void DrawPhotos(const std::string& folder, int count, int side) {
  for (const char* name : {"a", "b"}) {
    std::filesystem::create_directories(folder + "/" + name);
  }
  for (int i = 0; i < count; ++i) {
    const absl::StatusOr<std::string> jpeg =
        EncodeJpeg(DrawPhoto(i, side).view());
    ASSERT_TRUE(jpeg.ok()) << jpeg.status();
    WriteFile(absl::StrCat(folder, i % 2 == 0 ? "/a/" : "/b/", i, ".jpg"),
              *jpeg);
  }
}

Outcome Millrace(const std::vector<std::string>& arguments) {
  std::vector<std::string> argv = {Program("millrace")};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  Outcome outcome = RunToEnd(argv);
  EXPECT_EQ(outcome.code, 0) << outcome.err << outcome.out;
  return outcome;
}

Server::Server(const std::string& data_dir, int port)
    : process_({Program("millraced"), "--data-dir", data_dir, "--listen",
                absl::StrCat("127.0.0.1:", port), "--metrics-listen", ""}) {
  const absl::StatusOr<std::string> line =
      process_.WaitForErrorLine("\"millraced started\"", kStartTimeout);
  EXPECT_TRUE(line.ok()) << line.status();
  if (!line.ok()) return;
  for (const absl::string_view field : absl::StrSplit(*line, ' ')) {
    const std::pair<absl::string_view, absl::string_view> parts =
        absl::StrSplit(field, absl::MaxSplits('=', 1));
    if (parts.first == "port") {
      EXPECT_TRUE(absl::SimpleAtoi(parts.second, &port_)) << *line;
    }
  }
  EXPECT_GT(port_, 0) << *line;
}

std::string Server::endpoint() const {
  return absl::StrCat("127.0.0.1:", port_);
}

std::vector<std::string> PullRun::Command() const {
  std::vector<std::string> argv = {Program("millrace"),
                                   "pull",
                                   "--endpoint",
                                   endpoint,
                                   "--plan",
                                   plan_file,
                                   "--give-up-after",
                                   give_up_seconds,
                                   "--digest",
                                   "--json"};
  if (!log_file.empty()) {
    argv.insert(argv.end(), {"--log-samples", log_file});
  }
  argv.insert(argv.end(), more.begin(), more.end());
  return argv;
}

}  // namespace millrace
