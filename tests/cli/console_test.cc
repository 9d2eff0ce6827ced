#include "cli/console.h"

#include <gtest/gtest.h>

namespace millrace::cli {
namespace {

TEST(ConsoleTest, CountsHaveThousandsSeparators) {
  EXPECT_EQ(Count(0), "0");
  EXPECT_EQ(Count(999), "999");
  EXPECT_EQ(Count(1000), "1,000");
  EXPECT_EQ(Count(1281167), "1,281,167");
  EXPECT_EQ(Count(UINT64_MAX), "18,446,744,073,709,551,615");
  EXPECT_EQ(Counted(1, "sample"), "1 sample");
  EXPECT_EQ(Counted(2000, "sample"), "2,000 samples");
}

TEST(ConsoleTest, BytesAreInDecimalUnits) {
  EXPECT_EQ(Bytes(999), "999 B");
  EXPECT_EQ(Bytes(1000), "1.0 kB");
  EXPECT_EQ(Bytes(999'900), "999.9 kB");
  EXPECT_EQ(Bytes(999'960), "1.0 MB");
  EXPECT_EQ(Bytes(147'000'000'000), "147.0 GB");
  EXPECT_EQ(Bytes(UINT64_MAX), "18.4 EB");
}

TEST(ConsoleTest, DurationsAreAsPreciseAsTheyAreUseful) {
  EXPECT_EQ(Elapsed(absl::Milliseconds(40)), "40 ms");
  EXPECT_EQ(Elapsed(absl::Milliseconds(1420)), "1.4 s");
  EXPECT_EQ(Elapsed(absl::Seconds(12.4)), "12 s");
  EXPECT_EQ(Elapsed(absl::Seconds(185)), "3 min 05 s");
  EXPECT_EQ(Elapsed(absl::Minutes(127)), "2 h 07 min");
}

TEST(ConsoleTest, TimesAreInUtc) {
  EXPECT_EQ(UtcTime(1717158605), "2024-05-31 12:30:05 UTC");
}

TEST(ConsoleTest, ShorteningCutsBetweenCharacters) {
  EXPECT_EQ(Shorten("grüße", 5), "grüße");
  EXPECT_EQ(Shorten("grüße", 4), "grü…");
  EXPECT_EQ(Shorten("grüße", 1), "…");
  EXPECT_EQ(Shorten("grüße", 0), "");
  EXPECT_EQ(Columns(Shorten("日本語のクラス", 4)), 4);
}

TEST(ConsoleTest, PrintableTextHasNeitherControlsNorBrokenUtf8) {
  EXPECT_EQ(Printable("a\nb\tc\x1b[2J\x7f"), "a b c [2J ");
  EXPECT_EQ(Printable("gr\xc3\xbc\xc3"), "grü?");
  EXPECT_EQ(Printable("\xff\xfe"), "??");
}

TEST(ConsoleTest, TableColumnsLineUpWhateverTheAlphabet) {
  using Align = Table::Align;
  Table table({Align::kLeft, Align::kRight}, 10);
  table.AddRow({"CLASS", "SAMPLES"});
  table.AddRow({"größe", "7"});
  table.AddRow({"a very long name of a class", "1,000"});
  EXPECT_EQ(table.ToString(),
            "CLASS       SAMPLES\n"
            "größe             7\n"
            "a very lo…    1,000\n");
}

TEST(ConsoleTest, BarsGrowWithTheirValueAndNothingIsInvisible) {
  EXPECT_EQ(Bar(0, 10, 4), "");
  EXPECT_EQ(Bar(10, 10, 4), "████");
  EXPECT_EQ(Bar(5, 10, 4), "██");
  EXPECT_EQ(Bar(1, 1e9, 4), "▏");
  EXPECT_EQ(Bar(20, 10, 4), "████");
}

}  // namespace
}  // namespace millrace::cli
