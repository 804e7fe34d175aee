# Defines step, which stops until the test lets the program go on: see stepping.py.
proc step {} {}
if {[info exists env(PQLEAK_TEST_STEPS)]} {
	lassign [split $env(PQLEAK_TEST_STEPS) ,] write_to read_from
	set to_test [open /dev/fd/$write_to w]
	set from_test [open /dev/fd/$read_from r]
	fconfigure $to_test -buffering none -translation binary
	fconfigure $from_test -buffering none -translation binary
	proc step {} {
		puts -nonewline $::to_test .
		if {[read $::from_test 1] ne "."} {
			error "the test is gone"
		}
	}
}
