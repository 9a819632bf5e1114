//! Cedar: the policy set parsed, the requests and the empty entities made beforehand; timed is `is_authorized`.
//!
//!     cedar_peer WORKLOAD RULES SECONDS [verify]
//!
//! With `verify` every request is decided once before the clock starts, and the digest of the verdicts is printed.

use std::path::Path;
use std::str::FromStr;
use std::time::Instant;

use cedar_policy::{
    Authorizer, Context, Decision, Entities, EntityId, EntityTypeName, EntityUid, PolicySet,
    Request,
};
use policy_peers::{digest, lines, measure};
use serde_json::{Value, json};

fn uid(kind: &str, id: &str) -> EntityUid {
    EntityUid::from_type_name_and_id(
        EntityTypeName::from_str(kind).expect("a type"),
        EntityId::new(id),
    )
}

fn request(asked: &Value) -> Request {
    let tool = asked["tool"].as_str().expect("a tool");
    let mut context = asked["args"].clone();
    context["tool"] = json!(tool);
    let context = Context::from_json_value(context, None).expect("a context");
    Request::new(
        uid("Agent", "demo"),
        uid("Action", "exec"),
        uid("Tool", tool),
        context,
        None,
    )
    .expect("a request")
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let folder = Path::new(&arguments[1]).join(&arguments[2]);
    let seconds: f64 = arguments[3].parse().expect("seconds");
    let text = std::fs::read_to_string(folder.join("policies.cedar")).expect("policies.cedar");
    let start = Instant::now();
    let policies = PolicySet::from_str(&text).expect("policies");
    let load_ms = start.elapsed().as_secs_f64() * 1000.0;
    let asked = lines(&folder.join("requests.jsonl"));
    let requests: Vec<Request> = asked.iter().map(request).collect();
    let entities = Entities::empty();
    let authorizer = Authorizer::new();
    let allows = |one: &Request| {
        authorizer
            .is_authorized(one, &policies, &entities)
            .decision()
            == Decision::Allow
    };
    let verify = arguments.get(4).is_some_and(|word| word == "verify");
    let verdicts = verify.then(|| digest(requests.iter().map(allows)));
    let of_regex: Vec<usize> = (0..asked.len())
        .filter(|&i| asked[i]["regex"] == json!(true))
        .collect();
    let all: Vec<usize> = (0..asked.len()).collect();
    for (kind, chosen) in [("mixed", all), ("regex", of_regex)] {
        if chosen.is_empty() {
            continue;
        }
        let timing = measure(chosen.len(), seconds, |i| allows(&requests[chosen[i]]));
        println!(
            "{}",
            json!({"engine": "cedar", "rules": arguments[2].parse::<u64>().expect("rules"), "kind": kind,
                   "p50_ns": timing.p50_ns, "p99_ns": timing.p99_ns, "decisions_per_second": timing.per_second,
                   "load_ms": load_ms, "verdicts_digest": verdicts})
        );
    }
}
