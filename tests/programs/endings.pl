# Opens one connection with DBD::Pg and ends in the way that the argument names.
#
# Server and user come from PGHOST, PGPORT, PGUSER and PGDATABASE.
use strict;
use warnings;
use DBI;
use POSIX ();

our $kept;
my $at_end;
END { $at_end->disconnect if $at_end }

sub open_one {
    return DBI->connect('dbi:Pg:', '', '', { RaiseError => 1, PrintError => 0, @_ });
}

sub end_disconnect { open_one()->disconnect }

sub end_disconnect_by_name {
    my ($handle, $method) = (open_one(), 'disconnect');
    $handle->$method;
}

sub end_disconnect_in_eval {
    my $handle = open_one();
    eval { $handle->disconnect; 1 } or die $@;
}

sub end_scope { my $handle = open_one(); $handle->do('select 1') }

sub end_undef {
    my $handle = open_one();
    undef $handle;
    print "undefined\n";
}

sub end_assigned {
    my $handle = open_one();
    $handle = undef;
}

sub end_exception {
    eval { my $handle = open_one(); die "expected\n" };
    print $@;
}

# Nobody can reach it, and Perl has no collector.
sub end_cycle {
    my $handle = open_one();
    my %holder = (handle => $handle);
    $holder{self} = \%holder;
}

sub end_destructor {
    my $store = Store->new(open_one());
    undef $store;
    print "destroyed\n";
}

sub end_destruction { $kept = open_one() }

sub end_captured {
    my $handle = open_one();
    $kept = sub { return $handle };
}

sub end_end { $at_end = open_one() }

sub end_exit { my $handle = open_one(); exit 3 }

# What is only in a temporary goes when all subs are left.
sub leave { exit 3 }
sub end_exit_temporary { my $handle = open_one(); leave(sub { return $handle }) }

sub end_die { my $handle = open_one(); die "not caught\n" }

sub end_cached { DBI->connect_cached('dbi:Pg:', '', '')->do('select 1') }

sub end_cached_disconnect { DBI->connect_cached('dbi:Pg:', '', '')->disconnect }

sub end_in_transaction {
    $kept = open_one(AutoCommit => 0);
    $kept->do('select 1');
}

sub end_underscore_exit { $kept = open_one(); POSIX::_exit(4) }

sub end_exec { $kept = open_one(); exec '/bin/true' or die }

sub end_signal { $kept = open_one(); kill 'TERM', $$; sleep 60 }

sub end_kill { $kept = open_one(); kill 'KILL', $$; sleep 60 }

sub end_inactive { $kept = open_one(); $kept->{InactiveDestroy} = 1 }

sub end_failed {
    eval { DBI->connect('dbi:Pg:dbname=no_such_database', '', '', { RaiseError => 1,
                        PrintError => 0 }) };
    print $@ =~ /no_such_database/ ? "failed\n" : $@;
}

# A thread has an interpreter of its own, which goes with it.
sub end_thread {
    require threads;
    threads->create(sub { our $mine = open_one(); $mine->do('select 1') })->join;
    print "joined\n";
}

sub child {
    my ($run) = @_;
    my $pid = fork // die "cannot fork: $!";
    if (!$pid) {
        $run->();
        exit 0;
    }
    waitpid $pid, 0;
    print "child $?\n";
}

# What the child makes of its parent's handle is seen in the parent.
sub fork_with {
    my ($run, @attributes) = @_;
    my $handle = open_one(@attributes);
    child(sub { $run->(\$handle) });
    print $handle->ping ? "alive\n" : "dead\n";
    $handle->disconnect;
}

sub end_fork_exit {
    my $handle = open_one();
    my $pid = fork // die "cannot fork: $!";
    exit 0 if !$pid;
    waitpid $pid, 0;
    print "child $?\n", $handle->ping ? "alive\n" : "dead\n";
    $handle->disconnect;
}

sub end_fork_undef { fork_with(sub { ${$_[0]} = undef }) }

sub end_fork_underscore_exit { fork_with(sub { POSIX::_exit(0) }) }

sub end_fork_inactive { fork_with(sub { }, AutoInactiveDestroy => 1) }

# Nothing of the program runs when this one goes.
sub end_fork_destruction {
    $kept = open_one();
    child(sub { });
    print $kept->ping ? "alive\n" : "dead\n";
    $kept->disconnect;
}

package Store;

sub new { my ($class, $handle) = @_; return bless { handle => $handle }, $class }

sub DESTROY { my $self = shift; $self->{handle}->disconnect }

package main;

# A variable of the file is let go behind the last statement.
sub end_file { }
my $of_the_file;
$of_the_file = open_one() if $ARGV[0] eq 'file';

no strict 'refs';
&{"end_$ARGV[0]"}();
print "done\n";
