// The report of an import as a value.
#include <algorithm>

#include "lib/policy/import/import.h"

namespace agentos::policy::importing {

std::string_view loss_name(Loss loss) {
  switch (loss) {
    case Loss::kDiffers:
      return "differs";
    case Loss::kElsewhere:
      return "elsewhere";
    case Loss::kLost:
      break;
  }
  return "lost";
}

bool Imported::has_losses() const {
  return std::ranges::any_of(remarks, [](const Remark& remark) { return remark.loss == Loss::kLost; });
}

json::Object Imported::report() const {
  json::Array rules;
  for (const Carried& one : carried) {
    rules.push_back(json::Object{{"from", json::to_valid_utf8(one.from)}, {"rule", one.rule}});
  }
  json::Object report{{"carried", std::move(rules)}};
  for (const Loss loss : {Loss::kLost, Loss::kDiffers, Loss::kElsewhere}) {
    json::Array list;
    for (const Remark& remark : remarks) {
      if (remark.loss != loss) continue;
      list.push_back(json::Object{{"where", json::to_valid_utf8(remark.where)},
                                  {"what", json::to_valid_utf8(remark.what)},
                                  {"reason", json::to_valid_utf8(remark.reason)}});
    }
    report[loss_name(loss)] = std::move(list);
  }
  return report;
}

}  // namespace agentos::policy::importing
