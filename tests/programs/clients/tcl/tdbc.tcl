# tdbc::postgres: a connection is an object, which exit does not destroy.
source [file join [file dirname [info script]] step.tcl]
package require tdbc::postgres

tdbc::postgres::connection create db
step
puts [db allrows {select 1 as one}]
step
if {[lindex $argv 0] eq "closes"} {
	db close
	step
}
puts end
