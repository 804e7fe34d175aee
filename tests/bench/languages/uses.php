<?php
// Uses a connection again and again, from a stack of some depth: prints the nanoseconds of
// processor time that one use takes.
//
//     uses.php ROUNDS DEPTH

const WARM = 100;

function deep($depth, $connection, $rounds)
{
    if ($depth > 1) {
        deep($depth - 1, $connection, $rounds);
        return;
    }
    for ($i = 0; $i < $rounds; $i++) {
        pg_put_line($connection, "1\n");
    }
}

function processor_ns()
{
    $used = getrusage();
    return 1e9 * ($used["ru_utime.tv_sec"] + $used["ru_stime.tv_sec"])
        + 1e3 * ($used["ru_utime.tv_usec"] + $used["ru_stime.tv_usec"]);
}

[, $rounds, $depth] = $argv;
$connection = pg_connect("");
pg_query($connection, "create temporary table t (x int)");
pg_query($connection, "copy t from stdin");
deep($depth, $connection, WARM);
$begun = processor_ns();
deep($depth, $connection, $rounds);
printf("%.2f\n", (processor_ns() - $begun) / $rounds);
pg_put_line($connection, "\\.\n");
pg_end_copy($connection);
