"""Lua, Tcl, R and Node."""
from clients import Client, Leak

# What makes V8 write the names and the places of its functions to /tmp/perf-PID.map. It
# writes a log into the current directory, too.
NAMING_NODE = ("env", "--chdir={scratch}", "node",
               "--perf-basic-prof", "--interpreted-frames-native-stack")
NODE_CLIENTS = "{clients}/node-libpq"


def lua(name, version, program, leak):
    return Client(f"{name}, Lua {version}", "lua", "local", f"lua/{program}.lua",
                  (f"/usr/bin/lua{version}", "{source}"), leak,
                  needs=(f"/usr/lib/x86_64-linux-gnu/lua/{version}",))


CLIENTS = [
    lua("LuaSQL", "5.4", "luasql", Leak("work", "open", "leak")),
    lua("LuaSQL", "5.1", "luasql", Leak("work", "open", "leak")),
    lua("LuaDBI", "5.4", "luadbi", Leak("open", "shutdown", "held",
                                        how="interpreter shutdown")),
    Client("Pgtcl", "tcl", "local", "tcl/pgtcl.tcl", ("/usr/bin/tclsh", "{source}"),
           Leak("", "shutdown", "held", how="interpreter shutdown", line="")),
    Client("tdbc::postgres", "tcl", "dlsym", "tcl/tdbc.tcl", ("/usr/bin/tclsh", "{source}"),
           Leak("", "open", "leak", line="")),
    Client("RPostgreSQL", "r", "local", "r/rpostgresql.R", ("/usr/bin/Rscript", "{source}"),
           Leak("", "open", "leak", line="")),
    Client("pg-native with --perf-basic-prof", "javascript", "local", "node/pg_native.js",
           (*NAMING_NODE, "{source}", NODE_CLIENTS),
           Leak("openOne", "open", "leak"), needs=(NODE_CLIENTS + "/complete",)),
    Client("node libpq, asynchronous", "javascript", "local", "node/libpq.js",
           ("node", "{source}", NODE_CLIENTS),
           Leak("", "open", "leak", line=""), needs=(NODE_CLIENTS + "/complete",)),
]
