// pg-native's synchronous calls; a client that nobody ends.
const Client = require(process.argv[2] + '/node_modules/pg-native');
const step = require('./step');

function openOne() { // leak here: V8 tells where a function begins
	const client = new Client();
	client.connectSync('');
	return client;
}

function work(mode) {
	const client = openOne();
	step();
	console.log(client.querySync('select 1 as one'));
	step();
	if (mode === 'closes')
		client.end();
	step();
}

work(process.argv[3]);
console.log('end');
