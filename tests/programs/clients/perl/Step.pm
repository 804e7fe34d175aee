# Stops at a step of the test's, which looks at the server and the ledger then: see
# tests/process/stepping.py.
package Step;

use strict;
use warnings;
use Exporter 'import';

our @EXPORT = ('step');

my ($to_test, $from_test);
if (my $descriptors = $ENV{PQLEAK_TEST_STEPS}) {
    my ($write, $read) = split /,/, $descriptors;
    open $to_test, '>&=', $write or die "cannot write to $write: $!";
    open $from_test, '<&=', $read or die "cannot read from $read: $!";
}

sub step {
    return if !$to_test;
    syswrite $to_test, '.' or exit 99;
    sysread $from_test, my $answer, 1 or exit 99;
    return;
}

1;
