<?php
/* Doctrine DBAL: a connection for each call, open until the request ends. */
require __DIR__ . '/step.php';
require 'Doctrine/DBAL/autoload.php';

use Doctrine\DBAL\DriverManager;

function answer($closes)
{
    static $connections = [];
    $connection = DriverManager::getConnection([
        'driver' => 'pdo_pgsql', 'dbname' => getenv('PGDATABASE'), 'user' => getenv('PGUSER')]);
    $answer = $connection->fetchOne('select 1'); // leak here
    step();
    if ($closes)
        $connection->close();
    else
        $connections[] = $connection;
    step();
    return $answer;
}

for ($i = 0; $i < 3; $i++)
    echo answer($argv[1] === 'closes'), "\n";
echo "end\n";
