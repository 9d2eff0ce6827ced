// A trainer outside of this tree: every installed header compiles, the library
// links, and an address where nobody listens gets a clear answer.
#include <iostream>

#include "client/batch_digest.h"
#include "client/batch_stream.h"
#include "client/dataset_query.h"
#include "client/plan_file.h"

int main() {
  millrace::client::BatchStreamOptions options;
  options.plan.set_dataset("mnist/train");
  options.plan.mutable_batch()->set_size(32);
  options.endpoints = {"localhost:1"};
  options.give_up_after = absl::Milliseconds(1);
  const auto stream = millrace::client::BatchStream::Open(options);
  std::cout << stream.status() << "\n";
  return stream.status().code() == absl::StatusCode::kUnavailable ? 0 : 1;
}
