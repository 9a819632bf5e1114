//! cel-rust: the expression compiled, the context with its variables made beforehand; timed is `execute`.
//!
//!     cel_peer WORKLOAD SECONDS

use std::collections::HashMap;
use std::path::Path;

use cel::{Context, Program, Value};
use policy_peers::{lines, measure};
use serde_json::json;

/// Integers are CEL's `int`; the crate's own conversion would make them `uint`, which does not mix with literals.
fn convert(value: &serde_json::Value) -> Value {
    match value {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(truth) => Value::Bool(*truth),
        serde_json::Value::Number(number) => Value::Int(number.as_i64().expect("an integer")),
        serde_json::Value::String(text) => text.as_str().into(),
        serde_json::Value::Array(elements) => {
            elements.iter().map(convert).collect::<Vec<Value>>().into()
        }
        serde_json::Value::Object(members) => members
            .iter()
            .map(|(name, member)| (name.as_str(), convert(member)))
            .collect::<HashMap<&str, Value>>()
            .into(),
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let seconds: f64 = arguments[2].parse().expect("seconds");
    for line in lines(&Path::new(&arguments[1]).join("expressions.jsonl")) {
        let program = Program::compile(line["expression"].as_str().expect("an expression"))
            .expect("compiles");
        let mut context = Context::default();
        for (name, value) in line["input"].as_object().expect("an object") {
            context.add_variable_from_value(name.as_str(), convert(value));
        }
        let value = program.execute(&context);
        let timing = measure(1, seconds, |_| {
            matches!(program.execute(&context), Ok(Value::Bool(true)))
        });
        println!(
            "{}",
            json!({"engine": "cel-rust", "expression": line["name"], "p50_ns": timing.p50_ns, "p99_ns": timing.p99_ns,
                   "decisions_per_second": timing.per_second,
                   "value": match value { Ok(Value::Bool(truth)) => json!(truth), other => json!(format!("{other:?}")) }})
        );
    }
}
