<?php
/* The pgsql extension: a worker that opens a connection for each of its jobs. */
require __DIR__ . '/step.php';

class Worker
{
    private $connections = [];

    function job($closes)
    {
        $connection = pg_connect('', PGSQL_CONNECT_FORCE_NEW); // leak here
        step();
        echo pg_fetch_result(pg_query($connection, 'select 1'), 0), "\n";
        if ($closes)
            pg_close($connection);
        else
            $this->connections[] = $connection;
        step();
    }
}

$worker = new Worker;
for ($i = 0; $i < 3; $i++)
    $worker->job($argv[1] === 'closes');
echo "end\n";
