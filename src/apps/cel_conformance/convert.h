// Values and types of the suite's messages as the engine's own.
//
// A message that is none of the well-known scalar types is refused with a sentence that begins "needs": such a test
// cannot be run here.
#pragma once

#include "apps/cel_conformance/textproto.h"
#include "lib/policy/cel/scratch.h"
#include "lib/policy/cel/type.h"

namespace agentos::cel_conformance {

// A cel.expr.Value, made in `scratch`. kUnsupported: needs what the engine does not have.
Result<cel::Value> value_of(const Field& message, cel::Scratch& scratch);
// A cel.expr.Type.
Result<cel::Type> type_of(const Field& message);

// Whether two values are the same: kinds agree, maps without order, NaN is NaN, -0.0 is not 0.0.
bool same_value(cel::Value a, cel::Value b, cel::Scratch& scratch);
// A value as a person reads it.
std::string shown(cel::Value value, cel::Scratch& scratch);

}  // namespace agentos::cel_conformance
