<?php
// Uses connections from frames that are hard to tell apart: functions made from texts of one
// shape, each gone before the next is made; recursion; two lines of one function; fibers. Each
// connection is named by its number, and its last use printed as JSON: its
// number, and [function, line] of its callers, as PHP says.
//
//     last_uses.php CONNECTIONS

function helper($connection)
{
    global $frames;
    $frames = [];
    $trace = debug_backtrace(DEBUG_BACKTRACE_IGNORE_ARGS);
    for ($i = 1; $i < count($trace); $i++) {
        $at = $trace[$i];
        $frames[] = [($at["class"] ?? "") . ($at["type"] ?? "") . $at["function"],
            $trace[$i - 1]["line"] ?? 0];
    }
    pg_query($connection, "select 1");
}

function by_text($number, $connection)
{
    $text = str_repeat("\n", $number % 3)
        . "return function(\$connection) {\n helper(\$connection);\n};";
    $function = eval($text);
    $function($connection);
    $function = null;
}

// One line for all: only the class's name tells them apart.
function by_name($number, $connection)
{
    $name = "named_" . $number;
    if (!class_exists($name)) {
        eval("class $name { static function run(\$connection) { helper(\$connection); } }");
    }
    $name::run($connection);
}

function by_depth($number, $connection)
{
    $number ? by_depth($number - 1, $connection) : helper($connection);
}

function by_line($number, $connection)
{
    if ($number % 2) {
        helper($connection);
    } else {
        helper($connection);
    }
}

function by_fiber($number, $connection)
{
    $fiber = new Fiber(fn() => by_depth($number % 3, $connection));
    $fiber->start();
}

function use_one($number, $connection)
{
    $of_kind = intdiv($number, 5);
    switch ($number % 5) {
        case 0:
            by_text($of_kind, $connection);
            break;
        case 1:
            by_name($of_kind, $connection);
            break;
        case 2:
            by_depth($of_kind % 4, $connection);
            break;
        case 3:
            by_line($of_kind, $connection);
            break;
        default:
            by_fiber($of_kind, $connection);
    }
}

$connections = [];
for ($number = 0; $number < $argv[1]; $number++) {
    $connection = pg_connect("application_name=$number", PGSQL_CONNECT_FORCE_NEW);
    foreach ([9, 5, 1, 10, 0] as $step) {
        use_one($number + $step, $connection);
    }
    $connections[] = $connection;
    print(json_encode([$number, $frames]) . "\n");
}
