# DBIx::Connector. Called with `leaks`, it makes one in each call and drops it.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use DBIx::Connector;
use Step;

sub handle_request {
    my $connector = DBIx::Connector->new('dbi:Pg:', '', '', { RaiseError => 1 });
    return $connector->run(fixup => sub { ($_->selectrow_array('select 1'))[0] }); # leak here
}

if ($ARGV[0] eq 'leaks') {
    for (1 .. 3) {
        print handle_request(), "\n";
        step();
    }
} else {
    my $connector = DBIx::Connector->new('dbi:Pg:', '', '');
    print $connector->run(ping => sub { $_->selectrow_array('select 1') }), "\n";
    step();
    $connector->disconnect;
    step();
}
