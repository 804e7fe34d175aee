<?php
/* debug_backtrace() and the shim must see the same frames, in stacks put together by chance
 * of all ways in which PHP calls. Prints a JSON object. */
namespace Oracle;

const DEEPEST = 60;
const WAYS_OF_8_1 = <<<'PHP'
namespace Oracle;
function fiber($ways) { $fiber = new \Fiber(function () use ($ways) { next($ways); });
    $fiber->start(); }
function suspended($ways) {
    $fiber = new \Fiber(function () use ($ways) { \Fiber::suspend(1); next($ways); });
    $fiber->start();
    $fiber->resume();
}
function first_class($ways) { $call = next(...); $call($ways); }
function named($ways) { next(ways: $ways); }
enum Suit { case Hearts; function walk($ways) { next($ways); } }
function enumerated($ways) { Suit::Hearts->walk($ways); }
function nullsafe($ways) { $plain = new Plain; $plain?->method($ways); }
function matched($ways) { match (true) { default => next($ways) }; }
PHP;

[, $library, $stacks] = $argv;
$probe = \FFI::cdef('int probe_attach_php(void); size_t probe_walk(char *, size_t, int *);
    uint64_t probe_cost_ns(unsigned, int);', $library);
$text = \FFI::new('char[1048576]');
$truncated = \FFI::new('int');
$mismatches = [];
$seen = $deepest = 0;
$cost = null;

/* A frame of debug_backtrace() has the place that called it: its own line is the next one's.
 * PHP prints the name of an anonymous class up to its 0. */
function expected($trace)
{
    $frames = [];
    $file = $line = null;
    foreach ($trace as $entry) {
        $class = \explode("\0", $entry['class'] ?? '')[0];
        $frames[] = [$class . ($entry['type'] ?? '') . $entry['function'], $file, $line];
        $file = $entry['file'] ?? '';
        $line = $entry['line'] ?? 0;
    }
    $frames[] = ['{main}', $file, $line];
    return $frames;
}

function compare()
{
    global $probe, $text, $truncated, $mismatches, $seen, $deepest, $cost;
    $count = $probe->probe_walk($text, 1048576, \FFI::addr($truncated));
    $trace = \debug_backtrace(\DEBUG_BACKTRACE_IGNORE_ARGS);
    $frames = [];
    foreach (\explode("\n", \FFI::string($text, $count), -1) as $line) {
        [$function, $file, $number] = \explode("\x1f", $line) + ['', '', ''];
        $frames[] = [$function, $file, (int) $number];
    }
    $wanted = expected($trace);
    // The innermost is the call of the probe; then comes this function, a line above.
    \array_shift($frames);
    $frames[0][1] = $wanted[0][1];
    $frames[0][2] = $wanted[0][2];
    $seen++;
    $deepest = \max($deepest, \count($wanted));
    if ($cost === null && \count($wanted) > 20 && $seen > 100)
        $cost = [\count($wanted), $probe->probe_cost_ns(10000, 0)];
    for ($i = 0; $i < \max(\count($frames), \count($wanted)); $i++)
        if (($frames[$i] ?? null) !== ($wanted[$i] ?? null) || $truncated->cdata) {
            $mismatches[] = ['at' => $i, 'seen' => $frames[$i] ?? null,
                             'wanted' => $wanted[$i] ?? null];
            break;
        }
}

function next($ways)
{
    if (!$ways)
        return compare();
    $way = \array_pop($ways);
    return $way($ways);
}

trait Shared
{
    function of_trait($ways) { return next($ways); }
    static function static_of_trait($ways) { return next($ways); }
}

class Plain implements \IteratorAggregate
{
    use Shared { of_trait as renamed; }
    public $ways;
    function method($ways) { return next($ways); }
    static function of_class($ways) { return next($ways); }
    function __invoke($ways) { return next($ways); }
    function __call($name, $arguments) { return next($arguments[0]); }
    static function __callStatic($name, $arguments) { return next($arguments[0]); }
    function __get($name) { next($this->ways); return 1; }
    function __set($name, $value) { next($value); }
    function __isset($name) { next($this->ways); return true; }
    function __unset($name) { next($this->ways); }
    function __toString(): string { next($this->ways); return 'text'; }
    function getIterator(): \Traversable { next($this->ways); yield 1; }
    function bound() { return function ($ways) { return next($ways); }; }
    static function late($ways) { return static::of_class($ways); }
}

class Heir extends Plain
{
    function __construct($ways = null) { if ($ways !== null) next($ways); }
    function method($ways) { return parent::method($ways); }
}

class Dying
{
    public $ways;
    /* Up to 8.3 there is no fiber inside of a destructor. */
    function __destruct()
    {
        next(\array_values(\array_diff($this->ways, ['oracle\fiber', 'oracle\suspended'])));
    }
}

class Walk implements \Iterator, \ArrayAccess, \Countable
{
    public $ways, $at = 0;
    function __construct($ways) { $this->ways = $ways; }
    #[\ReturnTypeWillChange]
    function current() { next($this->ways); return 1; }
    #[\ReturnTypeWillChange]
    function key() { return $this->at; }
    function next(): void { $this->at++; }
    function rewind(): void { }
    function valid(): bool { return $this->at < 1; }
    function offsetExists($offset): bool { next($this->ways); return true; }
    #[\ReturnTypeWillChange]
    function offsetGet($offset) { next($this->ways); return 1; }
    function offsetSet($offset, $value): void { next($this->ways); }
    function offsetUnset($offset): void { next($this->ways); }
    function count(): int { next($this->ways); return 1; }
}

function generator($ways) { yield next($ways); }
function generated($ways) { foreach (generator($ways) as $unused); }
function resumed($ways)
{
    $generator = (function () use ($ways) { $received = yield; next($received); })();
    $generator->current();
    $generator->send($ways);
}
function closure($ways) { (function () use ($ways) { next($ways); })(); }
function arrow($ways) { (fn() => next($ways))(); }
function static_closure($ways) { (static function ($ways) { next($ways); })($ways); }
function mapped($ways) { \array_map(function () use ($ways) { next($ways); }, [1]); }
function sorted($ways)
{
    $list = [1, 2];
    \usort($list, function () use ($ways) { next($ways); return 0; });
}
function replaced($ways)
{
    \preg_replace_callback('/a/', function () use ($ways) { next($ways); return ''; }, 'a');
}
function called($ways) { \call_user_func_array('Oracle\next', [$ways]); }
function called_method($ways) { \call_user_func([new Plain, 'method'], $ways); }
function called_static($ways) { \call_user_func('Oracle\Plain::of_class', $ways); }
function from_callable($ways) { \Closure::fromCallable([new Heir, 'method'])($ways); }
function reflected($ways)
{
    (new \ReflectionMethod('Oracle\Plain', 'method'))->invoke(new Heir, $ways);
}
function method($ways) { (new Heir)->method($ways); }
function of_class($ways) { Heir::of_class($ways); }
function late($ways) { Heir::late($ways); }
function invoked($ways) { (new Plain)($ways); }
function magic($ways) { (new Plain)->nothing($ways); }
function magic_static($ways) { Plain::nothing($ways); }
function got($ways) { $it = new Plain; $it->ways = $ways; $it->nothing; }
function set($ways) { $it = new Plain; $it->nothing = $ways; }
function tested($ways) { $it = new Plain; $it->ways = $ways; isset($it->nothing); }
function unset_magic($ways) { $it = new Plain; $it->ways = $ways; unset($it->nothing); }
function printed($ways) { $it = new Plain; $it->ways = $ways; \strlen("$it"); }
function aggregate($ways) { $it = new Plain; $it->ways = $ways; foreach ($it as $unused); }
function iterated($ways) { foreach (new Walk($ways) as $unused); }
function spread($ways) { [...new Walk($ways)]; }
function listed($ways) { \iterator_to_array(new Walk($ways)); }
function offset($ways) { (new Walk($ways))['x']; }
function offset_set($ways) { $it = new Walk($ways); $it['x'] = 1; }
function offset_tested($ways) { isset((new Walk($ways))['x']); }
function counted($ways) { \count(new Walk($ways)); }
function trait_method($ways) { (new Plain)->of_trait($ways); }
function trait_static($ways) { Plain::static_of_trait($ways); }
function bound($ways) { (new Plain)->bound()($ways); }
function rebound($ways)
{
    \Closure::bind(function ($ways) { next($ways); }, null, 'Oracle\Plain')($ways);
}
function constructed($ways) { new Heir($ways); }
function dying($ways) { $it = new Dying; $it->ways = $ways; $it = null; }
function left($ways) { $it = new Dying; $it->ways = $ways; }
function anonymous($ways)
{
    (new class { function method($ways) { next($ways); } })->method($ways);
}
function evaluated($ways) { eval("\n\n\\Oracle\\next(\$ways);"); }
function included($ways) { include __DIR__ . '/frames_oracle_included.php'; }
function required($ways) { require __DIR__ . '/frames_oracle_included.php'; }
function caught($ways)
{
    try {
        throw new \Exception;
    } catch (\Exception $e) {
        next($ways);
    } finally {
        unset($e);
    }
}
function finally_($ways)
{
    try {
        try {
            throw new \Exception;
        } finally {
            next($ways);
        }
    } catch (\Exception $e) {
    }
}
function unwound($ways)
{
    try {
        throwing($ways);
    } catch (\Exception $e) {
    }
}
function throwing($ways)
{
    $it = new Dying;
    $it->ways = $ways;
    throw new \Exception;
}
function more_arguments($ways) { next($ways, 1, 2, 3, 4, 5, 6, 7, 8); }
function many_lines($ways)
{
    $unused = [
        1,
        next(
            $ways
        ),
    ];
}
function autoloaded($ways)
{
    \spl_autoload_register($load = function () use ($ways) { next($ways); });
    $exists = 'class_exists'; // by its name it has no frame since 8.4
    $exists('Oracle\Nothing');
    \spl_autoload_unregister($load);
}
function handled($ways)
{
    \set_error_handler(function () use ($ways) { next($ways); return true; });
    $nothing = [];
    $nothing['x'];
    \restore_error_handler();
}

if (\PHP_VERSION_ID >= 80100)
    eval(WAYS_OF_8_1);

/* A trait's alias has the trait's own name in 7.4, which the traces of 7.4 translate. */
if (\PHP_VERSION_ID >= 80000) {
    function alias($ways) { (new Plain)->renamed($ways); }
}

$ways = \array_values(\array_filter(\get_defined_functions()['user'], function ($name) {
    return !\in_array($name, ['oracle\expected', 'oracle\compare', 'oracle\next',
                              'oracle\generator', 'oracle\throwing']);
}));
if ($probe->probe_attach_php() !== 1)
    exit("not attached\n");
foreach ($ways as $way)
    next([$way]);
\mt_srand(7);
while ($seen < $stacks && \count($mismatches) < 3) {
    $chosen = [];
    for ($i = \mt_rand(0, \mt_rand(1, DEEPEST)); $i > 0; $i--)
        $chosen[] = $ways[\mt_rand(0, \count($ways) - 1)];
    next($chosen);
}
echo \json_encode(['stacks' => $seen, 'ways' => \count($ways), 'deepest' => $deepest,
                   'cost' => $cost, 'mismatches' => $mismatches]), "\n";
