-- Returns a function that stops until the test lets the program go on: see stepping.py.
local write_to, read_from = (os.getenv("PQLEAK_TEST_STEPS") or ""):match("(%d+),(%d+)")

if not write_to then
	return function() end
end

local to_test = assert(io.open("/dev/fd/" .. write_to, "w"))
local from_test = assert(io.open("/dev/fd/" .. read_from, "r"))

to_test:setvbuf("no")
return function()
	to_test:write(".")
	assert(from_test:read(1) == ".")
end
