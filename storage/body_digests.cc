#include "storage/body_digests.h"

#include <memory>

#ifdef MILLRACE_HAVE_IPSEC_MB
#include <intel-ipsec-mb.h>
#endif

namespace millrace {

namespace {

#ifdef MILLRACE_HAVE_IPSEC_MB

// Several messages at once, in the lanes of vectors. One for each thread.
class Lanes {
 public:
  Lanes() : manager_(alloc_mb_mgr(0), &free_mb_mgr) {
    if (manager_ == nullptr) return;
    IMB_ARCH chosen = IMB_ARCH_NONE;
    init_mb_mgr_auto(manager_.get(), &chosen);
    usable_ = chosen != IMB_ARCH_NONE;
  }

  // False: some digests are not made.
  bool Digest(absl::Span<const absl::string_view> messages,
              absl::Span<Sha256Digest> digests) {
    if (!usable_) return false;
    size_t made = 0;
    const auto count = [&](const IMB_JOB* job) {
      if (job != nullptr && job->status == IMB_STATUS_COMPLETED) ++made;
      return job != nullptr;
    };
    for (size_t i = 0; i < messages.size(); ++i) {
      IMB_JOB* const job = IMB_GET_NEXT_JOB(manager_.get());
      *job = {};
      job->cipher_mode = IMB_CIPHER_NULL;
      job->cipher_direction = IMB_DIR_ENCRYPT;
      job->chain_order = IMB_ORDER_HASH_CIPHER;
      job->hash_alg = IMB_AUTH_SHA_256;
      job->src = reinterpret_cast<const uint8_t*>(messages[i].data());
      job->msg_len_to_hash_in_bytes = messages[i].size();
      job->auth_tag_output = digests[i].data();
      job->auth_tag_output_len_in_bytes = digests[i].size();
      count(IMB_SUBMIT_JOB(manager_.get()));
    }
    while (count(IMB_FLUSH_JOB(manager_.get()))) {
    }
    return made == messages.size();
  }

 private:
  const std::unique_ptr<IMB_MGR, decltype(&free_mb_mgr)> manager_;
  bool usable_ = false;
};

bool DigestInLanes(absl::Span<const absl::string_view> messages,
                   absl::Span<Sha256Digest> digests) {
  // With one, the lanes stay empty.
  if (messages.size() < 2) return false;
  static thread_local Lanes lanes;
  return lanes.Digest(messages, digests);
}

#else

bool DigestInLanes(absl::Span<const absl::string_view>,
                   absl::Span<Sha256Digest>) {
  return false;
}

#endif

}  // namespace

void Sha256OfEach(absl::Span<const absl::string_view> messages,
                  absl::Span<Sha256Digest> digests) {
  if (DigestInLanes(messages, digests)) return;
  for (size_t i = 0; i < messages.size(); ++i) {
    digests[i] = Sha256Of(messages[i]);
  }
}

}  // namespace millrace
