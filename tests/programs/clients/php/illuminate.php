<?php
/* Laravel's database layer: its manager keeps a connection until the request ends. */
require __DIR__ . '/step.php';
require 'Illuminate/Database/autoload.php';

use Illuminate\Database\Capsule\Manager;

function answer(Manager $manager)
{
    $rows = $manager->getConnection()->select('select 1 as one'); // leak here
    step();
    return $rows[0]->one;
}

$manager = new Manager;
$manager->addConnection(['driver' => 'pgsql', 'host' => getenv('PGHOST'),
                         'port' => getenv('PGPORT'), 'database' => getenv('PGDATABASE'),
                         'username' => getenv('PGUSER')]);
echo answer($manager), "\n";
if ($argv[1] === 'closes')
    $manager->getDatabaseManager()->purge();
step();
echo "end\n";
