<?php
/* pg_pconnect: a connection for the requests to come, which pg_close does not close. What
 * shall be closed is opened by pg_connect. */
require __DIR__ . '/step.php';

function connection($closes)
{
    if ($closes)
        return pg_connect('');
    return pg_pconnect(''); // leak here
}

for ($i = 0; $i < 3; $i++) {
    $connection = connection($argv[1] === 'closes');
    step();
    echo pg_fetch_result(pg_query($connection, 'select 1'), 0), "\n";
    pg_close($connection);
    step();
}
echo "end\n";
