# A step of a program that has a pool: says what the pool itself knows, and waits for a line.
# As step.py.
require "json"

def step(name, idle, out, silent_idle: 0, silent_out: 0, by: [])
  puts JSON.generate("step" => name, "idle" => idle, "checked_out" => out,
                     "silent_idle" => silent_idle, "silent_out" => silent_out, "by" => by.sort)
  $stdout.flush
  $stdin.gets
end
