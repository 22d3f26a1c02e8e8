#include "report/html.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <fstream>

#include "base/file.h"
#include "report/markup.h"
#include "report/synthetic_run.h"
#include "support/paths.h"

namespace restem {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// Parses the file as XML with Python's parser, and checks that nothing is loaded from outside.
void ExpectWellFormed(const std::string& path) {
  const auto python = testing::Python();
  if (!python) GTEST_SKIP() << "no Python to parse the page with";
  const std::string script = path + ".check.py";
  std::ofstream(script) << R"(
import sys, xml.etree.ElementTree as ET
from html.parser import HTMLParser
text = open(sys.argv[1], encoding="utf-8").read()
root = ET.fromstring(text)
for element in root.iter():
    tag = element.tag.split("}")[-1]
    assert tag not in ("script", "link", "img", "iframe", "object"), tag
    for name in element.attrib:
        assert name not in ("href", "src") and not name.startswith("on"), name
assert "url(" not in text and "@import" not in text
class Parser(HTMLParser):
    def __init__(self):
        super().__init__()
        self.open = []
    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
    def handle_startendtag(self, tag, attrs):
        pass
    def handle_endtag(self, tag):
        assert self.open.pop() == tag, tag
parser = Parser()
parser.feed(text)
assert parser.open == [], parser.open
)";
  EXPECT_EQ(std::system((*python + " " + script + " " + path).c_str()), 0) << path;
}

TEST(Escape, HostileText) {
  EXPECT_EQ(Escape("<script>alert(\"x\" & 'y')</script>"),
            "&lt;script&gt;alert(&quot;x&quot; &amp; &#39;y&#39;)&lt;/script&gt;");
  EXPECT_EQ(Escape("tab\tnewline\n"), "tab\tnewline\n");
  EXPECT_EQ(Escape(std::string_view("a\0b\x1b\x7f", 5)), "a�b��");
  EXPECT_EQ(Escape("é 漢 😀"), "é 漢 😀");
  EXPECT_EQ(Escape("\xff|\xc3|\xe2\x82|\xc0\x80|\xed\xa0\x80"),
            "�|�|��|��|���");  // torn, overlong, surrogate
  EXPECT_EQ(Escape("\xef\xbf\xbf"), "�");
}

TEST(RunHtml, AFullRun) {
  const std::string dir = testing::TestDir() + "/word-problems";
  testing::WriteSyntheticRun(dir);
  const auto lookup = [](std::string_view, std::string_view id) -> std::optional<ProblemText> {
    return ProblemText{
        "Dana has some apples & gets 9 more (" + std::string(id) + "). How many has she now?",
        "12"};
  };
  const auto path = WriteRunHtml(dir, lookup);
  ASSERT_TRUE(path.ok()) << path.status();
  EXPECT_EQ(*path, dir + "/report.html");
  ExpectWellFormed(*path);
  const std::string html = *ReadFile(*path);
  for (const char* part : {"On svamp, pass@1 went from",
                           "pass@1 by iteration",
                           "Which difficulty gains, mawps",
                           "Training loss",
                           "Validation reward",
                           "Answer entropy",
                           "Train against test",
                           "random control",
                           "Dana has some apples &amp; gets",
                           "The job, as run",
                           "Gained",
                           "Lost"}) {
    EXPECT_THAT(html, HasSubstr(part));
  }
  EXPECT_THAT(html, Not(HasSubstr("nan")));
  EXPECT_THAT(html, Not(HasSubstr("inf\"")));
}

TEST(RunHtml, OneIterationOneSet) {
  const std::string dir = testing::TestDir() + "/run";
  testing::WriteSyntheticRun(dir, {.iterations = 1, .problems = 12, .second_set = false});
  const auto path = WriteRunHtml(dir);
  ASSERT_TRUE(path.ok()) << path.status();
  ExpectWellFormed(*path);
}

TEST(RunHtml, NothingEvaluatedYet) {
  RunReport report;
  report.name = "fresh";
  report.stage = "sample";
  const std::string html = RenderRunHtml(report, Analyze(report));
  EXPECT_THAT(html, HasSubstr("No iteration has been evaluated yet"));
  const std::string path = testing::TestDir() + "/report.html";
  std::ofstream(path) << html;
  ExpectWellFormed(path);
}

// Text from models, problems and file names ends up in headings, tables, tooltips and code blocks.
TEST(RunHtml, HostileNamesAndTextsAreInert) {
  const std::string hostile = "</pre><script>alert('&')</script>\"\x01\xff]]>";
  RunReport report;
  for (std::string* text : {&report.name,
                            &report.run_dir,
                            &report.base_model,
                            &report.device,
                            &report.reward,
                            &report.version,
                            &report.stage,
                            &report.job_text}) {
    *text = hostile;
  }
  report.sets = {hostile};
  report.notes = {hostile};
  for (const int64_t n : {0, 1}) {
    IterationReport iteration;
    iteration.iteration = n;
    SetResult& set = iteration.eval.emplace().sets[hostile];
    set.problems = 1;
    set.pass_at_1 = static_cast<double>(n);
    set.pass_at_k = {{1, 0.5}, {2, 1.0}};
    set.drawn = DrawnStats{};
    const VerdictKind greedy = n == 1 ? VerdictKind::kCorrect : VerdictKind::kWrong;
    set.outcomes = {{.id = hostile, .greedy = greedy, .samples = 2, .correct = 1, .majority = {}}};
    iteration.training.losses = {{1, 0.5}, {2, NAN}};
    report.iterations.push_back(std::move(iteration));
  }
  const ExampleCompletion completion{hostile, hostile, hostile, hostile};
  report.examples = {{hostile, hostile, true, hostile, hostile, completion, completion}};
  const std::string html = RenderRunHtml(report, Analyze(report));
  EXPECT_THAT(html, Not(HasSubstr("<script")));
  const std::string path = testing::TestDir() + "/report.html";
  std::ofstream(path) << html;
  ExpectWellFormed(path);
}

TEST(ComparisonHtml, IsWellFormed) {
  const std::string dir = testing::TestDir() + "/run";
  testing::WriteSyntheticRun(dir, {.iterations = 2, .problems = 40});
  std::vector<ComparedSide> sides;
  for (const char* iteration : {":0", ":1", ":2/control"})
    sides.push_back(*LoadComparedSide(dir + iteration));
  const auto comparison = CompareSides(std::move(sides));
  ASSERT_TRUE(comparison.ok()) << comparison.status();
  const std::string path = testing::TestDir() + ".html";
  std::ofstream(path) << RenderComparisonHtml(*comparison);
  ExpectWellFormed(path);
}

}  // namespace
}  // namespace restem
