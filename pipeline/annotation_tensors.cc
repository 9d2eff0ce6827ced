#include "pipeline/annotation_tensors.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "image/mask.h"

namespace millrace {

namespace {

using Results = std::vector<SampleRecipe::Result>;

// The specs in their order: the shape of one row each, and what the rows are.
class SpecList {
 public:
  SpecList(const OutputSpec& output, int64_t samples)
      : samples_(samples), max_boxes_(output.annotations.max_boxes) {}

  // One row for each box.
  void AddBoxes(const std::string& name, v1::DType dtype,
                std::vector<int64_t> row = {}) {
    std::vector<int64_t> shape = {kRagged};
    if (max_boxes_ > 0) shape = {samples_, max_boxes_};
    shape.insert(shape.end(), row.begin(), row.end());
    Add(name, dtype, shape);
  }

  void Add(const std::string& name, v1::DType dtype,
           const std::vector<int64_t>& shape) {
    v1::TensorSpec& spec = specs_.emplace_back();
    spec.set_name(name);
    spec.set_dtype(dtype);
    for (const int64_t extent : shape) spec.add_shape(extent);
  }

  std::vector<v1::TensorSpec> Take() { return std::move(specs_); }

 private:
  const int64_t samples_;
  const int64_t max_boxes_;
  std::vector<v1::TensorSpec> specs_;
};

// Fills the tensors one after the other.
class Gatherer {
 public:
  Gatherer(const OutputSpec& output, Results* results, BufferPool* pool,
           std::vector<HostTensor>* tensors)
      : specs_(
            AnnotationSpecsOf(output, static_cast<int64_t>(results->size()))),
        max_boxes_(output.annotations.max_boxes),
        results_(*results),
        pool_(pool),
        tensors_(*tensors) {
    for (const auto& result : results_) {
      counts_.push_back(static_cast<int64_t>(result.annotations.labels.size()));
      boxes_ += counts_.back();
    }
  }

  const std::vector<int64_t>& counts() const { return counts_; }

  // `width` values for each box.
  template <typename T>
  void AddBoxes(std::vector<T> SampleAnnotations::*values, size_t width,
                T padding = 0);
  // All samples' values, one after the other, however many each box has.
  template <typename T>
  void AddValues(std::vector<T> SampleAnnotations::*values);
  // One value for each box, and one more.
  void AddMaskOffsets();
  void AddDenseMasks(const ImageSize& size);
  // One row of `width` numbers for each of `rows`.
  template <typename T, typename RowOf>
  void AddRows(size_t rows, size_t width, const RowOf& row_of);

 private:
  size_t BoxRows() const {
    return max_boxes_ > 0 ? max_boxes_ * results_.size() : boxes_;
  }
  template <typename T>
  T* Begin(size_t count) {
    data_ = pool_->Get(count * sizeof(T));
    return reinterpret_cast<T*>(data_.data());
  }
  // `rows` is the first extent where that is ragged.
  void End(int64_t rows);

