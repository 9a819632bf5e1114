//! cel-rust: the expression compiled, the context with its variables made beforehand; timed is `execute`.
//!
//!     cel_peer WORKLOAD SECONDS

use std::path::Path;

use cel::{Context, Program, Value};
use policy_peers::{lines, measure};
use serde_json::json;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let seconds: f64 = arguments[2].parse().expect("seconds");
    for line in lines(&Path::new(&arguments[1]).join("expressions.jsonl")) {
        let program = Program::compile(line["expression"].as_str().expect("an expression"))
            .expect("compiles");
        let mut context = Context::default();
        for (name, value) in line["input"].as_object().expect("an object") {
            context
                .add_variable(name.as_str(), value)
                .expect("a variable");
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
