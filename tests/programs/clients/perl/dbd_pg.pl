# DBI with DBD::Pg. Called with `leaks`, it opens a handle in each call and drops it.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use DBI;
use Step;

sub one_of {
    my ($handle) = @_;
    my ($one) = $handle->selectrow_array('select 1');
    step();
    return $one;
}

sub handle_request {
    my $handle = DBI->connect('dbi:Pg:', '', '', { RaiseError => 1 }); # leak here
    return one_of($handle);
}

if ($ARGV[0] eq 'leaks') {
    print handle_request(), "\n" for 1 .. 3;
    step();
} else {
    my $handle = DBI->connect('dbi:Pg:', '', '', { RaiseError => 1 });
    print one_of($handle), "\n";
    $handle->disconnect;
    step();
}
