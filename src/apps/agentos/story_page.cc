// The HTML report: a bar and a row a call, agents as sections that fold. No script, no address, no attribute made from
// what agents wrote; text is escaped, and what could turn it around or hide it is shown as an escape.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "apps/agentos/quantities.h"
#include "apps/agentos/story_drawing.h"

namespace agentos::cli {
namespace {

constexpr std::string_view kStyleSheet = R"(
:root{color-scheme:light dark;--line:#d8dce2;--dim:#69707a;--good:#1a7f37;--bad:#c2272d;--warn:#9a6700;--bar:#8fb6e8}
@media(prefers-color-scheme:dark){:root{--line:#343b44;--dim:#9aa3ae;--good:#4ac26b;--bad:#ff7b72;--warn:#d4a72c;--bar:#3f6ea8}}
body{font:14px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:1200px;padding:0 1rem}
h1{font-size:1.4rem;margin:0}p.source{color:var(--dim);margin:.2rem 0 1.2rem}
details{border:1px solid var(--line);border-radius:6px;margin:.6rem 0;padding:.2rem .7rem}
summary{cursor:pointer;padding:.3rem 0}summary b{margin-right:.6rem}.dim{color:var(--dim)}
table{border-collapse:collapse;width:100%;table-layout:fixed}td{border-top:1px solid var(--line);padding:.2rem .4rem;
vertical-align:top;overflow-wrap:anywhere;font:12.5px/1.4 ui-monospace,monospace}
td.t{width:5.5rem;color:var(--dim);text-align:right}td.v{width:4.6rem}td.b{width:11rem}td.c{width:34%}
.allow{color:var(--good)}.deny,.refused{color:var(--bad);font-weight:600}.ask{color:var(--warn)}
.failed{color:var(--warn)}.track{position:relative;height:9px;margin-top:5px}
.track i{position:absolute;height:9px;min-width:2px;background:var(--bar);border-radius:2px}
.track i.deny,.track i.refused{background:var(--bad)}.track i.ask{background:var(--warn)}
)";

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : printable(text)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

// One of the words the page knows, never text of the log.
std::string_view class_of(const StoryCall& call) {
  if (call.verdict == "deny") return "deny";
  if (call.verdict == "refused") return "refused";
  if (call.verdict == "ask") return "ask";
  return call.status.empty() || call.status == "ok" ? "allow" : "failed";
}

class Page {
 public:
  explicit Page(const Story& story) : story_(story) {}

  void root(std::size_t number) {
    zero_us_ = end_us_ = story_.agents()[number].start_us;
    std::set<std::size_t> seen;
    measure(number, seen, 0);
    agent(number, 0);
  }
  std::string take() { return std::move(out_); }

 private:
  void measure(std::size_t number, std::set<std::size_t>& seen, std::size_t depth) {
    if (depth > kDrawnDepthMax || !seen.insert(number).second) return;
    const StoryAgent& agent = story_.agents()[number];
    end_us_ = std::max(end_us_, agent.end_us);
    for (const StoryAgent::Item& item : agent.items) {
      if (item.of == StoryAgent::Of::kChild) measure(item.number, seen, depth + 1);
      if (item.of != StoryAgent::Of::kCall) continue;
      const StoryCall& call = story_.calls()[item.number];
      end_us_ = std::max(end_us_, call.time_us + call.duration_us);
    }
  }

  std::string bar(std::int64_t from_us, std::int64_t duration_us, std::string_view kind) const {
    const double whole = static_cast<double>(std::max<std::int64_t>(1, end_us_ - zero_us_));
    const double left = std::clamp(static_cast<double>(from_us - zero_us_) / whole * 100, 0.0, 100.0);
    const double width = std::clamp(static_cast<double>(duration_us) / whole * 100, 0.0, 100.0 - left);
    return fmt::format("<div class=\"track\"><i class=\"{}\" style=\"left:{:.3f}%;width:{:.3f}%\"></i></div>", kind,
                       left, width);
  }

  void agent(std::size_t number, std::size_t depth) {
    if (!drawn_.insert(number).second) return;
    const StoryAgent& agent = story_.agents()[number];
    out_ += fmt::format("<details{}><summary><b>{}</b>", depth < 3 ? " open" : "", escaped(agent.id));
    if (!agent.name.empty() && agent.name != agent.id) out_ += fmt::format("{} ", escaped(agent.name));
    out_ += fmt::format(
        "<span class=\"dim\">{} · {} · {} allowed, {} asked, {} failed, </span>", escaped(show_time(agent.start_us)),
        agent.ended ? escaped(show_duration_us(std::max<std::int64_t>(0, agent.end_us - agent.start_us)) +
                              ", ended with " + std::to_string(agent.exit_code) + " (" + agent.cause + ")")
                    : std::string("no end recorded"),
        agent.allowed, agent.asked, agent.failed);
    out_ += fmt::format("<span class=\"{}\">{} refused</span>", agent.refused > 0 ? "deny" : "dim", agent.refused);
    if (!agent.policy.empty()) out_ += fmt::format("<span class=\"dim\"> · policy {}</span>", escaped(agent.policy));
    out_ += "</summary>\n";
    if (!agent.command.empty()) out_ += fmt::format("<div class=\"dim\">{}</div>\n", escaped(agent.command));
    bool table = false;
    for (const StoryAgent::Item& item : agent.items) {
      const bool row = item.of != StoryAgent::Of::kChild;
      if (row != table) out_ += row ? "<table>" : "</table>\n";
      table = row;
      if (item.of == StoryAgent::Of::kCall) call(story_.calls()[item.number]);
      if (item.of == StoryAgent::Of::kEvent) event(story_.events()[item.number]);
      if (item.of == StoryAgent::Of::kChild && depth < kDrawnDepthMax) this->agent(item.number, depth + 1);
    }
    if (table) out_ += "</table>\n";
    out_ += "</details>\n";
  }

  void row(std::int64_t time_us, std::string_view kind, std::string_view verdict, std::string_view what,
           std::string_view why, std::int64_t duration_us) {
    out_ += fmt::format(
        "<tr><td class=\"t\">+{:.3f}</td><td class=\"v {}\">{}</td><td class=\"b\">{}</td><td "
        "class=\"c\">{}</td><td>{}</td></tr>\n",
        static_cast<double>(std::max<std::int64_t>(0, time_us - zero_us_)) / 1e6, kind, escaped(verdict),
        bar(time_us, duration_us, kind), escaped(what), escaped(why));
  }

  void call(const StoryCall& call) {
    std::string why = call.rule.empty() ? call.step : call.rule;
    const auto add = [&](const std::string& text) {
      if (!text.empty()) (why += why.empty() ? "" : " · ") += text;
    };
    add(call.reason);
    if (call.verdict == "allow" || call.verdict == "ask") add(ending_of(call));
    add(call.error);
    if (!call.status.empty()) add(show_duration_us(call.duration_us));
    if (call.bytes > 0) add(show_size_bytes(call.bytes) + "B");
    if (call.count > 1) add(std::to_string(call.count) + " times");
    row(call.time_us, class_of(call), call.verdict, title_of(call), why, call.duration_us);
  }

  void event(const StoryEvent& event) { row(event.time_us, "dim", "event", event.name, event.detail, 0); }

  const Story& story_;
  std::set<std::size_t> drawn_;
  std::int64_t zero_us_ = 0, end_us_ = 0;
  std::string out_;
};

}  // namespace

std::string html_page(const Story& story, const std::vector<std::size_t>& roots, std::string_view title,
                      std::string_view source) {
  Page page(story);
  for (const std::size_t root : roots) page.root(root);
  std::string out =
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
      "<meta name=\"viewport\" content=\"width=device-width\">\n";
  out += fmt::format("<title>{}</title>\n<style>{}</style></head><body>\n<h1>{}</h1>\n<p class=\"source\">{}</p>\n",
                     escaped(title), kStyleSheet, escaped(title), escaped(source));
  out += page.take();
  if (story.left_out() > 0)
    out += fmt::format("<p class=\"deny\">{} entries are left out of this page.</p>\n", story.left_out());
  return out + "</body></html>\n";
}

}  // namespace agentos::cli
