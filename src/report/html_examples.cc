#include <fmt/format.h>

#include "report/format.h"
#include "report/html_sections.h"
#include "report/markup.h"

namespace restem {
namespace {

std::string Badge(const std::string& verdict) {
  const char* style = verdict == "correct" ? " good" : verdict == "wrong" ? " bad" : "";
  return fmt::format("<span class=\"badge{}\">{}</span>", style, Escape(verdict));
}

std::string Completion(const std::string& who, const ExampleCompletion& completion) {
  std::string reason;
  if (!completion.extracted.empty()) reason += fmt::format("Answer read: {}", completion.extracted);
  if (!completion.reason.empty())
    reason += fmt::format("{}{}", reason.empty() ? "" : "; ", completion.reason);
  return fmt::format(
      "<div><h4>{} {}</h4><pre>{}</pre>{}</div>",
      Escape(who),
      Badge(completion.verdict),
      Escape(completion.text),
      reason.empty() ? "" : fmt::format("<p class=\"reason\">{}</p>", Escape(reason)));
}

std::string RenderExample(const Example& example, const std::string& after, bool open) {
  const std::string title = example.question.empty() ? example.problem : example.question;
  const std::string answer =
      example.answer.empty()
          ? ""
          : fmt::format("<p class=\"reason\">Gold answer: {}</p>", Escape(example.answer));
  return fmt::format(
      "<details{}><summary>{}<span class=\"id\">{}</span></summary>{}<div "
      "class=\"pair\">{}{}</div></details>\n",
      open ? " open=\"open\"" : "",
      Escape(title),
      Escape(example.question.empty() ? example.set
                                      : fmt::format("{}, {}", example.set, example.problem)),
      answer,
      Completion("Base", example.before),
      Completion(after, example.after));
}

std::string RenderKind(const RunReport& report, bool gained, const std::string& after) {
  std::string html;
  for (const Example& example : report.examples) {
    if (example.gained == gained)
      html += RenderExample(example, after, /*open=*/html.empty() && gained);
  }
  return html;
}

}  // namespace

std::string ExamplesSection(const RunReport& report, const RunAnalysis& analysis) {
  if (!analysis.best) return "";
  const IterationAnalysis* best = FindAnalysis(analysis, *analysis.best);
  size_t gained = 0;
  size_t lost = 0;
  if (best != nullptr) {
    for (const auto& [set, comparison] : best->versus_base) {
      gained += comparison.gained.size();
      lost += comparison.lost.size();
    }
  }
  if (gained + lost == 0) return "";
  const std::string after = IterationLabel(*analysis.best);
  std::string html;
  for (const bool is_gained : {true, false}) {
    const std::string examples = RenderKind(report, is_gained, after);
    if (examples.empty()) continue;
    html += fmt::format(
        "<div class=\"card\"><h3>{}</h3>{}</div>", is_gained ? "Gained" : "Lost", examples);
  }
  return Section("Problems gained and lost",
                 fmt::format("By greedy decoding, iteration {} solves {} problems that the base "
                             "did not, and misses {} "
                             "that the base solved.{}",
                             *analysis.best,
                             Count(static_cast<int64_t>(gained)),
                             Count(static_cast<int64_t>(lost)),
                             html.empty() ? "" : " Some of each:"),
                 html.empty() ? "" : fmt::format("<div class=\"stack\">{}</div>", html));
}

}  // namespace restem
