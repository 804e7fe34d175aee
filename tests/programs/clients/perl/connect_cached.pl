# DBI's connect_cached. Called with `leaks`, it leaves the handle in DBI's cache.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use DBI;
use Step;

sub handle {
    my $handle = DBI->connect_cached('dbi:Pg:', '', '', { RaiseError => 1 }); # leak here
    step();
    return $handle;
}

print handle()->selectrow_array('select ?::int', undef, $_), "\n" for 1 .. 3;
handle()->disconnect if $ARGV[0] eq 'closes';
step();
