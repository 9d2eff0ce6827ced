#include "ingest/imagenet_boxes.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/status_macros.h"
#include "ingest/bytes.h"
#include "ingest/class_tree.h"
#include "ingest/text.h"
#include "pugixml.hpp"

namespace millrace {
namespace {

constexpr uint64_t kMaxXmlBytes = uint64_t{4} << 20;

// The corners of a box as text, in the order xmin, ymin, xmax, ymax.
using Corners = std::array<absl::string_view, 4>;

absl::StatusOr<v1::Box> ParseBox(const Corners& corners) {
  std::array<double, 4> c = {};
  for (size_t i = 0; i < c.size(); ++i) {
    if (!absl::SimpleAtod(corners[i], &c[i]) || !std::isfinite(c[i])) {
      return absl::InvalidArgumentError(
          absl::StrCat("a box corner is no number: \"", corners[i], "\""));
    }
  }
  if (!(c[0] < c[2]) || !(c[1] < c[3])) {
    return absl::InvalidArgumentError(absl::StrCat("a box without area: x ",
                                                   c[0], " to ", c[2], ", y ",
                                                   c[1], " to ", c[3]));
  }
  v1::Box box;
  box.set_x(c[0]);
  box.set_y(c[1]);
  box.set_width(c[2] - c[0]);
  box.set_height(c[3] - c[1]);
  return box;
}

void AddBox(absl::string_view file, size_t number, ImagenetBox box,
            const Corners& corners, BoxRecord* record) {
  box.name = absl::StrCat("annotations/", file, "#", number);
  if (record->first_class.empty()) record->first_class = box.wnid;
  absl::StatusOr<v1::Box> parsed = ParseBox(corners);
  if (!parsed.ok()) {
    record->dropped.push_back(
        MakeQuarantined(box.name, parsed.status().message()));
    return;
  }
  box.box = *std::move(parsed);
  record->boxes.push_back(std::move(box));
}

class XmlFolder : public ImagenetBoxes {
 public:
  explicit XmlFolder(std::string root) : root_(std::move(root)) {}

  std::optional<BoxRecord> Find(absl::string_view image) const override {
    const std::string flat = absl::StrCat(FileStem(image), ".xml");
    const absl::string_view folder = TopFolder(image);
    if (!folder.empty()) {
      auto deep = Read(absl::StrCat(folder, "/", flat));
      if (deep.has_value()) return deep;
    }
    return Read(flat);
  }

 private:
  std::optional<BoxRecord> Read(const std::string& name) const {
    const absl::StatusOr<std::string> xml =
        ReadWholeFile(absl::StrCat(root_, "/", name), kMaxXmlBytes);
    if (absl::IsNotFound(xml.status())) return std::nullopt;
    absl::StatusOr<BoxRecord> record =
        xml.ok() ? ParseBoxXml(name, *xml) : xml.status();
    if (record.ok()) return *std::move(record);
    BoxRecord damaged;
    damaged.dropped.push_back(MakeQuarantined(
        absl::StrCat("annotations/", name), record.status().message()));
    return damaged;
  }

  const std::string root_;
};

// A row of a solution CSV, not yet split into boxes.
struct Row {
  absl::string_view stem;
  absl::string_view boxes;
};

// The fields of a row: five for each box.
absl::StatusOr<std::vector<absl::string_view>> SplitBoxes(
    absl::string_view boxes) {
  std::vector<absl::string_view> fields =
      absl::StrSplit(boxes, ' ', absl::SkipEmpty());
  bool ok = fields.size() % 5 == 0;
  for (size_t i = 0; ok && i < fields.size(); i += 5) {
    ok = IsWordNetId(fields[i]);
  }
  if (!ok) {
    return absl::InvalidArgumentError(
        absl::StrCat("expected \"<wnid> x1 y1 x2 y2\" for each box, not \"",
                     boxes.substr(0, 60), "\""));
  }
  return fields;
}

absl::Status ForEachRow(absl::string_view path, absl::string_view text,
                        const std::function<absl::Status(Row row)>& each) {
  return ForEachLine(
      path, text, [&](size_t number, absl::string_view line) -> absl::Status {
        const bool header = absl::StartsWith(line, kSolutionHeader);
        if (number == 1 && header) return absl::OkStatus();
        const size_t comma = line.find(',');
        if (number == 1 || comma == absl::string_view::npos) {
          return absl::InvalidArgumentError(
              number == 1 ? "expected the header ImageId,PredictionString"
                          : "expected \"<image id>,<wnid> x1 y1 x2 y2 ...\"");
        }
        return each({line.substr(0, comma), line.substr(comma + 1)});
      });
}

class SolutionCsv : public ImagenetBoxes {
 public:
  SolutionCsv(std::string name, std::string text)
      : name_(std::move(name)), text_(std::move(text)) {}

