// Speaks PostgreSQL from a static program, without libpq.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/jackc/pgx/v4"
)

func main() {
	connection, err := pgx.Connect(context.Background(), "")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	defer connection.Close(context.Background())
	var answer int
	err = connection.QueryRow(context.Background(), "select 1").Scan(&answer)
	fmt.Println(answer, err)
}
