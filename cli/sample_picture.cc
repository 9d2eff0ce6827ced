#include "cli/sample_picture.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/status_macros.h"
#include "cli/annotation_drawing.h"
#include "cli/canvas.h"
#include "cli/console.h"
#include "image/decode.h"
#include "image/mask.h"
#include "image/resample.h"

namespace millrace::cli {
namespace {

constexpr int kMaxSide = 1600;
// Images with a longer side below half of this are magnified.
constexpr int kMagnifiedSide = 640;
constexpr int kMinWidth = 640;
constexpr double kMargin = 16;
constexpr double kHeader = 56;
constexpr double kTextSize = 14;
constexpr double kLineHeight = 20;

absl::StatusOr<Image> RawImage(const Sample& sample) {
  const v1::ImageInfo& info = sample.meta.image();
  Image image(info.width(), info.height(), info.channels());
  if (image.pixels().size() != sample.image.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("raw image of ", sample.image.size(), " bytes, not ",
                     info.width(), "x", info.height(), "x", info.channels()));
  }
  std::memcpy(image.row(0), sample.image.data(), sample.image.size());
  return image;
}

absl::StatusOr<Image> UprightImage(const Sample& sample) {
  if (sample.meta.image().format() == v1::IMAGE_FORMAT_RAW) {
    return RawImage(sample);
  }
  return Decode(sample.image);
}

Image Reduced(const Image& image, double scale) {
  ResizeSpec spec;
  spec.width = std::max(1, static_cast<int>(image.width() * scale));
  spec.height = std::max(1, static_cast<int>(image.height() * scale));
  spec.window = {0, 0, spec.width, spec.height};
  Image reduced(spec.width, spec.height, image.channels());
  ResizeScratch scratch;
  ResizeWindow(image.view(), spec, &scratch, reduced.row(0), reduced.stride());
  return reduced;
}

// The picture's image, and the way from the sample's coordinates to it.
struct Shown {
  Image image;
  double x_scale = 1;
  double y_scale = 1;
};

Shown ReducedIfLarge(Image image) {
  const int side = std::max(image.width(), image.height());
  if (side <= kMaxSide) return {std::move(image), 1, 1};
  Shown shown{Reduced(image, static_cast<double>(kMaxSide) / side), 1, 1};
  shown.x_scale = static_cast<double>(shown.image.width()) / image.width();
  shown.y_scale = static_cast<double>(shown.image.height()) / image.height();
  return shown;
}

void AddPolygon(const v1::Polygon& polygon, const Shown& shown,
                std::vector<uint8_t>* raster) {
  std::vector<double> ring(polygon.coordinates().begin(),
                           polygon.coordinates().end());
  if (ring.size() < 6) return;
  for (size_t i = 0; i + 1 < ring.size(); i += 2) {
    ring[i] *= shown.x_scale;
    ring[i + 1] *= shown.y_scale;
  }
  const auto part = RasterOf(
      RunLengthsOfPolygon(ring, shown.image.height(), shown.image.width()));
  for (size_t i = 0; i < part.size(); ++i) (*raster)[i] |= part[i];
}

std::vector<uint8_t> RasterOfRuns(const v1::RunLengths& runs,
                                  const Shown& shown) {
  RunLengthMask mask;
  mask.height = runs.height();
  mask.width = runs.width();
  mask.counts.assign(runs.counts().begin(), runs.counts().end());
  if (!CheckRunLengths(mask).ok()) return {};
  const std::vector<uint8_t> source = RasterOf(mask);
  const int width = shown.image.width(), height = shown.image.height();
  std::vector<uint8_t> raster(size_t{1} * width * height);
  for (int y = 0; y < height; ++y) {
    const int from_y =
        std::min(static_cast<int>((y + 0.5) / shown.y_scale), mask.height - 1);
    for (int x = 0; x < width; ++x) {
      const int from_x =
          std::min(static_cast<int>((x + 0.5) / shown.x_scale), mask.width - 1);
      raster[size_t{1} * y * width + x] =
          source[size_t{1} * from_y * mask.width + from_x];
    }
  }
  return raster;
}

// Row-major, of the shown image's size; empty without a mask.
std::vector<uint8_t> MaskOf(const v1::Annotation& annotation,
                            const Shown& shown) {
  if (annotation.has_run_lengths()) {
    return RasterOfRuns(annotation.run_lengths(), shown);
  }
  if (annotation.polygons_size() == 0) return {};
  std::vector<uint8_t> raster(size_t{1} * shown.image.width() *
                              shown.image.height());
  for (const v1::Polygon& polygon : annotation.polygons()) {
    AddPolygon(polygon, shown, &raster);
  }
  return raster;
}

DrawnObject ObjectOf(const v1::DatasetInfo& dataset,
                     const v1::Annotation& annotation, const Shown& shown) {
  DrawnObject object;
  object.category = static_cast<int>(annotation.category());
  object.tag = TitleOf(dataset, annotation.category());
  object.crowd = annotation.crowd();
  if (object.crowd) absl::StrAppend(&object.tag, " (crowd)");
  object.x = annotation.box().x() * shown.x_scale;
  object.y = annotation.box().y() * shown.y_scale;
  object.width = annotation.box().width() * shown.x_scale;
  object.height = annotation.box().height() * shown.y_scale;
  for (const v1::Keypoint& point : annotation.keypoints()) {
    object.keypoints.push_back({point.x() * shown.x_scale,
                                point.y() * shown.y_scale,
                                static_cast<int>(point.visibility())});
  }
  if (object.category < dataset.categories_size()) {
    const auto& skeleton = dataset.categories(object.category).skeleton();
    object.skeleton = {skeleton.data(), static_cast<size_t>(skeleton.size())};
  }
  return object;
}

// One mask at a time: a sample may have thousands.
void DrawMasks(const v1::SampleMeta& meta, const Shown& shown,
               const Placement& place, Canvas* canvas) {
  MaskShades shades;
  for (const v1::Annotation& annotation : meta.annotations()) {
    const Colour shade = shades.Next(static_cast<int>(annotation.category()));
    const std::vector<uint8_t> mask = MaskOf(annotation, shown);
    if (mask.empty()) continue;
    canvas->DrawMask(mask.data(), place.width, place.height, place.x, place.y,
                     place.scale, shade);
  }
}

// Greedy; a word that is wider than a line gets one of its own.
std::vector<std::string> Wrap(const std::string& text, double width,
                              Canvas* canvas) {
  std::vector<std::string> lines;
  std::string line;
  const std::string printable = Printable(text);
  for (absl::string_view word :
       absl::StrSplit(printable, ' ', absl::SkipEmpty())) {
    std::string longer = absl::StrCat(line, line.empty() ? "" : " ", word);
    if (!line.empty() && canvas->TextWidth(longer, kTextSize) > width) {
      lines.push_back(std::move(line));
      longer = std::string(word);
    }
    line = std::move(longer);
  }
  if (!line.empty()) lines.push_back(std::move(line));
  return lines;
}

std::vector<std::string> CaptionLines(const v1::SampleMeta& meta, double width,
                                      Canvas* canvas) {
  std::vector<std::string> lines;
  for (const v1::Caption& caption : meta.captions()) {
    const std::string quoted = absl::StrCat("“", caption.text(), "”");
    for (std::string& line : Wrap(quoted, width, canvas)) {
      lines.push_back(std::move(line));
    }
  }
  return lines;
}

std::string LabelLine(const v1::DatasetInfo& dataset,
                      const v1::SampleMeta& meta) {
  std::string line;
  for (const uint32_t label : meta.labels()) {
    absl::StrAppend(&line, line.empty() ? "" : ", ", TitleOf(dataset, label));
  }
  if (meta.annotations_size() > 0) {
    absl::StrAppend(&line, line.empty() ? "" : "  ·  ",
                    Counted(meta.annotations_size(), "annotation"));
  }
  return line.empty() ? "no label, no annotations" : line;
}

void DrawHeader(const v1::DatasetInfo& dataset, uint64_t ordinal,
                const v1::SampleMeta& meta, Canvas* canvas) {
  const double room = canvas->width() - 2 * kMargin;
  canvas->Text(LabelLine(dataset, meta), kMargin, 26, 17, kInk, room, true);
  canvas->Text(
      absl::StrCat(dataset.name(), "  ·  #", ordinal, "  ·  ", meta.key(),
                   "  ·  ", meta.image().width(), "x", meta.image().height()),
      kMargin, 46, 12, kFaintInk, room);
}

}  // namespace

