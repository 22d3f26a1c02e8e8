// The page around a report: style sheet with a light and a dark scheme.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "report/markup.h"

namespace restem {
namespace {

struct Hsl {
  double hue, saturation, lightness;
};

// The colours of iterations 1…n run from one end to the other, so that their order can be seen.
std::string IterationColours(int iterations, Hsl from, Hsl to) {
  std::string css;
  for (int i = 1; i <= iterations; ++i) {
    const double t = iterations == 1 ? 1.0 : static_cast<double>(i - 1) / (iterations - 1);
    css += fmt::format("--i{}:hsl({:.0f} {:.0f}% {:.0f}%);",
                       i,
                       std::lerp(from.hue, to.hue, t),
                       std::lerp(from.saturation, to.saturation, t),
                       std::lerp(from.lightness, to.lightness, t));
  }
  return css;
}

constexpr const char* kLight =
    "--bg:#f6f7f9;--card:#ffffff;--ink:#171b21;--muted:#59636f;--line:#e1e5ea;--grid:#e8ebef;--"
    "soft:#f1f3f6;"
    "--good:#16744a;--bad:#b8322a;--goodbg:#e3f3ea;--badbg:#fbe9e7;--shadow:0 1px 2px rgb(20 30 "
    "45/6%),0 4px 16px "
    "rgb(20 30 "
    "45/"
    "5%);--c0:#2457d6;--c1:#bf5710;--c2:#16795a;--c3:#7c3aed;--c4:#b0256b;--c5:#59636f;--i0:#"
    "8b95a3;";
constexpr const char* kDark =
    "--bg:#0e1116;--card:#161b22;--ink:#e6e9ee;--muted:#9ba6b4;--line:#2a323d;--grid:#232a34;--"
    "soft:#1d232c;"
    "--good:#56c98f;--bad:#ff8f82;--goodbg:#12301f;--badbg:#3a1b19;--shadow:none;--c0:#7fabff;--c1:"
    "#f2a661;"
    "--c2:#54c8a0;--c3:#b79cff;--c4:#f286b6;--c5:#9ba6b4;--i0:#8791a0;";

constexpr const char* kRules = R"css(
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif;
 -webkit-text-size-adjust:100%}
main{max-width:1160px;margin:0 auto;padding:40px 24px 64px}
h1{font-size:2.1rem;line-height:1.2;margin:0 0 6px;letter-spacing:-.02em;overflow-wrap:anywhere}
h2{overflow-wrap:anywhere;font-size:1.3rem;margin:0 0 4px;letter-spacing:-.01em}
h3{font-size:1rem;margin:0 0 8px}
header .kind{color:var(--muted);font-size:.82rem;text-transform:uppercase;letter-spacing:.09em;font-weight:600;margin:0 0 4px}
section{margin-top:44px}
p{margin:0 0 12px}
.lead{color:var(--muted);max-width:84ch;overflow-wrap:anywhere}
.facts{display:flex;flex-wrap:wrap;gap:4px 22px;margin:10px 0 0;padding:0;color:var(--muted);font-size:.9rem}
.facts div{display:flex;gap:6px}.facts dt{white-space:nowrap}.facts dd{margin:0;color:var(--ink);overflow-wrap:anywhere}
.badge{display:inline-block;padding:2px 10px;border-radius:99px;font-size:.82rem;font-weight:600;background:var(--soft);color:var(--muted)}
.badge.good{background:var(--goodbg);color:var(--good)}.badge.bad{background:var(--badbg);color:var(--bad)}
.card{background:var(--card);border:1px solid var(--line);border-radius:14px;padding:20px 22px;box-shadow:var(--shadow)}
.hero{margin-top:26px;padding:26px 28px}
.hero .headline{white-space:pre-line;font-size:1.22rem;line-height:1.5;margin:0;max-width:84ch}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(165px,1fr));gap:18px 26px;margin-top:22px;border-top:1px solid var(--line);padding-top:20px}
.tile .label{color:var(--muted);font-size:.85rem}
.tile .value{font-size:1.85rem;font-weight:650;letter-spacing:-.02em;line-height:1.25;font-variant-numeric:tabular-nums}
.tile .note{color:var(--muted);font-size:.82rem;font-variant-numeric:tabular-nums}
.grid{display:grid;grid-template-columns:repeat(2,minmax(0,1fr));gap:18px;margin-top:16px}
@media(max-width:820px){.grid{grid-template-columns:minmax(0,1fr)}}
.stack{display:grid;grid-template-columns:minmax(0,1fr);gap:18px;margin-top:16px}
figure{margin:0;display:flex;flex-direction:column}figure>svg{margin-top:auto}
figcaption{font-weight:600;margin-bottom:2px}
figure .sub{color:var(--muted);font-size:.86rem;margin:0 0 8px;line-height:1.4}
.legend{display:flex;flex-wrap:wrap;gap:3px 16px;font-size:.85rem;color:var(--muted);margin:0 0 6px;padding:0;list-style:none}
.legend li{display:flex;align-items:center;gap:6px}
svg{display:block;width:100%;height:auto;overflow:visible}
.legend svg{width:22px;height:10px;flex:none}
svg text{font-size:13px;fill:var(--muted);font-variant-numeric:tabular-nums}
svg text.value{fill:var(--ink);font-weight:600}svg text.inside{fill:var(--card);font-weight:600}
svg .gridline{stroke:var(--grid);stroke-width:1}svg .axis{stroke:var(--line);stroke-width:1}
svg .line{fill:none;stroke-width:2.25;stroke-linejoin:round;stroke-linecap:round}svg .thin{stroke-width:1.5}
svg .dashed{stroke-dasharray:6 5}svg .whisker{stroke-width:1.5;opacity:.55}
svg .hit{fill:transparent}svg .hollow{fill:var(--card);stroke-width:2}
svg g.point:hover .dot{stroke:var(--ink);stroke-width:2}svg g.bar:hover rect{opacity:.8}
.scroll{overflow-x:auto}.scroll:focus-visible{outline:2px solid var(--c0);outline-offset:4px;border-radius:6px}
table{border-collapse:collapse;width:100%;font-size:.9rem;font-variant-numeric:tabular-nums}
caption{text-align:left;font-weight:600;padding:0 0 8px}
th,td{padding:7px 8px;text-align:right;white-space:nowrap;border-bottom:1px solid var(--line)}
th:first-child,td:first-child{text-align:left;padding-left:0}th:last-child,td:last-child{padding-right:0}
thead th{color:var(--muted);font-weight:500;font-size:.85rem}tbody th{font-weight:500}
tbody tr:last-child>*{border-bottom:0}tr.best>*{font-weight:650}tr.control>*{color:var(--muted)}tr.control th{padding-left:16px!important}
.good,tr td.good{color:var(--good)}.bad,tr td.bad{color:var(--bad)}.quiet{color:var(--muted)}
details{border-top:1px solid var(--line)}details:last-of-type{border-bottom:1px solid var(--line)}
details.card{padding:0;border:1px solid var(--line);margin-top:16px}details.card>summary{padding:14px 22px}details.card>pre{margin:0 22px 20px}
summary{cursor:pointer;padding:11px 2px;line-height:1.45}summary:focus-visible{outline:2px solid var(--c0);border-radius:6px}
summary .id{color:var(--muted);font-size:.85rem;margin-left:8px}
.pair{display:grid;grid-template-columns:repeat(2,minmax(0,1fr));gap:14px;padding:4px 0 18px}
@media(max-width:680px){.pair{grid-template-columns:minmax(0,1fr)}}
.pair h4{margin:0 0 6px;font-size:.85rem;font-weight:500;color:var(--muted);display:flex;gap:8px;align-items:center}
pre{margin:0;padding:12px 14px;background:var(--soft);border-radius:9px;overflow-x:auto;white-space:pre-wrap;overflow-wrap:anywhere;
 font:13.5px/1.5 ui-monospace,"SF Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace}
.reason{color:var(--muted);font-size:.85rem;margin:6px 0 0}
ul.notes{color:var(--muted);font-size:.92rem;padding-left:20px;max-width:80ch;margin:10px 0 0}ul.notes li{margin-bottom:5px}
footer{margin-top:48px;color:var(--muted);font-size:.85rem}
@media print{body{background:#fff}.card{box-shadow:none;break-inside:avoid}section{break-inside:auto}}
)css";

}  // namespace

std::string Page(std::string_view title, int iterations, std::string_view html) {
  const std::string light = kLight + IterationColours(iterations, {188, 72, 38}, {262, 66, 50});
  const std::string dark = kDark + IterationColours(iterations, {178, 58, 56}, {264, 85, 77});
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\" xmlns=\"http://www.w3.org/1999/xhtml\">\n<head>\n<meta "
      "charset=\"utf-8\"/>\n"
      "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"/>\n"
      "<meta name=\"color-scheme\" content=\"light dark\"/>\n<title>{}</title>\n"
      "<style>\n:root{{color-scheme:light "
      "dark;{}}}\n@media(prefers-color-scheme:dark){{:root{{{}}}}}\n{}</style>\n"
      "</head>\n<body>\n<main>\n{}</main>\n</body>\n</html>\n",
      Escape(title),
      light,
      dark,
      kRules,
      html);
}

}  // namespace restem
