# Compares the frames that the shim reads with caller_locations, in the Ruby that runs this.
#
#     ruby frames_oracle.rb frames_probe.so STACKS
#
# Prints one JSON object. Runs on Ruby 2.7 and newer, with its standard library alone.
require "fiddle"
require "json"

SEPARATOR = "\x1f".freeze
ROOM = 1 << 17
# Functions in C that shapes call: caller_locations gives them their caller's file and line,
# and the shim leaves them out. Some became Ruby code over time, which shows in their file.
NATIVE = %w[
  << call catch class_eval each each_with_index eval initialize inject instance_eval
  instance_exec loop map module_eval new next public_send resume send sort_by synchronize
  tap then times transform_values upto first __send__
].freeze

class Probe
  def initialize(library, need_gvl)
    types = [Fiddle::TYPE_VOIDP, Fiddle::TYPE_SIZE_T, Fiddle::TYPE_VOIDP]
    @walk = Fiddle::Function.new(library["probe_walk"], types, Fiddle::TYPE_SIZE_T,
                                 need_gvl: need_gvl)
  end
  attr_reader :walk
end

# Counts stacks and keeps the first few that differ.
class Oracle
  attr_accessor :probe
  attr_reader :stacks, :frames, :deepest, :mismatches

  def initialize
    @stacks = @frames = @deepest = 0
    @mismatches = []
    @lock = Thread::Mutex.new
  end

  # Compares this thread's stack; returns its argument, to stand in any expression.
  def sample(*arguments)
    text = "\0" * ROOM
    cut = "\0" * 8
    @probe.walk.call(text, ROOM, cut); locations = caller_locations(0)
    count(text.unpack1("Z*").force_encoding("UTF-8"), expect(locations))
    arguments.first
  end

  private

  def line(name, path, number)
    [name, path, number].map { |word| word.to_s.b.force_encoding("UTF-8").scrub("?") }
                        .join(SEPARATOR)
  end

  # At the bottom of a fiber a function in C has no caller.
  def native?(location, outer)
    return true if location.path.nil?

    NATIVE.include?(location.label) && !location.path.start_with?("<internal:") &&
      (outer.nil? || [outer.path, outer.lineno] == [location.path, location.lineno])
  end

  def expect(locations)
    ruby = locations.each_with_index.reject { |it, index| native?(it, locations[index + 1]) }
    ruby.map { |location, _| line(location.label, location.path, location.lineno) }
  end

  def count(seen, expected)
    text = expected.join("\n") + "\n"
    @lock.synchronize do
      @stacks += 1
      @frames += expected.size
      @deepest = [@deepest, expected.size].max
      @mismatches << { seen: seen, expected: text } if seen != text && @mismatches.size < 5
    end
  end
end

