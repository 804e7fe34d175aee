-- LuaSQL: a connection of an environment; os.exit leaves both behind.
local step = dofile(arg[0]:gsub("[^/]*$", "") .. "step.lua")
local luasql = require("luasql.postgres")

local function work(mode)
	local environment = luasql.postgres()
	local connection = assert(environment:connect("")) -- leak here
	step()
	local cursor = assert(connection:execute("select 1"))
	print(cursor:fetch())
	cursor:close()
	step()
	if mode == "leaks" then
		os.exit(0)
	end
	connection:close()
	environment:close()
	step()
end

work(arg[1])
print("end")
