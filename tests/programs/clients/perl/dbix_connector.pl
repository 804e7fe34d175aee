# DBIx::Connector. Called with `leaks`, it makes one in each call and drops it.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use DBIx::Connector;
use Step;

sub handle_request {
    my $connector = DBIx::Connector->new('dbi:Pg:', '', '', { RaiseError => 1 });
    my ($one) = $connector->run(fixup => sub { $_->selectrow_array('select 1') }); # leak here
    step();
    return $one;
}

if ($ARGV[0] eq 'leaks') {
    print handle_request(), "\n" for 1 .. 3;
    step();
} else {
    my $connector = DBIx::Connector->new('dbi:Pg:', '', '');
    print $connector->run(ping => sub { $_->selectrow_array('select 1') }), "\n";
    step();
    $connector->disconnect;
    step();
}
