package main

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
)

func opa(workload string, rules int, seconds float64, verify bool) {
	folder := filepath.Join(workload, strconv.Itoa(rules))
	module := string(must(os.ReadFile(filepath.Join(folder, "policy.rego"))))
	ctx := context.Background()
	start := time.Now()
	query := must(rego.New(rego.Query("data.bench.allow"), rego.Module("policy.rego", module)).PrepareForEval(ctx))
	loadMs := float64(time.Since(start).Microseconds()) / 1000
	var inputs []ast.Value
	var ofRegex []int
	for i, row := range readLines(filepath.Join(folder, "requests.jsonl")) {
		input := map[string]any{"tool": row["tool"], "args": row["args"]}
		inputs = append(inputs, must(ast.InterfaceToValue(input)))
		if row["regex"] == true {
			ofRegex = append(ofRegex, i)
		}
	}
	allows := func(i int) bool {
		return must(query.Eval(ctx, rego.EvalParsedInput(inputs[i]))).Allowed()
	}
	row := map[string]any{"engine": "opa", "rules": rules, "load_ms": loadMs}
	if verify {
		verdicts := make([]bool, len(inputs))
		for i := range inputs {
			verdicts[i] = allows(i)
		}
		row["verdicts_digest"] = digest(verdicts)
	}
	row["kind"] = "mixed"
	print(row, measure(len(inputs), seconds, allows))
	if len(ofRegex) > 0 {
		row["kind"] = "regex"
		print(row, measure(len(ofRegex), seconds, func(i int) bool { return allows(ofRegex[i]) }))
	}
}
