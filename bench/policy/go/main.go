// OPA and cel-go, measured in process.
//
//	peers opa WORKLOAD RULES SECONDS [verify]    the module compiled, the query prepared, the inputs parsed beforehand
//	peers cel WORKLOAD SECONDS                   the expression checked and planned, the activation made beforehand
//
// With "verify" every request is decided once before the clock starts, and the digest of the verdicts is printed.
package main

import (
	"fmt"
	"os"
	"strconv"
)

func main() {
	switch {
	case len(os.Args) >= 5 && os.Args[1] == "opa":
		verify := len(os.Args) == 6 && os.Args[5] == "verify"
		opa(os.Args[2], must(strconv.Atoi(os.Args[3])), must(strconv.ParseFloat(os.Args[4], 64)), verify)
	case len(os.Args) == 4 && os.Args[1] == "cel":
		celExpressions(os.Args[2], must(strconv.ParseFloat(os.Args[3], 64)))
	default:
		fmt.Fprintln(os.Stderr, "usage: peers opa WORKLOAD RULES SECONDS [verify] | peers cel WORKLOAD SECONDS")
		os.Exit(2)
	}
}
