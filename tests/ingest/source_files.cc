#include "tests/ingest/source_files.h"

#include <zlib.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "image/encode.h"
#include "storage/data_dir.h"

namespace millrace {
namespace {

Image TestPicture(int width, int height, int seed, int channels) {
  Image image(width, height, channels);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width * channels; ++x) {
      image.row(y)[x] = static_cast<uint8_t>(x * 3 + y * 5 + seed * 7);
    }
  }
  return image;
}

}  // namespace

void PutFile(const std::string& path, absl::string_view bytes) {
  std::filesystem::create_directories(
      std::filesystem::path(path).parent_path());
  std::ofstream file(path, std::ios::binary);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  ASSERT_TRUE(file.flush().good()) << path;
}

std::string Gzip(absl::string_view bytes) {
  z_stream stream = {};
  EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, 16 + MAX_WBITS, 8,
                         Z_DEFAULT_STRATEGY),
            Z_OK);
  std::string packed(deflateBound(&stream, bytes.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

std::string Idx(const std::vector<uint32_t>& sizes, absl::string_view bytes) {
  std::string idx = {0, 0, 8, static_cast<char>(sizes.size())};
  for (const uint32_t size : sizes) {
    for (int shift = 24; shift >= 0; shift -= 8) {
      idx.push_back(static_cast<char>(size >> shift & 0xFF));
    }
  }
  return idx.append(bytes.data(), bytes.size());
}

std::string TestJpeg(int width, int height, int seed, int channels) {
  return EncodeJpeg(TestPicture(width, height, seed, channels).view()).value();
}

std::string TestPng(int width, int height, int seed) {
  return EncodePng(TestPicture(width, height, seed, 3).view()).value();
}

std::string WithOrientation(absl::string_view jpeg, int orientation) {
  // APP1 with a big-endian TIFF of one entry: tag 0x0112, SHORT, count 1.
  std::string app1(
      "\xFF\xE1\x00\x22"
      "Exif\0\0"
      "MM\0\x2A\0\0\0\x08"
      "\0\x01"
      "\x01\x12\0\x03\0\0\0\x01\0\0\0\0"
      "\0\0\0\0",
      36);
  app1[29] = static_cast<char>(orientation);
  return std::string(jpeg.substr(0, 2)) + app1 + std::string(jpeg.substr(2));
}

IngestOptions TestOptions(const TemporaryFolder& folder) {
  IngestOptions options;
  options.data_dir = folder.path() + "/data";
  options.dataset = "test";
  return options;
}

std::vector<v1::SampleMeta> StoredMetas(const TemporaryFolder& folder) {
  std::vector<v1::SampleMeta> metas;
  const auto store = DataDir(folder.path() + "/data").Open({"test", ""});
  EXPECT_TRUE(store.ok()) << store.status();
  if (!store.ok()) return metas;
  for (uint64_t i = 0; i < (*store)->info().samples(); ++i) {
    metas.push_back((*store)->Read(i).value().meta);
  }
  return metas;
}

std::string RealData() {
  const char* const data = std::getenv("MILLRACE_TEST_DATA");
  return data != nullptr && std::filesystem::is_directory(data) ? data : "";
}

}  // namespace millrace
