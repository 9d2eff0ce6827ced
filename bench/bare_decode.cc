// The physical limit of whole-image decoding: libjpeg-turbo in a bare loop, on
// every core, files already in memory, pixels thrown away.
//
//   bare_decode DIR [--threads N] [--seconds S]
// jpeglib.h needs stdio.h before it.
#include <stdio.h>

#include <jpeglib.h>

#include <atomic>
#include <chrono>
#include <csetjmp>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include <CLI/CLI.hpp>

namespace {

struct ErrorManager {
  jpeg_error_mgr base;
  std::jmp_buf jump;
};

void Fail(j_common_ptr info) {
  std::longjmp(reinterpret_cast<ErrorManager*>(info->err)->jump, 1);
}

// Decodes one file to RGB, row by row into `row`.
bool DecodeOnce(const std::string& file, std::vector<JSAMPLE>& row) {
  jpeg_decompress_struct info;
  ErrorManager error;
  info.err = jpeg_std_error(&error.base);
  error.base.error_exit = Fail;
  error.base.emit_message = [](j_common_ptr, int) {};
  jpeg_create_decompress(&info);
  if (setjmp(error.jump) != 0) {
    jpeg_destroy_decompress(&info);
    return false;
  }
  jpeg_mem_src(&info, reinterpret_cast<const unsigned char*>(file.data()),
               file.size());
  jpeg_read_header(&info, TRUE);
  info.out_color_space = JCS_RGB;
  jpeg_start_decompress(&info);
  JSAMPROW rows[] = {row.data()};
  while (info.output_scanline < info.output_height) {
    jpeg_read_scanlines(&info, rows, 1);
  }
  jpeg_finish_decompress(&info);
  jpeg_destroy_decompress(&info);
  return true;
}

std::vector<std::string> ReadFiles(const std::string& directory) {
  std::vector<std::string> files;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(directory)) {
    if (!entry.is_regular_file()) continue;
    std::ifstream in(entry.path(), std::ios::binary);
    files.emplace_back(std::istreambuf_iterator<char>(in),
                       std::istreambuf_iterator<char>());
  }
  return files;
}

}  // namespace

int main(int argc, char** argv) {
  std::string directory;
  unsigned threads = std::thread::hardware_concurrency();
  double seconds = 5;
  CLI::App app("libjpeg-turbo in a bare loop: images decoded per second");
  app.add_option("DIR", directory, "A tree of JPEG files")->required();
  app.add_option("--threads", threads, "Decoding threads (default: all cores)");
  app.add_option("--seconds", seconds, "How long to measure");
  CLI11_PARSE(app, argc, argv);

  const std::vector<std::string> files = ReadFiles(directory);
  if (files.empty()) {
    std::cerr << "bare_decode: no files in " << directory << "\n";
    return 1;
  }
  using Clock = std::chrono::steady_clock;
  const Clock::time_point start = Clock::now();
  const auto end = start + std::chrono::duration<double>(seconds);
  std::atomic<size_t> next{0};
  std::atomic<size_t> decoded{0};
  std::vector<std::thread> workers;
  for (unsigned i = 0; i < threads; ++i) {
    workers.emplace_back([&] {
      std::vector<JSAMPLE> row(65500 * 3);
      while (Clock::now() < end) {
        decoded += DecodeOnce(files[next++ % files.size()], row);
      }
    });
  }
  for (std::thread& worker : workers) worker.join();
  const std::chrono::duration<double> elapsed = Clock::now() - start;
  std::cout << "{\"images_per_second\": " << decoded / elapsed.count()
            << "}\n";
}
