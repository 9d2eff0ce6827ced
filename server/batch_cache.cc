#include "server/batch_cache.h"

#include <algorithm>

namespace millrace {

// One reader, as the cache sees it.
struct BatchCache::Member {
  std::unique_ptr<Scheduler::Lane> lane;
  std::shared_ptr<const Deliver> deliver;
};

// A batch in the making (maker is set) or kept (batch is set).
struct BatchCache::Entry {
  const Member* maker = nullptr;
  std::vector<Member*> waiting;
  std::shared_ptr<const SharedBatch> batch;
  // Readers that have it, the one that made it included.
  size_t taken = 0;
  Kept::iterator place;
};

struct BatchCache::Group {
  GroupKey key;
  size_t readers = 0;
  std::map<uint64_t, Entry> entries;
};

BatchCache::BatchCache(uint64_t max_bytes, Scheduler* scheduler,
                       Metrics* metrics)
    : max_bytes_(max_bytes), scheduler_(scheduler), metrics_(metrics) {}

BatchCache::~BatchCache() = default;

uint64_t BatchCache::bytes() const {
  MutexLock lock(&mutex_);
  return bytes_;
}

std::unique_ptr<BatchCache::Reader> BatchCache::Join(const Slice& slice,
                                                     Deliver deliver) {
  auto member = std::make_unique<Member>();
  member->lane = scheduler_->AddLane();
  member->deliver = std::make_shared<const Deliver>(std::move(deliver));
  const GroupKey key = {slice.plan_digest, slice.rank, slice.world_size};
  MutexLock lock(&mutex_);
  std::unique_ptr<Group>& group = groups_[key];
  if (group == nullptr) {
    group = std::make_unique<Group>();
    group->key = key;
  }
  ++group->readers;
  return std::unique_ptr<Reader>(
      new Reader(this, group.get(), std::move(member)));
}

void BatchCache::Hand(Member* to, uint64_t step,
                      std::shared_ptr<const SharedBatch> batch) {
  if (batch != nullptr) metrics_->batch_cache_hits.Increment();
  to->lane->Submit([deliver = to->deliver, step, batch = std::move(batch)] {
    (*deliver)(step, batch);
  });
}

void BatchCache::PassOn(Group* group, uint64_t step) {
  Entry& entry = group->entries.at(step);
  if (entry.waiting.empty()) {
    group->entries.erase(step);
    return;
  }
  Member* next = entry.waiting.front();
  entry.waiting.erase(entry.waiting.begin());
  entry.maker = next;
  metrics_->batch_cache_misses.Increment();
  Hand(next, step, nullptr);
}

std::shared_ptr<const SharedBatch> BatchCache::Drop(Group* group,
                                                    uint64_t step) {
  const auto found = group->entries.find(step);
  std::shared_ptr<const SharedBatch> batch = std::move(found->second.batch);
  bytes_ -= batch->tensor_bytes;
  kept_.erase(found->second.place);
  group->entries.erase(found);
  return batch;
}

std::vector<std::shared_ptr<const SharedBatch>> BatchCache::MakeRoom(
    uint64_t bytes) {
  std::vector<std::shared_ptr<const SharedBatch>> dropped;
  while (bytes_ + bytes > max_bytes_ && !kept_.empty()) {
    const auto [group, step] = kept_.front();
    dropped.push_back(Drop(group, step));
    metrics_->batch_cache_evictions.Increment();
  }
  return dropped;
}

BatchCache::Reader::Reader(BatchCache* cache, Group* group,
                           std::unique_ptr<Member> self)
    : cache_(cache), group_(group), self_(std::move(self)) {}

BatchCache::Reader::~Reader() {
  self_->lane->Cancel();
  std::vector<std::shared_ptr<const SharedBatch>> dropped;
  MutexLock lock(&cache_->mutex_);
  std::vector<uint64_t> making;
  for (auto& [step, entry] : group_->entries) {
    auto& waiting = entry.waiting;
    waiting.erase(std::remove(waiting.begin(), waiting.end(), self_.get()),
                  waiting.end());
    if (entry.maker == self_.get()) making.push_back(step);
  }
  for (const uint64_t step : making) cache_->PassOn(group_, step);
  if (--group_->readers > 0) return;
  while (!group_->entries.empty()) {
    dropped.push_back(cache_->Drop(group_, group_->entries.begin()->first));
  }
  cache_->groups_.erase(group_->key);
}

bool BatchCache::Reader::Want(uint64_t step) {
  std::shared_ptr<const SharedBatch> dropped;
  MutexLock lock(&cache_->mutex_);
  const auto [found, absent] = group_->entries.try_emplace(step);
  Entry& entry = found->second;
  if (absent) {
    entry.maker = self_.get();
    cache_->metrics_->batch_cache_misses.Increment();
    return true;
  }
  if (entry.maker != nullptr) {
    entry.waiting.push_back(self_.get());
    return false;
  }
  cache_->Hand(self_.get(), step, entry.batch);
  if (++entry.taken >= group_->readers) {
    dropped = cache_->Drop(group_, step);
  } else {
    cache_->kept_.splice(cache_->kept_.end(), cache_->kept_, entry.place);
  }
  return false;
}

void BatchCache::Reader::Made(uint64_t step,
                              std::shared_ptr<const SharedBatch> batch) {
  std::vector<std::shared_ptr<const SharedBatch>> dropped;
  MutexLock lock(&cache_->mutex_);
  const auto found = group_->entries.find(step);
  Entry& entry = found->second;
  for (Member* member : entry.waiting) cache_->Hand(member, step, batch);
  entry.taken = 1 + entry.waiting.size();
  const uint64_t bytes = batch->tensor_bytes;
  if (entry.taken >= group_->readers || bytes > cache_->max_bytes_) {
    group_->entries.erase(found);
    return;
  }
  dropped = cache_->MakeRoom(bytes);
  entry.maker = nullptr;
  entry.waiting.clear();
  entry.batch = std::move(batch);
  entry.place = cache_->kept_.insert(cache_->kept_.end(), {group_, step});
  cache_->bytes_ += bytes;
}

void BatchCache::Reader::Failed(uint64_t step) {
  MutexLock lock(&cache_->mutex_);
  cache_->PassOn(group_, step);
}

}  // namespace millrace