# One method a way to be on a stack. Each ends in sample.
class Shapes
  def initialize(oracle)
    @oracle = oracle
  end

  def sample(*arguments)
    @oracle.sample(*arguments)
  end

  def shape_plain
    sample
  end

  def shape_lines
    sample(
      1,
      [
        2,
        sample(3)
      ]
    )
    itself
      .itself
      .sample(
        itself
          .itself
      )
  end

  def shape_blocks
    [1].each { |x| sample(x) }
    [1].each do |x|
      1.times do
        1.upto(1) { sample(x) }
        sample
      end
    end
    [[1, 2]].each_with_index { |(a, _), _| sample(a) }
  end

  def shape_lambdas
    one = ->(x) { sample(x) }
    two = proc { |x| one.call(x) }
    two.call(1)
    two.(1)
    two[1]
    [1].map(&one)
    [1].map(&method(:sample))
  end

  def yielding
    yield 1
  end

  def shape_yield
    yielding { |x| sample(x) }
    yielding { yielding { |x| sample(x) } }
  end

  def shape_exceptions
    begin
      raise ArgumentError
    rescue ArgumentError
      sample
    ensure
      sample
    end
    catch(:done) { sample; throw :done }
    [1].each do
      begin
        raise "x"
      rescue StandardError
        sample
      end
    end
  end

  def shape_metaprogramming
    self.class.send(:define_method, :made) { sample(1) }
    made
    __send__(:made)
    instance_eval { sample(1) }
    instance_exec(1) { |x| sample(x) }
    eval("sample(1)", binding, "/from/eval.rb", 77)
    instance_eval("sample(\n\n1)", "/from/instance_eval.rb", 5)
    self.class.class_eval("def of_text\n\n sample(1)\nend", "/from/class_eval.rb", 30)
    of_text
    unknown_method(1)
  end

  def method_missing(name, *arguments)
    name == :unknown_method ? sample(*arguments) : super
  end

  def respond_to_missing?(name, all = false)
    name == :unknown_method || super
  end

  class Base
    def initialize(oracle)
      @oracle = oracle
      oracle.sample
    end

    def work
      @oracle.sample
    end

    def self.build(oracle)
      new(oracle).work
    end

    alias renamed work
  end

  class Derived < Base
    def work
      super
      renamed
    end

    class << self
      def build(oracle)
        super
      end
    end
  end

  def shape_classes
    Derived.build(@oracle)
    oracle = @oracle
    Class.new do
      oracle.sample
      define_singleton_method(:go) { oracle.sample }
    end.go
    Module.new { module_eval { oracle.sample } }
  end

  def shape_enumerators
    outer = Enumerator.new { |out| out << sample(1); out << 2 }
    outer.next
    outer.next
    outer.each { |x| sample(x) }
    (1..Float::INFINITY).lazy.map { |x| sample(x) }.first(2)
    [3, 1].sort_by { |x| sample(x) }
    [1, 2].inject { |_, x| sample(x) }
    { a: 1 }.transform_values { |x| sample(x) }
  end

  def shape_fibers
    inner = Fiber.new do |x|
      Fiber.yield(sample(x))
      sample
    end
    Fiber.new { inner.resume(1); sample; inner.resume }.resume
    sample
  end

  def shape_threads
    Thread.new { [1].each { sample } }.join
    Thread.new { sample(1) }.value
    Thread::Mutex.new.synchronize { sample }
  end

  def shape_internal
    1.tap { |x| sample(x) }
    1.then { |x| sample(x) }
    loop { sample; break }
  end

  def shape_keywords(first: sample(1), **rest)
    rest[:again] || shape_keywords(first: 2, again: sample(3))
    case { a: sample(1) }
    when Hash then sample
    end
    sample("#{sample(1)}")
  end

  def größe_été(value)
    sample(value)
  end

  def shape_names
    größe_été(1)
    eval("sample(1)", binding, "/日本/函数.rb", 3)
    eval("sample(1)", binding, "/undecodable-\xff.rb", 3)
  end

  def deeper(depth)
    return sample(depth) if depth.zero?

    deeper(
      depth - 1
    )
  end

  def shape_recursion
    deeper(60)
  end

  def shape_hot
    50.times { |x| x % 25 == 0 ? sample(x) : itself }
  end
end

# Threads that define methods, make symbols, collect and move objects meanwhile.
class Noise
  WORK = [
    ->(number) { Object.new.define_singleton_method("made_#{number}") { number } },
    ->(number) { "symbol_#{number}".to_sym },
    ->(_) { GC.start(full_mark: false) },
  ].freeze

  def during
    over = false
    threads = WORK.map do |work|
      Thread.new do
        number = 0
        until over
          work.call(number += 1)
          sleep 0.002
        end
      end
    end
    yield
  ensure
    over = true
    threads.each(&:join)
  end
end

def run_all(shapes, names, oracle, count)
  last = oracle.stacks + count
  names.each { |name| shapes.send(name) } while oracle.stacks < last
end

library = Fiddle.dlopen(ARGV[0])
attach = Fiddle::Function.new(library["probe_attach_ruby"], [], Fiddle::TYPE_INT)
abort "this Ruby is not supported" unless attach.call == 1
oracle = Oracle.new
shapes = Shapes.new(oracle)
names = Shapes.instance_methods(false).grep(/\Ashape_/).sort
stacks = Integer(ARGV[1])

[false, true].each do |need_gvl|
  oracle.probe = Probe.new(library, need_gvl)
  names.each do |name|
    before = oracle.stacks
    shapes.send(name)
    abort "#{name} compared nothing" if oracle.stacks == before
  end
  run_all(shapes, names, oracle, stacks / 4)
  Noise.new.during { run_all(shapes, names, oracle, stacks / 8) }
  4.times.map { Thread.new { run_all(shapes, names, oracle, stacks / 32) } }.each(&:join)
end
puts JSON.generate(version: RUBY_VERSION, stacks: oracle.stacks, frames: oracle.frames,
                   deepest: oracle.deepest, mismatches: oracle.mismatches)
