#include "cli/json.h"

#include "cli/console.h"

namespace millrace::cli {
namespace {

Json CategoryJson(const v1::Category& category, int index) {
  Json json;
  json["index"] = index;
  json["name"] = category.name();
  json["title"] = category.title();
  json["source_id"] = category.source_id();
  json["supercategory"] = category.supercategory();
  json["samples"] = category.samples();
  json["annotations"] = category.annotations();
  if (category.keypoint_names_size() > 0) {
    json["keypoint_names"] = Json::array();
    for (const auto& name : category.keypoint_names()) {
      json["keypoint_names"].push_back(name);
    }
    json["skeleton"] = Json::array();
    for (int i = 0; i + 1 < category.skeleton_size(); i += 2) {
      json["skeleton"].push_back(
          {category.skeleton(i), category.skeleton(i + 1)});
    }
  }
  return json;
}

Json AnnotationJson(const v1::DatasetInfo& info, const v1::Annotation& a) {
  Json json;
  json["id"] = a.id();
  json["category"] = a.category();
  if (a.category() < static_cast<uint32_t>(info.categories_size())) {
    json["name"] = info.categories(a.category()).name();
  }
  json["box"] = {a.box().x(), a.box().y(), a.box().width(), a.box().height()};
  json["area"] = a.area();
  json["crowd"] = a.crowd();
  json["difficult"] = a.difficult();
  json["truncated"] = a.truncated();
  json["polygons"] = Json::array();
  for (const v1::Polygon& polygon : a.polygons()) {
    json["polygons"].push_back(std::vector<double>(
        polygon.coordinates().begin(), polygon.coordinates().end()));
  }
  if (a.has_run_lengths()) {
    const v1::RunLengths& runs = a.run_lengths();
    json["run_lengths"] = {
        {"size", {runs.height(), runs.width()}},
        {"counts",
         std::vector<uint32_t>(runs.counts().begin(), runs.counts().end())}};
  }
  json["keypoints"] = Json::array();
  for (const v1::Keypoint& point : a.keypoints()) {
    json["keypoints"].push_back({point.x(), point.y(), point.visibility()});
  }
  return json;
}

}  // namespace

std::string Dump(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Json SummaryJson(const v1::DatasetInfo& info) {
  Json json;
  json["name"] = info.name();
  json["version"] = info.version();
  json["kind"] = info.kind();
  json["samples"] = info.samples();
  json["classes"] = info.categories_size();
  json["annotations"] = info.annotations();
  json["captions"] = info.captions();
  if (info.has_labelled()) json["labelled"] = info.labelled();
  if (info.has_masks()) json["masks"] = info.masks();
  json["quarantined"] = info.quarantined();
  json["warned"] = info.warned();
  json["shards"] = info.shards();
  json["image_bytes"] = info.image_bytes();
  json["record_bytes"] = info.record_bytes();
  json["published_unix_seconds"] = info.published_unix_seconds();
  return json;
}

Json DatasetJson(const v1::DatasetInfo& info) {
  Json json = SummaryJson(info);
  json["image"] = {{"max_width", info.max_width()},
                   {"max_height", info.max_height()},
                   {"channels", info.channels()},
                   {"uniform_size", info.uniform_size()}};
  json["categories"] = Json::array();
  for (int i = 0; i < info.categories_size(); ++i) {
    json["categories"].push_back(CategoryJson(info.categories(i), i));
  }
  json["hierarchy"] = Json::array();
  for (const v1::IsA& edge : info.hierarchy()) {
    json["hierarchy"].push_back(
        {{"child", edge.child()}, {"parent", edge.parent()}});
  }
  json["box_sizes"] = Json::array();
  for (const v1::HistogramBin& bin : info.box_sizes()) {
    json["box_sizes"].push_back({{"lower", bin.lower()},
                                 {"upper", bin.upper()},
                                 {"count", bin.count()}});
  }
  return json;
}

Json SampleJson(const v1::DatasetInfo& info, uint64_t ordinal,
                const v1::SampleMeta& meta) {
  Json json;
  json["dataset"] = info.name();
  json["version"] = info.version();
  json["ordinal"] = ordinal;
  json["key"] = meta.key();
  json["source_id"] = meta.source_id();
  json["image"] = {{"format", v1::ImageFormat_Name(meta.image().format())},
                   {"width", meta.image().width()},
                   {"height", meta.image().height()},
                   {"channels", meta.image().channels()},
                   {"orientation", meta.image().orientation()},
                   {"warning", meta.image().warning()}};
  json["labels"] = Json::array();
  for (const uint32_t label : meta.labels()) json["labels"].push_back(label);
  json["annotations"] = Json::array();
  for (const v1::Annotation& annotation : meta.annotations()) {
    json["annotations"].push_back(AnnotationJson(info, annotation));
  }
  json["captions"] = Json::array();
  for (const v1::Caption& caption : meta.captions()) {
    json["captions"].push_back(
        {{"id", caption.id()}, {"text", caption.text()}});
  }
  return json;
}

}  // namespace millrace::cli
