-- One connection, which ends in the way that the argument names.
local luasql = require("luasql.postgres")
local environment = luasql.postgres()

local function open_one()
	return assert(environment:connect(""))
end

local function forget()
	open_one()
end

local function close_by_tail_call(connection)
	return connection:close()
end

local endings = {}

function endings.close()
	open_one():close()
end

function endings.tail_call()
	close_by_tail_call(open_one())
end

function endings.protected_call()
	local connection = open_one()
	pcall(connection.close, connection)
end

function endings.coroutine_body()
	local connection = open_one()
	coroutine.wrap(connection.close)(connection)
end

function endings.collected()
	forget()
	collectgarbage()
	collectgarbage()
end

-- The collector runs when the program allocates.
function endings.collected_by_work()
	forget()
	for number = 1, 200000 do
		local garbage = { number }
	end
end

function endings.state_closed()
	kept = open_one()
end

function endings.error()
	kept = open_one()
	error("an error that nobody catches", 0)
end

function endings.exit()
	kept = open_one()
	os.exit(4)
end

function endings.exit_and_close()
	kept = open_one()
	os.exit(4, true)
end

function endings.coroutine()
	local outer = coroutine.create(function()
		local inner = coroutine.wrap(function()
			kept = open_one()
		end)
		inner()
	end)
	assert(coroutine.resume(outer))
end

function endings.chunk()
	kept = assert((loadstring or load)("local environment = ...\n" ..
		"return environment:connect('')"))(environment)
end

endings[arg[1]]()
