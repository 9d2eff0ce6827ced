#include "cli/contact_sheet.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "cli/batch_reader.h"
#include "cli/canvas.h"
#include "cli/console.h"

namespace millrace::cli {
namespace {

constexpr int64_t kMaxSamples = 64;
constexpr int64_t kMaxSamplesWithBoxes = 24;
// Longer side of a tile, in pixels of the picture.
constexpr int kTileSide = 224;
constexpr int kTileSideWithBoxes = 448;

constexpr double kMargin = 16;
constexpr double kGap = 10;
constexpr double kHeader = 44;
constexpr double kTitleHeight = 22;  // Of one line,
constexpr double kTitleLine = 16;    // and of another one.
constexpr double kTitleSize = 12;

struct Layout {
  int columns = 1;
  int rows = 1;
  double scale = 1;
  double tile_width = 0;
  double tile_height = 0;  // Of the image alone.
  double title_height = kTitleHeight;

  int width() const {
    return static_cast<int>(
        std::ceil(2 * kMargin + columns * (tile_width + kGap) - kGap));
  }
  int height() const {
    return static_cast<int>(std::ceil(
        kHeader + kMargin + rows * (tile_height + title_height + kGap) - kGap));
  }
};

// Small images grow by a whole factor, large ones shrink to the tile.
double ScaleFor(int side, int tile) {
  if (side <= tile) return std::floor(static_cast<double>(tile) / side);
  return static_cast<double>(tile) / side;
}

// Wide rather than tall, as screens are, with as few holes as possible.
int ColumnsFor(int count) {
  const int fewest = static_cast<int>(std::ceil(std::sqrt(count)));
  const int most = static_cast<int>(std::ceil(std::sqrt(2.0 * count)));
  const auto holes = [count](int columns) {
    return (columns - count % columns) % columns;
  };
  int best = fewest;
  for (int columns = fewest; columns <= most; ++columns) {
    if (holes(columns) < holes(best)) best = columns;
  }
  return best;
}

Layout LayOut(const BatchSamples& batch) {
  const auto count = std::max<size_t>(batch.samples.size(), 1);
  Layout layout;
  if (!batch.samples.empty()) {
    const Image& image = batch.samples[0].image;
    const int side = std::max({image.width(), image.height(), 1});
    int tile = batch.has_boxes ? kTileSideWithBoxes : kTileSide;
    // A wall of digits need not fill a wall.
    if (!batch.has_boxes && count > 16 && side <= tile / 4) tile /= 2;
    layout.scale = ScaleFor(side, tile);
    layout.tile_width = std::max(96.0, image.width() * layout.scale);
    layout.tile_height = image.height() * layout.scale;
  }
  if (std::any_of(
          batch.samples.begin(), batch.samples.end(),
          [](const BatchSample& sample) { return sample.shares.size() > 1; })) {
    layout.title_height += kTitleLine;
  }
  layout.columns = ColumnsFor(static_cast<int>(count));
  layout.rows = static_cast<int>((count + layout.columns - 1) / layout.columns);
  return layout;
}

int Percent(float share) {
  return static_cast<int>(std::lround(100 * std::min(share, 100.f)));
}

// "" where no sample has a label: the dataset is not one of classes.
std::string TitleWithoutLabel(const BatchSample& sample,
                              const BatchSamples& batch) {
  if (batch.has_boxes) return Counted(sample.objects.size(), "annotation");
  const bool labelled =
      std::any_of(batch.samples.begin(), batch.samples.end(),
                  [](const BatchSample& other) { return other.label >= 0; });
  return labelled ? "no label" : "";
}

// A line above a tile, with a dot of its label's colour.
struct TitleLine {
  std::string text;
  int64_t label = -1;
};

// One line, or the two parts of a mixed label, largest first.
std::vector<TitleLine> TitleLines(const BatchSample& sample,
                                  const v1::DatasetInfo& dataset,
                                  const BatchSamples& batch) {
  if (!sample.valid) return {{"padding"}};
  if (sample.label < 0) return {{TitleWithoutLabel(sample, batch)}};
  if (sample.shares.empty() || Percent(sample.shares[0].share) == 100) {
    return {{TitleOf(dataset, sample.label), sample.label}};
  }
  std::vector<TitleLine> lines;
  for (const LabelShare& part : sample.shares) {
    lines.push_back({absl::StrCat(TitleOf(dataset, part.label), ": ",
                                  Percent(part.share), " %"),
                     part.label});
  }
  return lines;
}

std::string TileNote(const BatchSample& sample) {
  if (!sample.valid || sample.ordinal < 0) return "";
  return absl::StrCat("#", sample.ordinal);
}

void CrossOut(const Layout& layout, double x, double y, Canvas* canvas) {
  canvas->FillRectangle(x, y, layout.tile_width, layout.tile_height, kPaper);
  canvas->Line(x + 4, y + 4, x + layout.tile_width - 4,
               y + layout.tile_height - 4, 1.5, kFaintInk);
  canvas->Line(x + layout.tile_width - 4, y + 4, x + 4,
               y + layout.tile_height - 4, 1.5, kFaintInk);
}

void DrawTitle(const BatchSample& sample, const v1::DatasetInfo& dataset,
               const Layout& layout, const BatchSamples& batch, double x,
               double y, Canvas* canvas) {
  const std::string note = TileNote(sample);
  const double note_width = canvas->TextWidth(note, kTitleSize - 1);
  double baseline = y + kTitleHeight - 7;
  canvas->Text(note, x + layout.tile_width - note_width, baseline,
               kTitleSize - 1, kFaintInk);
  for (const TitleLine& line : TitleLines(sample, dataset, batch)) {
    const double dot = line.label >= 0 ? 12 : 0;
    if (line.label >= 0) {
      canvas->Dot(x + 4, baseline - 4, 3.5, false, ColourOf(line.label));
    }
    canvas->Text(line.text, x + dot, baseline, kTitleSize, kInk,
                 layout.tile_width - note_width - 6 - dot, true);
    baseline += kTitleLine;
  }
}

void DrawTile(const BatchSample& sample, const v1::DatasetInfo& dataset,
              const Layout& layout, const BatchSamples& batch, double x,
              double y, Canvas* canvas) {
  DrawTitle(sample, dataset, layout, batch, x, y, canvas);
  y += layout.title_height;
  if (!sample.valid) return CrossOut(layout, x, y, canvas);
  const int width = sample.image.width(), height = sample.image.height();
  const double indent = (layout.tile_width - width * layout.scale) / 2;
  const Placement place = {x + indent, y, layout.scale, width, height};
  canvas->DrawImage(sample.image.view(), place.x, place.y, place.scale);
  DrawObjects(sample.objects, place, 11, canvas);
}

void DrawHeader(const client::ReceivedBatch& batch,
                const v1::DatasetInfo& dataset, const BatchSamples& samples,
                Canvas* canvas) {
  const double size = 16, baseline = 28;
  canvas->Text(dataset.name(), kMargin, baseline, size, kInk, 0, true);
  double x = kMargin + canvas->TextWidth(dataset.name(), size, true) + 14;
  std::string facts = absl::StrCat("epoch ", batch.epoch, ", step ",
                                   batch.step_in_epoch, "  ·  ");
  const size_t shown = samples.samples.size();
  if (static_cast<int64_t>(shown) < samples.batch_size) {
    absl::StrAppend(&facts, shown, " of ");
  }
  absl::StrAppend(&facts, Counted(samples.batch_size, "sample"));
  if (shown > 0) {
    const Image& image = samples.samples[0].image;
    absl::StrAppend(&facts, "  ·  ", image.width(), "x", image.height());
  }
  canvas->Text(facts, x, baseline, 13, kFaintInk,
               canvas->width() - x - kMargin);
}

}  // namespace

absl::Status WriteContactSheet(const client::ReceivedBatch& batch,
                               const v1::DatasetInfo& dataset,
                               const std::string& path,
                               v1::BatchOptions::BoxFormat box_format) {
  const int64_t most =
      batch.Find("boxes") != nullptr ? kMaxSamplesWithBoxes : kMaxSamples;
  MILLRACE_ASSIGN_OR_RETURN(const BatchSamples samples,
                            ReadSamplesOf(batch, dataset, box_format, most));
  const Layout layout = LayOut(samples);
  MILLRACE_ASSIGN_OR_RETURN(Canvas canvas,
                            Canvas::Create(std::max(layout.width(), 480),
                                           layout.height(), kBackground));
  DrawHeader(batch, dataset, samples, &canvas);
  for (size_t i = 0; i < samples.samples.size(); ++i) {
    const double x =
        kMargin + (i % layout.columns) * (layout.tile_width + kGap);
    const double y =
        kHeader + (i / layout.columns) *
                      (layout.tile_height + layout.title_height + kGap);
    DrawTile(samples.samples[i], dataset, layout, samples, x, y, &canvas);
  }
  return canvas.WritePng(path);
}

}  // namespace millrace::cli
