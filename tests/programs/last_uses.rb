# Uses connections from frames that are hard to tell apart: functions made from texts of one
# shape, each gone before the next is made; recursion; two lines of one function; fibers. Each
# connection is named by its number, and its last use printed as JSON: its
# number, and [function, line, file] of its callers, as Ruby says.
#
#     last_uses.rb CONNECTIONS
require "json"
require "pg"

def helper(connection)
  $frames = caller_locations(1).map { |at| [at.label, at.lineno, at.path] }
  connection.sync_exec("select 1")
end

def by_text(number, connection)
  name = "caller_#{number % 7}"
  text = "#{"\n" * (number % 3)}def #{name}(connection)\n  helper(connection)\nend\n"
  Object.class_eval(text, "text", 1)
  send(name, connection)
  Object.send(:remove_method, name)
  GC.start
end

# One line for all names: only the name tells them apart.
def by_name(number, connection)
  name = "named_#{number % 5}"
  Object.class_eval("def #{name}(connection) = helper(connection)", "name", 7)
  send(name, connection)
  Object.send(:remove_method, name)
  GC.start
end

# Only the file tells them apart.
def by_file(number, connection)
  [2, 1, 0].each do |step|
    eval("helper(connection)", binding, "file_#{(number + step) % 7}", 1)
    GC.start
  end
end

def by_depth(number, connection)
  return helper(connection) if number.zero?
  by_depth(number - 1, connection)
end

def by_line(number, connection)
  if number.even?
    helper(connection)
  else
    helper(connection)
  end
end

def by_fiber(number, connection)
  Fiber.new { by_depth(number % 3, connection) }.resume
end

def use(number, connection)
  case number % 6
  when 0 then by_text(number / 6, connection)
  when 1 then by_name(number / 6, connection)
  when 2 then by_depth(number / 6 % 4, connection)
  when 3 then by_line(number / 6, connection)
  when 4 then by_file(number / 6, connection)
  else by_fiber(number / 6, connection)
  end
end

connections = Array.new(ARGV[0].to_i) do |number|
  connection = PG::Connection.sync_connect(host: ENV["PGHOST"], application_name: number.to_s)
  [18, 12, 6, 1, 0].each { |step| use(number + step, connection) }
  # Farther out are functions in C, which have no frame of their own.
  puts [number, $frames.take_while { |label, _| label != "use" && label != "eval" }].to_json
  connection
end
GC.compact if GC.respond_to?(:compact)
$stdout.flush
