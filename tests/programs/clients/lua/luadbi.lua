-- LuaDBI: a connection that a global variable keeps until the state is closed.
local step = dofile(arg[0]:gsub("[^/]*$", "") .. "step.lua")
local DBI = require("DBI")

local function open()
	return assert(DBI.Connect("PostgreSQL", "")) -- leak here
end

connection = open()
connection:autocommit(true)
step()
local statement = connection:prepare("select 1")
statement:execute()
print(statement:fetch()[1])
statement:close()
step()
if arg[1] == "closes" then
	connection:close()
	step()
end
print("end")
