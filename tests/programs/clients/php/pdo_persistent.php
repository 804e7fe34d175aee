<?php
/* PDO::ATTR_PERSISTENT: a connection for the requests to come. */
require __DIR__ . '/step.php';

class Store
{
    public $pdo;

    function __construct($closes)
    {
        $options = [PDO::ATTR_PERSISTENT => !$closes];
        $this->pdo = new PDO('pgsql:', null, null, $options); // leak here
        step();
    }
}

for ($i = 0; $i < 3; $i++) {
    $store = new Store($argv[1] === 'closes');
    echo $store->pdo->query('select 1')->fetchColumn(), "\n";
    unset($store);
    step();
}
echo "end\n";
