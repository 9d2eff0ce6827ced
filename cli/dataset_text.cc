#include "cli/dataset_text.h"

#include <algorithm>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "cli/console.h"

namespace millrace::cli {
namespace {

using Align = Table::Align;

constexpr int kBarColumns = 30;
constexpr int kMaxCell = 44;

std::string ImageSize(const v1::DatasetInfo& info) {
  const char* color = info.channels() == 1 ? ", gray" : ", RGB";
  return info.uniform_size()
             ? absl::StrCat(info.max_width(), "x", info.max_height(), color)
             : absl::StrCat("widths up to ", info.max_width(),
                            ", heights up to ", info.max_height(), color);
}

std::string Facts(const v1::DatasetInfo& info) {
  Table facts({Align::kLeft, Align::kLeft, Align::kLeft}, 100);
  facts.AddRow({"", "kind", info.kind()});
  facts.AddRow({"", "samples", Count(info.samples())});
  facts.AddRow({"", "classes", Count(info.categories_size())});
  facts.AddRow({"", "annotations", Count(info.annotations())});
  if (info.masks() > 0) {
    facts.AddRow({"", "masks", Count(info.masks())});
  }
  if (info.captions() > 0) {
    facts.AddRow({"", "captions", Count(info.captions())});
  }
  facts.AddRow({"", "images", ImageSize(info)});
  facts.AddRow({"", "quarantined", Count(info.quarantined())});
  facts.AddRow({"", "warned", Count(info.warned())});
  facts.AddRow({"", "size",
                absl::StrCat(Bytes(info.image_bytes()), " of images, ",
                             Bytes(info.record_bytes()), " in ",
                             Counted(info.shards(), "shard"))});
  facts.AddRow({"", "published", UtcTime(info.published_unix_seconds())});
  return absl::StrCat(info.name(), "@", info.version(), "\n", facts.ToString());
}

std::string NameAndTitle(const v1::Category& category) {
  if (category.title().empty() || category.title() == category.name()) {
    return category.name();
  }
  return absl::StrCat(category.name(), " ", category.title());
}

std::vector<const v1::Category*> LargestFirst(const v1::DatasetInfo& info) {
  std::vector<const v1::Category*> order;
  for (const auto& category : info.categories()) order.push_back(&category);
  std::stable_sort(
      order.begin(), order.end(),
      [](const auto* a, const auto* b) { return a->samples() > b->samples(); });
  return order;
}

std::string ClassHistogram(const v1::DatasetInfo& info, size_t limit) {
  const auto order = LargestFirst(info);
  if (order.empty()) return "";
  const bool annotated = info.annotations() > 0;
  Table table(
      {Align::kLeft, Align::kLeft, Align::kRight, Align::kRight, Align::kLeft},
      kMaxCell);
  table.AddRow({"", "CLASS", "SAMPLES", annotated ? "ANNOTATIONS" : "", ""});
  const size_t shown = std::min(limit, order.size());
  for (size_t i = 0; i < shown; ++i) {
    const v1::Category& category = *order[i];
    table.AddRow({"", NameAndTitle(category), Count(category.samples()),
                  annotated ? Count(category.annotations()) : "",
                  Bar(static_cast<double>(category.samples()),
                      static_cast<double>(order[0]->samples()), kBarColumns)});
  }
  std::string text = absl::StrCat("\nClasses\n", table.ToString());
  if (shown < order.size()) {
    const uint64_t rest =
        std::accumulate(order.begin() + shown, order.end(), uint64_t{0},
                        [](uint64_t sum, const auto* category) {
                          return sum + category->samples();
                        });
    absl::StrAppend(&text, "  and ", Count(order.size() - shown), " more with ",
                    Counted(rest, "sample"), " (--all shows them)\n");
  }
  return text;
}

std::string BoxHistogram(const v1::DatasetInfo& info) {
  uint64_t largest = 0;
  for (const auto& bin : info.box_sizes()) {
    largest = std::max(largest, bin.count());
  }
  if (largest == 0) return "";
  Table table({Align::kLeft, Align::kRight, Align::kRight, Align::kLeft});
  table.AddRow({"", "PIXELS", "BOXES", ""});
  for (const auto& bin : info.box_sizes()) {
    table.AddRow({"", absl::StrFormat("%g - %g", bin.lower(), bin.upper()),
                  Count(bin.count()),
                  Bar(static_cast<double>(bin.count()),
                      static_cast<double>(largest), kBarColumns)});
  }
  return absl::StrCat("\nBox sizes (square root of the area)\n",
                      table.ToString());
}

std::string KeypointNames(const v1::DatasetInfo& info) {
  std::string text;
  for (const v1::Category& category : info.categories()) {
    if (category.keypoint_names_size() == 0) continue;
    absl::StrAppend(
        &text, "\nKeypoints of ", Printable(category.name()), "\n  ",
        Printable(absl::StrJoin(category.keypoint_names(), ", ")), "\n");
  }
  return text;
}

std::string ClassName(const v1::DatasetInfo& info, uint32_t category) {
  return category < static_cast<uint32_t>(info.categories_size())
             ? NameAndTitle(info.categories(category))
             : absl::StrCat(category);
}

std::string MaskForm(const v1::Annotation& annotation) {
  if (annotation.has_run_lengths()) return "run lengths";
  if (annotation.polygons_size() == 0) return "";
  return Counted(annotation.polygons_size(), "polygon");
}

std::string KeypointSummary(const v1::Annotation& annotation) {
  if (annotation.keypoints_size() == 0) return "";
  const auto labelled = std::count_if(
      annotation.keypoints().begin(), annotation.keypoints().end(),
      [](const auto& point) { return point.visibility() > 0; });
  return absl::StrCat(labelled, " of ", annotation.keypoints_size());
}

std::string Annotations(const v1::DatasetInfo& info,
                        const v1::SampleMeta& meta) {
  if (meta.annotations_size() == 0) return "";
  Table table({Align::kLeft, Align::kRight, Align::kLeft, Align::kRight,
               Align::kRight, Align::kRight, Align::kRight, Align::kRight,
               Align::kLeft, Align::kLeft, Align::kLeft},
              kMaxCell);
  table.AddRow({"", "ID", "CLASS", "X", "Y", "WIDTH", "HEIGHT", "AREA", "MASK",
                "KEYPOINTS", ""});
  for (const v1::Annotation& a : meta.annotations()) {
    const auto number = [](double value) {
      return absl::StrFormat("%.1f", value);
    };
    table.AddRow({"", absl::StrCat(a.id()), ClassName(info, a.category()),
                  number(a.box().x()), number(a.box().y()),
                  number(a.box().width()), number(a.box().height()),
                  number(a.area()), MaskForm(a), KeypointSummary(a),
                  a.crowd()       ? "crowd"
                  : a.difficult() ? "difficult"
                                  : ""});
  }
  return absl::StrCat("\nAnnotations\n", table.ToString());
}

}  // namespace

std::string DescribeDataset(const v1::DatasetInfo& info,
                            const TextLimits& limits) {
  return absl::StrCat(Facts(info), ClassHistogram(info, limits.classes),
                      BoxHistogram(info), KeypointNames(info),
                      DescribeHierarchy(info, limits.hierarchy_lines));
}

std::string DescribeSample(const v1::DatasetInfo& info, uint64_t ordinal,
                           const v1::SampleMeta& meta, size_t image_bytes) {
  const v1::ImageInfo& image = meta.image();
  Table facts({Align::kLeft, Align::kLeft, Align::kLeft}, 100);
  facts.AddRow({"", "key", meta.key()});
  facts.AddRow({"", "ordinal", Count(ordinal)});
  if (meta.source_id() != 0) {
    facts.AddRow({"", "source id", absl::StrCat(meta.source_id())});
  }
  facts.AddRow({"", "image",
                absl::StrCat(image.width(), "x", image.height(),
                             image.channels() == 1 ? " gray, " : " RGB, ",
                             v1::ImageFormat_Name(image.format()).substr(13),
                             ", ", Bytes(image_bytes))});
  if (image.orientation() > 1) {
    facts.AddRow(
        {"", "orientation", absl::StrCat("EXIF ", image.orientation())});
  }
  if (!image.warning().empty()) {
    facts.AddRow({"", "warning", image.warning()});
  }
  for (const uint32_t label : meta.labels()) {
    facts.AddRow({"", "label", ClassName(info, label)});
  }
  std::string text = absl::StrCat(info.name(), "@", info.version(), "\n",
                                  facts.ToString(), Annotations(info, meta));
  if (meta.captions_size() > 0) absl::StrAppend(&text, "\nCaptions\n");
  for (const v1::Caption& caption : meta.captions()) {
    absl::StrAppend(&text, "  ", Printable(caption.text()), "\n");
  }
  return text;
}

}  // namespace millrace::cli
