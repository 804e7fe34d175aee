# Pgtcl: a connection is a channel, which exit closes.
source [file join [file dirname [info script]] step.tcl]
package require Pgtcl

proc open_one {} {
	return [pg_connect -conninfo ""]
}

set connection [open_one]
step
set result [pg_exec $connection "select 1"]
puts [pg_result $result -getTuple 0]
pg_result $result -clear
step
if {[lindex $argv 0] eq "closes"} {
	pg_disconnect $connection
	step
}
puts end
