# Stops at a step of the program until the test goes on: a byte out, a byte in.
STEPS = (ENV["PQLEAK_TEST_STEPS"] || "").split(",").map do |descriptor|
  IO.for_fd(descriptor.to_i, autoclose: false)
end

def step
  return if STEPS.empty?

  STEPS[0].syswrite(".")
  STEPS[1].sysread(1)
end
