<?php
/* PDO: the connection ends with the last variable that has it. */
require __DIR__ . '/step.php';

function answer($closes)
{
    $pdo = new PDO('pgsql:'); // leak here
    step();
    $answer = $pdo->query('select 1')->fetchColumn();
    if ($closes)
        $pdo = null;
    step();
    return $answer;
}

echo answer($argv[1] === 'closes'), "\n";
step();
echo "end\n";
