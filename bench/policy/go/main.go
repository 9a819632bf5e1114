// OPA and cel-go, measured in process.
//
//	peers opa WORKLOAD RULES SECONDS    the module compiled and the query prepared, the inputs parsed beforehand
//	peers cel WORKLOAD SECONDS          the expression checked and planned, the activation made beforehand
package main

import (
	"fmt"
	"os"
	"strconv"
)

func main() {
	switch {
	case len(os.Args) == 5 && os.Args[1] == "opa":
		opa(os.Args[2], must(strconv.Atoi(os.Args[3])), must(strconv.ParseFloat(os.Args[4], 64)))
	case len(os.Args) == 4 && os.Args[1] == "cel":
		celExpressions(os.Args[2], must(strconv.ParseFloat(os.Args[3], 64)))
	default:
		fmt.Fprintln(os.Stderr, "usage: peers opa WORKLOAD RULES SECONDS | peers cel WORKLOAD SECONDS")
		os.Exit(2)
	}
}