absl::Status WriteSamplePicture(const v1::DatasetInfo& dataset,
                                uint64_t ordinal, const Sample& sample,
                                const std::string& path) {
  MILLRACE_ASSIGN_OR_RETURN(Image image, UprightImage(sample));
  const Shown shown = ReducedIfLarge(std::move(image));
  const int width = shown.image.width(), height = shown.image.height();
  const double scale =
      std::max(1.0, std::floor(static_cast<double>(kMagnifiedSide) /
                               std::max(width, height)));
  const double canvas_width =
      2 * kMargin + std::max<double>(kMinWidth, width * scale);
  MILLRACE_ASSIGN_OR_RETURN(Canvas ruler, Canvas::Create(1, 1, kBackground));
  const std::vector<std::string> captions =
      CaptionLines(sample.meta, canvas_width - 2 * kMargin, &ruler);
  MILLRACE_ASSIGN_OR_RETURN(
      Canvas canvas,
      Canvas::Create(static_cast<int>(canvas_width),
                     static_cast<int>(kHeader + height * scale + kMargin +
                                      captions.size() * kLineHeight),
                     kBackground));
  DrawHeader(dataset, ordinal, sample.meta, &canvas);
  const Placement place = {(canvas_width - width * scale) / 2, kHeader, scale,
                           width, height};
  canvas.DrawImage(shown.image.view(), place.x, place.y, place.scale);
  DrawMasks(sample.meta, shown, place, &canvas);
  std::vector<DrawnObject> objects;
  for (const v1::Annotation& annotation : sample.meta.annotations()) {
    objects.push_back(ObjectOf(dataset, annotation, shown));
  }
  DrawObjects(objects, place, 13, &canvas);
  double baseline = kHeader + height * scale + kLineHeight;
  for (const std::string& line : captions) {
    canvas.Text(line, kMargin, baseline, kTextSize, kInk);
    baseline += kLineHeight;
  }
  return canvas.WritePng(path);
}

}  // namespace millrace::cli
