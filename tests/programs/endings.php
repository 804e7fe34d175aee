<?php
/* One connection each, ended in the way that the argument names: tests/process/
 * test_endings_php.py says which ending that is. */
function open_one()
{
    return pg_connect('', PGSQL_CONNECT_FORCE_NEW);
}

function open_pdo($options = [])
{
    return new PDO('pgsql:', null, null, $options);
}

class Store
{
    public $link, $other;
    static $shared;

    function __construct() { $this->link = open_one(); }
    function __destruct() { pg_close($this->link); }
}

class Holder
{
    public $pdo, $other;
    static $shared;

    function set($pdo) { $this->pdo = $pdo; }
}

$endings = [
    'close' => function () { pg_close(open_one()); },
    'null' => function () { $pdo = open_pdo(); $pdo = null; },
    'null_by_reference' => function () { $pdo = open_pdo(); $same = &$pdo; $same = null; },
    'null_property' => function () { $it = new Holder; $it->pdo = open_pdo(); $it->pdo = null; },
    'null_argument' => function () { $it = new Holder; $it->set(open_pdo()); $it->set(null); },
    'null_static' => function () { Holder::$shared = open_pdo(); Holder::$shared = null; },
    'null_element' => function () { $all = [open_pdo()]; $all[0] = null; },
    'unset' => function () { $pdo = open_pdo(); unset($pdo); },
    'unset_element' => function () { $all = ['x' => open_pdo()]; unset($all['x']); },
    'unset_property' => function () { $it = new Holder; $it->pdo = open_pdo(); unset($it->pdo); },
    'unset_owner' => function () { $store = new Store; unset($store); },
    'null_owner' => function () { $it = new Holder; $it->pdo = open_pdo(); $it = null; },
    'scope' => function () { $pdo = open_pdo(); },
    'overwritten' => function () { $pdo = open_pdo(); $pdo = 'something else'; },
    'temporary' => function () { open_pdo()->query('select 1'); },
    'exception' => function () {
        try {
            (function () { $pdo = open_pdo(); throw new Exception; })();
        } catch (Exception $e) {
        }
    },
    'destructor' => function () { $store = new Store; },
    'cycle' => function () {
        $one = new Holder;
        $one->other = new Holder;
        $one->other->other = $one;
        $one->pdo = open_pdo();
        unset($one);
        gc_collect_cycles();
    },
    'cycle_destructor' => function () {
        $store = new Store;
        $store->other = $store;
        unset($store);
        gc_collect_cycles();
    },
    'request' => function () { global $link; $link = open_one(); },
    'request_pdo' => function () { Holder::$shared = open_pdo(); },
    'request_destructor' => function () { Store::$shared = new Store; },
    'shutdown_function' => function () {
        $link = open_one();
        register_shutdown_function(function () use ($link) { pg_close($link); });
    },
    'exit' => function () { global $link; $link = open_one(); exit(3); },
    'exit_inside' => function () { $pdo = open_pdo(); exit(3); },
    'error' => function () { global $link; $link = open_one(); trigger_error('x', E_USER_ERROR); },
    'persistent' => function () { pg_pconnect(''); },
    'persistent_pdo' => function () {
        $pdo = open_pdo([PDO::ATTR_PERSISTENT => true]);
        $pdo = null;
    },
    'in_transaction' => function () { global $link; $link = open_one(); pg_query($link, 'begin'); },
    'in_transaction_pdo' => function () {
        Holder::$shared = open_pdo();
        Holder::$shared->beginTransaction();
    },
    'failed' => function () { @pg_connect('dbname=nonexistent'); },
    'failed_pdo' => function () {
        try {
            new PDO('pgsql:dbname=nonexistent');
        } catch (PDOException $e) {
        }
    },
    'exec' => function () { $link = open_one(); pcntl_exec('/bin/true'); },
    'underscore_exit' => function () {
        $link = open_one();
        FFI::cdef('void _exit(int);')->_exit(4);
    },
    'signal' => function () { $link = open_one(); posix_kill(getmypid(), SIGTERM); },
    'kill' => function () { $link = open_one(); posix_kill(getmypid(), SIGKILL); },
    /* The child's exit shuts its request down, and what it has of its parent with it. */
    'fork' => function () {
        $pdo = open_pdo();
        $child = pcntl_fork();
        if ($child === 0)
            exit(0);
        pcntl_waitpid($child, $status);
        echo @$pdo->query('select 1') ? "alive\n" : "dead\n";
        $pdo = null;
    },
    'fork_request' => function () {
        global $link;
        $link = open_one();
        $child = pcntl_fork();
        if ($child === 0)
            return;
        pcntl_waitpid($child, $status);
        pg_close($link);
    },
    'fork_killed' => function () {
        $link = open_one();
        $child = pcntl_fork();
        if ($child === 0)
            posix_kill(getmypid(), SIGKILL);
        pcntl_waitpid($child, $status);
        echo pg_query($link, 'select 1') ? "alive\n" : "dead\n";
        pg_close($link);
    },
];

$endings[$argv[1]]();
