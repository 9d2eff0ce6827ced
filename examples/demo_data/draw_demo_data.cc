// The program draw_demo_data; see README.md.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>

#include "base/status_macros.h"
#include "examples/demo_data/demo_data.h"

namespace {

struct Flags {
  std::string out;
  int digits = 6000;
  int scenes = 80;
  uint64_t seed = 1;
};

absl::Status Draw(const Flags& flags) {
  using namespace millrace::demo;
  MILLRACE_RETURN_IF_ERROR(DrawMnist(flags.out, flags.digits, flags.seed));
  MILLRACE_RETURN_IF_ERROR(DrawCoco(flags.out, flags.scenes, flags.seed));
  return DrawImagenet(flags.out, (flags.scenes + 3) / 4, flags.seed);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app(
      "Draws small datasets in the file formats of MNIST, COCO and ImageNet.",
      "draw_demo_data");
  Flags flags;
  app.add_option("--out", flags.out, "Folder to draw into")
      ->type_name("DIR")
      ->required();
  app.add_option("--digits", flags.digits, "Training digits")
      ->type_name("N")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  app.add_option("--scenes", flags.scenes,
                 "Training scenes; a quarter as many images of each class")
      ->type_name("N")
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
  app.add_option("--seed", flags.seed, "Another seed draws other pictures")
      ->type_name("S")
      ->capture_default_str();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  const absl::Status status = Draw(flags);
  if (!status.ok()) {
    std::fprintf(stderr, "draw_demo_data: %s\n",
                 std::string(status.message()).c_str());
    return 1;
  }
  std::printf("drew mnist/, coco/ and imagenet/ in %s\n", flags.out.c_str());
  return 0;
}
