/* A trainer in C outside of this tree: an address where nobody listens gets a
 * clear answer. */
#include <stdio.h>

#include "client/millrace.h"

int main(void) {
  char* why = NULL;
  millrace_stream* stream = NULL;
  millrace_options* options = millrace_options_new();
  millrace_options_set_text(options, "endpoints", "localhost:1", NULL);
  millrace_options_set_text(
      options, "plan", "dataset: \"mnist/train\" batch { size: 32 }", NULL);
  millrace_options_set_seconds(options, "give_up_after", 0.001, NULL);
  int32_t code = millrace_stream_start(options, &stream, &why);
  millrace_options_release(options);
  if (code == MILLRACE_OK) code = millrace_stream_open(stream, -1, &why);
  printf("%s: %s\n", millrace_code_name(code), why == NULL ? "" : why);
  millrace_free(why);
  millrace_stream_release(stream);
  return code == MILLRACE_UNAVAILABLE ? 0 : 1;
}
