#include <cstddef>
#include <type_traits>

#include "image/baseline_lanes.h"

#ifdef MILLRACE_ENTROPY_LANES_X86

namespace millrace {
namespace {

// What the instructions below rely on.
static_assert(offsetof(EntropyLane, at) == 0);
static_assert(offsetof(EntropyLane, word) == 8);
static_assert(offsetof(EntropyLane, counter) == 16);
static_assert(offsetof(EntropyLane, table) == 24);
static_assert(offsetof(EntropyLane, run) == 32);
static_assert(offsetof(EntropyLane, end) == 40);
static_assert(sizeof(EntropyLane) == 48);
static_assert(offsetof(EntropyLanes, start) == 144);
static_assert(offsetof(EntropyRun, table) == 0);
static_assert(offsetof(EntropyRun, coefficients) == 8);
static_assert(sizeof(EntropyRun) == 16);
static_assert(HuffmanDecoder::kLookUpBits == 11);
// Its entries lie at its beginning.
static_assert(std::is_standard_layout_v<HuffmanDecoder>);

}  // namespace

// Registers of the lanes: word, counter, its lowest byte, table, run.
#define LANE_0(MACRO) MACRO("0", "r8", "r9", "r9b", "r10", "r11")
#define LANE_1(MACRO) MACRO("1", "r12", "r13", "r13b", "r14", "r15")
#define LANE_2(MACRO) MACRO("2", "rsi", "rdi", "dil", "rbp", "rbx")
#define ALL_LANES(MACRO) LANE_0(MACRO) LANE_1(MACRO) LANE_2(MACRO)

// In the stack frame: what there are no registers for.
#define AT(LANE) "8*" LANE "(%rsp)"
#define END(LANE) "24+8*" LANE "(%rsp)"
#define START "48(%rsp)"
#define LANES "56(%rsp)"
#define ENTRY "64(%rsp)"
#define ADVANCE "65(%rsp)"
#define FRAME "72"

// In *LANES, addressed by rax.
#define MEMBER(LANE, OFFSET) OFFSET "+48*" LANE "(%rax)"

#define LOAD_LANE(LANE, WORD, COUNTER, COUNT, TABLE, RUN) \
  "movq " MEMBER(LANE, "0") ", %rcx\n"                    \
  "movq %rcx, " AT(LANE) "\n"                             \
  "movq " MEMBER(LANE, "40") ", %rcx\n"                   \
  "movq %rcx, " END(LANE) "\n"                            \
  "movq " MEMBER(LANE, "8") ", %" WORD "\n"               \
  "movq " MEMBER(LANE, "16") ", %" COUNTER "\n"           \
  "movq " MEMBER(LANE, "24") ", %" TABLE "\n"             \
  "movq " MEMBER(LANE, "32") ", %" RUN "\n"

#define SAVE_LANE(LANE, WORD, COUNTER, COUNT, TABLE, RUN) \
  "movq " AT(LANE) ", %rcx\n"                             \
  "movq %rcx, " MEMBER(LANE, "0") "\n"                    \
  "movq %" WORD ", " MEMBER(LANE, "8") "\n"               \
  "movq %" COUNTER ", " MEMBER(LANE, "16") "\n"           \
  "movq %" TABLE ", " MEMBER(LANE, "24") "\n"             \
  "movq %" RUN ", " MEMBER(LANE, "32") "\n"

// At least 56 bits. Leaves `at` in rax.
#define REFILL(LANE, WORD) \
  "tzcntq %" WORD ", %rax\n" \
  "movl %eax, %ecx\n" \
  "shrl $3, %eax\n" \
  "addq " AT(LANE) ", %rax\n" \
  "movq %rax, " AT(LANE) "\n" \
  "movq (%rax), %" WORD "\n" \
  "bswapq %" WORD "\n" \
  "orq $1, %" WORD "\n" \
  "andl $7, %ecx\n" \
  "shlxq %rcx, %" WORD ", %" WORD "\n"

#define BEGIN_ROUND(LANE, WORD, COUNTER, COUNT, TABLE, RUN) \
  REFILL(LANE, WORD)                                        \
  "cmpq " END(LANE) ", %rax\n" \
  "ja 30f\n"

// The entry, in eax.
#define LOOK_UP(WORD, TABLE) \
  "movq %" WORD              \
  ", %rax\n"                 \
  "shrq $53, %rax\n"         \
  "movl (%" TABLE ",%rax,4), %eax\n"

// Stores the value in ax behind the advance in cl. The counter overflows where
// a run ends: whether it does is a toss-up to a branch predictor, and each miss
// would stop all lanes, so there is no branch.
#define PLACE(COUNTER, COUNT, TABLE, RUN) \
  "movq 8(%" RUN                          \
  "), %rdx\n"                             \
  "addb %cl, %" COUNT                     \
  "\n"                                    \
  "movzbl (%" COUNTER                     \
  "), %ecx\n"                             \
  "movw %ax, (%rdx,%rcx,2)\n"             \
  "leaq 16(%" RUN                         \
  "), %rcx\n"                             \
  "cmovcq " START ", %" COUNTER           \
  "\n"                                    \
  "cmovcq 16(%" RUN "), %" TABLE          \
  "\n"                                    \
  "cmovcq %rcx, %" RUN "\n"

#define STEP(LANE, WORD, COUNTER, COUNT, TABLE, RUN) \
  LOOK_UP(WORD, TABLE)                               \
  "testb %al, %al\n"                                 \
  "jz 1" LANE                                        \
  "f\n"                                              \
  "shlxq %rax, %" WORD ", %" WORD                    \
  "\n"                                               \
  "movzbl %ah, %ecx\n"                               \
  "shrl $16, %eax\n" PLACE(COUNTER, COUNT, TABLE, RUN)

// The entry is 0, or partial: then the value is still in the word. Its lowest
// bits, as many as its size, are all ones before a negative one.
#define LONG_STEP(LANE, WORD, COUNTER, COUNT, TABLE, RUN)      \
  "1" LANE                                                     \
  ":\n"                                                        \
  "testl %eax, %eax\n"                                         \
  "jz 2" LANE "f\n" REFILL(LANE, WORD)                         \
      LOOK_UP(WORD, TABLE) "movl %eax, " ENTRY                 \
                           "\n"                                \
                           "movl %eax, %ecx\n"                 \
                           "shrl $16, %ecx\n"                  \
                           "shlxq %rcx, %" WORD ", %" WORD     \
                           "\n"                                \
                           "shrl $24, %eax\n"                  \
                           "movq %" WORD                       \
                           ", %rdx\n"                          \
                           "notq %rdx\n"                       \
                           "sarq $63, %rdx\n"                  \
                           "bzhiq %rax, %rdx, %rdx\n"          \
                           "movl %eax, %ecx\n"                 \
                           "negl %ecx\n"                       \
                           "shrxq %rcx, %" WORD                \
                           ", %rcx\n"                          \
                           "shlxq %rax, %" WORD ", %" WORD     \
                           "\n"                                \
                           "movl %ecx, %eax\n"                 \
                           "subl %edx, %eax\n"                 \
                           "movzbl " ADVANCE ", %ecx\n" PLACE( \
                               COUNTER, COUNT, TABLE, RUN) "jmp 0b\n"

#define STOP(LANE, WORD, COUNTER, COUNT, TABLE, RUN) \
  "2" LANE                                           \
  ":\n"                                              \
  "movl $" LANE                                      \
  ", %edx\n"                                         \
  "jmp 40f\n"

// A function of nothing but instructions, since no register is left for a
// compiler's own needs. A round is as many steps as 56 bits are sure to hold.
__attribute__((naked)) size_t RunEntropyLanesX86(EntropyLanes* /*lanes*/) {
  asm("pushq %rbp\n"
      "pushq %rbx\n"
      "pushq %r12\n"
      "pushq %r13\n"
      "pushq %r14\n"
      "pushq %r15\n"
      "subq $" FRAME ", %rsp\n"
      "movq %rdi, %rax\n"
      "movq %rax, " LANES "\n"
      "movq 144(%rax), %rcx\n"
      "movq %rcx, " START "\n"
      ALL_LANES(LOAD_LANE)
      ".p2align 6\n"
      "0:\n"
      ALL_LANES(BEGIN_ROUND)
      ALL_LANES(STEP)
      ALL_LANES(STEP)
      ALL_LANES(STEP)
      ALL_LANES(STEP)
      ALL_LANES(STEP)
      "jmp 0b\n"
      ALL_LANES(LONG_STEP)
      ALL_LANES(STOP)
      "30:\n"
      "movl $3, %edx\n"
      "40:\n"
      "movq " LANES ", %rax\n"
      ALL_LANES(SAVE_LANE)
      "movl %edx, %eax\n"
      "addq $" FRAME ", %rsp\n"
      "popq %r15\n"
      "popq %r14\n"
      "popq %r13\n"
      "popq %r12\n"
      "popq %rbx\n"
      "popq %rbp\n"
      "retq\n");
}

}  // namespace millrace

#endif  // MILLRACE_ENTROPY_LANES_X86
