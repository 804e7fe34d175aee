# ruby-pg in fibers, each with a stack of its own.
require "pg"
require_relative "step"

def session
  Fiber.new do |question|
    connection = PG.connect # leak here
    step
    while question
      answer = connection.exec_params("select $1::int + 1", [question]).getvalue(0, 0)
      question = Fiber.yield(answer)
    end
    connection.close
    step
  end
end

fibers = Array.new(2) { session }
fibers.each { |fiber| puts fiber.resume(1) }
fibers.each { |fiber| puts fiber.resume(2) }
fibers.each { |fiber| fiber.resume(nil) } if ARGV[0] == "closes"
$kept = fibers
puts "end"
