// How every engine of this folder is timed: after a pass over all inputs, half of the time goes to batches of 16
// decisions (p50 and rate: the clock is amortised), half to single ones (p99: the clock's own cost is taken off).
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"time"
)

const (
	batch      = 16
	samplesMax = 1_000_000
)

type timing struct {
	P50       float64 `json:"p50_ns"`
	P99       float64 `json:"p99_ns"`
	PerSecond float64 `json:"decisions_per_second"`
}

func must[T any](value T, err error) T {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	return value
}

// digest is FNV-1a over one letter a verdict, so that engines can be compared without printing thousands of them.
func digest(verdicts []bool) string {
	hash := uint64(0xcbf29ce484222325)
	for _, allowed := range verdicts {
		letter := uint64('d')
		if allowed {
			letter = 'a'
		}
		hash = (hash ^ letter) * 0x100000001b3
	}
	return fmt.Sprintf("%016x", hash)
}

// numbers gives integers as int64, all the way down.
func numbers(value any) any {
	switch v := value.(type) {
	case json.Number:
		return must(v.Int64())
	case map[string]any:
		for key := range v {
			v[key] = numbers(v[key])
		}
	case []any:
		for i := range v {
			v[i] = numbers(v[i])
		}
	}
	return value
}

func readLines(file string) []map[string]any {
	var rows []map[string]any
	scanner := bufio.NewScanner(bytes.NewReader(must(os.ReadFile(file))))
	for scanner.Scan() {
		decoder := json.NewDecoder(bytes.NewReader(scanner.Bytes()))
		decoder.UseNumber()
		var row map[string]any
		if err := decoder.Decode(&row); err != nil {
			must(0, err)
		}
		rows = append(rows, row)
	}
	if err := scanner.Err(); err != nil {
		must(0, err)
	}
	return rows
}

func percentile(samples []float64, which float64) float64 {
	slices.Sort(samples)
	return samples[int(float64(len(samples)-1)*which)]
}

func clockCost() float64 {
	samples := make([]float64, 10_000)
	for i := range samples {
		samples[i] = float64(time.Since(time.Now()))
	}
	return percentile(samples, 0.5)
}

// measure calls decide with inputs 0 to inputs, round and round.
func measure(inputs int, seconds float64, decide func(int) bool) timing {
	clock := clockCost()
	half := time.Duration(seconds / 2 * float64(time.Second))
	at := 0
	next := func() int {
		at++
		if at == inputs {
			at = 0
		}
		return at % inputs
	}
	var batches, singles []float64
	sum := 0.0
	for start := time.Now(); time.Since(start) < half && len(batches) < samplesMax; {
		before := time.Now()
		for range batch {
			decide(next())
		}
		took := float64(time.Since(before)) / batch
		sum += took
		batches = append(batches, took)
	}
	for start := time.Now(); time.Since(start) < half && len(singles) < samplesMax; {
		input := next()
		before := time.Now()
		decide(input)
		singles = append(singles, max(0, float64(time.Since(before))-clock))
	}
	return timing{percentile(batches, 0.5), percentile(singles, 0.99), 1e9 * float64(len(batches)) / sum}
}

func print(row map[string]any, t timing) {
	row["p50_ns"], row["p99_ns"], row["decisions_per_second"] = t.P50, t.P99, t.PerSecond
	fmt.Println(string(must(json.Marshal(row))))
}