  absl::Status Index(absl::string_view path) {
    MILLRACE_RETURN_IF_ERROR(
        ForEachRow(path, text_, [&](Row row) -> absl::Status {
          rows_.push_back(row);
          return SplitBoxes(row.boxes).status();
        }));
    std::sort(rows_.begin(), rows_.end(),
              [](const Row& a, const Row& b) { return a.stem < b.stem; });
    const auto twice = std::adjacent_find(
        rows_.begin(), rows_.end(),
        [](const Row& a, const Row& b) { return a.stem == b.stem; });
    if (twice == rows_.end()) return absl::OkStatus();
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": ", twice->stem, " is listed twice"));
  }

  std::optional<BoxRecord> Find(absl::string_view image) const override {
    const absl::string_view stem = FileStem(image);
    const auto row = std::lower_bound(
        rows_.begin(), rows_.end(), stem,
        [](const Row& a, absl::string_view b) { return a.stem < b; });
    if (row == rows_.end() || row->stem != stem) return std::nullopt;
    const auto fields = *SplitBoxes(row->boxes);  // Index() has tried it.
    BoxRecord record;
    const std::string name = absl::StrCat(name_, "/", stem);
    for (size_t i = 0; i < fields.size(); i += 5) {
      AddBox(name, i / 5 + 1, {.wnid = std::string(fields[i])},
             {fields[i + 1], fields[i + 2], fields[i + 3], fields[i + 4]},
             &record);
    }
    return record;
  }

 private:
  const std::string name_;
  const std::string text_;
  std::vector<Row> rows_;  // Into text_, sorted by stem.
};

}  // namespace

absl::StatusOr<BoxRecord> ParseBoxXml(absl::string_view name,
                                      absl::string_view xml) {
  pugi::xml_document document;
  const pugi::xml_parse_result result =
      document.load_buffer(xml.data(), xml.size());
  if (!result) {
    return absl::InvalidArgumentError(
        absl::StrCat("not well-formed XML at byte ", result.offset, ": ",
                     result.description()));
  }
  const pugi::xml_node root = document.child("annotation");
  if (!root) {
    return absl::InvalidArgumentError("no <annotation> element");
  }
  BoxRecord record;
  record.width = root.child("size").child("width").text().as_ullong();
  record.height = root.child("size").child("height").text().as_ullong();
  size_t number = 0;
  for (const pugi::xml_node object : root.children("object")) {
    const pugi::xml_node corners = object.child("bndbox");
    const auto text = [&](const char* corner) {
      return absl::StripAsciiWhitespace(corners.child_value(corner));
    };
    ImagenetBox box;
    box.wnid =
        Printable(absl::StripAsciiWhitespace(object.child_value("name")));
    box.difficult = object.child("difficult").text().as_int() != 0;
    box.truncated = object.child("truncated").text().as_int() != 0;
    AddBox(name, ++number, std::move(box),
           {text("xmin"), text("ymin"), text("xmax"), text("ymax")}, &record);
  }
  return record;
}

absl::StatusOr<std::unique_ptr<ImagenetBoxes>> ParseSolutionCsv(
    absl::string_view path, std::string text) {
  auto csv =
      std::make_unique<SolutionCsv>(Printable(FileName(path)), std::move(text));
  MILLRACE_RETURN_IF_ERROR(csv->Index(path));
  return csv;
}

absl::Status ForEachSolutionClass(
    absl::string_view path, absl::string_view text,
    const std::function<absl::Status(absl::string_view stem,
                                     absl::string_view wnid)>& row) {
  return ForEachRow(path, text, [&](Row each) -> absl::Status {
    MILLRACE_ASSIGN_OR_RETURN(const auto fields, SplitBoxes(each.boxes));
    if (fields.empty()) return absl::InvalidArgumentError("no class");
    return row(each.stem, fields[0]);
  });
}

absl::StatusOr<std::unique_ptr<ImagenetBoxes>> OpenImagenetBoxes(
    const std::string& path) {
  struct stat info;
  if (::stat(path.c_str(), &info) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot open ", path));
  }
  if (S_ISDIR(info.st_mode)) return std::make_unique<XmlFolder>(path);
  MILLRACE_ASSIGN_OR_RETURN(std::string text, ReadTextFile(path));
  return ParseSolutionCsv(path, std::move(text));
}

}  // namespace millrace
