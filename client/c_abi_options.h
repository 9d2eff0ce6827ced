// The options of the C interface, by name.
#pragma once

#include "client/batch_stream.h"
#include "client/millrace.h"

// Given to C as an opaque handle.
struct millrace_options {
  millrace::client::BatchStreamOptions stream;
};
