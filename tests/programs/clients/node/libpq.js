// libpq's asynchronous connect, in a thread of node's pool; process.exit() without finish().
const PQ = require(process.argv[2] + '/node_modules/libpq');
const step = require('./step');

const pq = new PQ();

// Not behind connect(): the thread is at work then.
step();
pq.connect('', (error) => {
	step();
	pq.exec('select 1 as one');
	console.log(error, pq.getvalue(0, 0));
	if (process.argv[3] === 'leaks')
		process.exit(0);
	pq.finish();
	step();
	console.log('end');
});