  const std::vector<v1::TensorSpec> specs_;
  const int64_t max_boxes_;
  Results& results_;
  BufferPool* const pool_;
  std::vector<HostTensor>& tensors_;
  std::vector<int64_t> counts_;  // Boxes of each sample.
  int64_t boxes_ = 0;
  Buffer data_;
  size_t next_ = 0;
};

void Gatherer::End(int64_t rows) {
  const v1::TensorSpec& spec = specs_[next_++];
  HostTensor tensor = {spec.name(),
                       spec.dtype(),
                       {spec.shape().begin(), spec.shape().end()},
                       std::make_shared<const Buffer>(std::move(data_))};
  if (tensor.shape[0] == kRagged) tensor.shape[0] = rows;
  tensors_.push_back(std::move(tensor));
}

template <typename T>
void Gatherer::AddBoxes(std::vector<T> SampleAnnotations::*values, size_t width,
                        T padding) {
  const size_t rows = BoxRows();
  T* out = Begin<T>(rows * width);
  for (auto& result : results_) {
    const std::vector<T> part = std::move(result.annotations.*values);
    out = std::copy(part.begin(), part.end(), out);
    if (max_boxes_ > 0) {
      out = std::fill_n(out, max_boxes_ * width - part.size(), padding);
    }
  }
  End(boxes_);
}

template <typename T>
void Gatherer::AddValues(std::vector<T> SampleAnnotations::*values) {
  size_t count = 0;
  for (const auto& result : results_) {
    count += (result.annotations.*values).size();
  }
  T* out = Begin<T>(count);
  for (auto& result : results_) {
    const std::vector<T> part = std::move(result.annotations.*values);
    out = std::copy(part.begin(), part.end(), out);
  }
  End(static_cast<int64_t>(count));
}

void Gatherer::AddMaskOffsets() {
  const size_t rows = BoxRows();
  auto* out = Begin<int64_t>(rows + 1);
  int64_t begin = 0;
  *out++ = begin;
  for (const auto& result : results_) {
    const std::vector<int64_t>& ends = result.annotations.mask_ends;
    for (const int64_t end : ends) *out++ = begin + end;
    if (!ends.empty()) begin += ends.back();
    if (max_boxes_ > 0) out = std::fill_n(out, max_boxes_ - ends.size(), begin);
  }
  End(static_cast<int64_t>(rows) + 1);
}

void Gatherer::AddDenseMasks(const ImageSize& size) {
  const size_t pixels = size_t{1} * size.width * size.height;
  uint8_t* out = Begin<uint8_t>(BoxRows() * pixels);
  for (auto& result : results_) {
    const std::vector<int32_t> counts =
        std::move(result.annotations.mask_counts);
    auto begin = counts.begin();
    for (const int64_t end : result.annotations.mask_ends) {
      const auto last = counts.begin() + end;
      PaintRaster({size.height, size.width, {begin, last}}, out);
      begin = last;
      out += pixels;
    }
    if (max_boxes_ > 0) {
      const size_t rows = max_boxes_ - result.annotations.mask_ends.size();
      out = std::fill_n(out, rows * pixels, uint8_t{0});
    }
  }
  End(boxes_);
}

template <typename T, typename RowOf>
void Gatherer::AddRows(size_t rows, size_t width, const RowOf& row_of) {
  T* out = Begin<T>(rows * width);
  for (size_t i = 0; i < rows; ++i, out += width) row_of(i, out);
  End(static_cast<int64_t>(rows));
}

}  // namespace

std::vector<v1::TensorSpec> AnnotationSpecsOf(const OutputSpec& output,
                                              int64_t samples) {
  SpecList specs(output, samples);
  specs.AddBoxes("boxes", v1::FLOAT32, {4});
  specs.AddBoxes("box_labels", v1::INT64);
  specs.AddBoxes("box_ids", v1::INT64);
  specs.AddBoxes("box_crowd", v1::UINT8);
  specs.AddBoxes("box_area", v1::FLOAT32);
  if (output.annotations.max_boxes > 0) {
    specs.Add("box_counts", v1::INT64, {samples});
  } else {
    specs.Add("box_offsets", v1::INT64, {samples + 1});
  }
  specs.Add("image_size", v1::INT32, {samples, 2});
  specs.Add("source_id", v1::INT64, {samples});
  if (output.annotations.masks && output.annotations.run_lengths) {
    specs.Add("mask_counts", v1::INT32, {kRagged});
    specs.Add("mask_offsets", v1::INT64,
              {output.annotations.max_boxes > 0
                   ? samples * output.annotations.max_boxes + 1
                   : kRagged});
  } else if (output.annotations.masks) {
    specs.AddBoxes("masks", v1::UINT8, {output.size.height, output.size.width});
  }
  if (output.annotations.keypoints > 0) {
    specs.AddBoxes("keypoints", v1::FLOAT32, {output.annotations.keypoints, 3});
  }
  return specs.Take();
}

void AppendAnnotations(const OutputSpec& output, Results results,
                       BufferPool* pool, std::vector<HostTensor>* tensors) {
  Gatherer gather(output, &results, pool, tensors);
  gather.AddBoxes(&SampleAnnotations::boxes, 4);
  gather.AddBoxes(&SampleAnnotations::labels, 1, int64_t{-1});
  gather.AddBoxes(&SampleAnnotations::ids, 1, int64_t{-1});
  gather.AddBoxes(&SampleAnnotations::crowd, 1);
  gather.AddBoxes(&SampleAnnotations::areas, 1);
  const std::vector<int64_t>& counts = gather.counts();
  if (output.annotations.max_boxes > 0) {
    gather.AddRows<int64_t>(counts.size(), 1,
                            [&](size_t i, int64_t* out) { *out = counts[i]; });
  } else {
    int64_t begin = 0;
    gather.AddRows<int64_t>(counts.size() + 1, 1, [&](size_t i, int64_t* out) {
      *out = begin;
      if (i < counts.size()) begin += counts[i];
    });
  }
  gather.AddRows<int32_t>(results.size(), 2, [&](size_t i, int32_t* out) {
    out[0] = results[i].upright.height;
    out[1] = results[i].upright.width;
  });
  gather.AddRows<int64_t>(results.size(), 1, [&](size_t i, int64_t* out) {
    *out = results[i].source_id;
  });
  if (output.annotations.masks && output.annotations.run_lengths) {
    gather.AddValues(&SampleAnnotations::mask_counts);
    gather.AddMaskOffsets();
  } else if (output.annotations.masks && !output.mixes_boxes) {
    gather.AddDenseMasks(output.size);
  } else if (output.annotations.masks) {
    gather.AddBoxes(&SampleAnnotations::masks,
                    size_t{1} * output.size.height * output.size.width);
  }
  if (output.annotations.keypoints > 0) {
    gather.AddBoxes(&SampleAnnotations::keypoints,
                    size_t{3} * output.annotations.keypoints);
  }
}

}  // namespace millrace
