// First pass over a schema document: every subschema gets a number, and the names it can be referred to by.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/error.h"
#include "base/json/value.h"

namespace agentos::schema {

// "at <pointer>: <what>" as a kMalformed error; the root's pointer is shown as "/".
std::unexpected<Error> fail_in_schema(std::string_view pointer, std::string_view what, std::string hint = {});

class Scan {
 public:
  struct Found {
    const json::Value* value;
    std::string pointer;
    std::string base;  // URI that references in it are relative to
  };

  explicit Scan(const json::Value& document) : document_(document) {}

  Status run() { return visit(document_, "", "", 0); }
  const std::vector<Found>& found() const { return found_; }  // by number; resolve() may add to it
  std::uint32_t number_of(const std::string& pointer) const { return numbers_.at(pointer); }
  // The number of the subschema that `reference`, written in subschema `from`, names.
  Result<std::uint32_t> resolve(std::uint32_t from, std::string_view reference);
  // How many $dynamicAnchor of that name the document has: with more than one, which is meant depends on the road
  // taken.
  std::size_t dynamic_anchors(std::string_view name) const;

 private:
  Status visit(const json::Value& value, const std::string& pointer, const std::string& base, std::size_t depth);
  Status visit_members(const json::Value& value, const std::string& pointer, const std::string& base,
                       std::size_t depth);
  Status name(const json::Object& object, const std::string& pointer, std::string& base);
  Result<std::uint32_t> at_pointer(const std::string& pointer);

  const json::Value& document_;
  std::vector<Found> found_;
  std::unordered_map<std::string, std::uint32_t> numbers_;     // by pointer
  std::map<std::string, std::string, std::less<>> resources_;  // URI -> pointer
  std::map<std::string, std::string, std::less<>> anchors_;    // URI#name -> pointer
  std::map<std::string, std::size_t, std::less<>> dynamic_;    // name -> how many
};

}  // namespace agentos::schema
