package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/interpreter"
)

func celExpressions(workload string, seconds float64) {
	object := cel.MapType(cel.StringType, cel.DynType)
	env := must(cel.NewEnv(cel.Variable("args", object), cel.Variable("agent", object)))
	for _, row := range readLines(filepath.Join(workload, "expressions.jsonl")) {
		checked, issues := env.Compile(row["expression"].(string))
		if issues.Err() != nil {
			fmt.Fprintln(os.Stderr, issues.Err())
			os.Exit(1)
		}
		program := must(env.Program(checked, cel.EvalOptions(cel.OptOptimize), cel.OptimizeRegex(interpreter.MatchesRegexOptimization)))
		variables := numbers(row["input"]).(map[string]any)
		for name := range variables {
			variables[name] = types.DefaultTypeAdapter.NativeToValue(variables[name])
		}
		activation := must(cel.NewActivation(variables))
		value, _, err := program.Eval(activation)
		must(value, err)
		t := measure(1, seconds, func(int) bool {
			value, _, err := program.Eval(activation)
			return err == nil && value == types.True
		})
		print(map[string]any{"engine": "cel-go", "expression": row["name"], "value": value.Value()}, t)
	}
}
