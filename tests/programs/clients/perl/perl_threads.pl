# Threads, each with an interpreter and a handle of its own. Called with `leaks`, they end
# without a disconnect.
use strict;
use warnings;
use threads;
use FindBin;
use lib $FindBin::Bin;
use DBI;
use Step;

our $handle;

sub work {
    my ($is_leaking) = @_;
    $handle = DBI->connect('dbi:Pg:', '', '', { RaiseError => 1 }); # leak here
    my ($one) = $handle->selectrow_array('select 1');
    step();
    $handle->disconnect if !$is_leaking;
    return $one;
}

for (1 .. 2) {
    print threads->create(\&work, $ARGV[0] eq 'leaks')->join, "\n";
    step();
}
