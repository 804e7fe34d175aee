// Speaks PostgreSQL in JavaScript alone.
const { Client } = require('pg');

async function main() {
	const client = new Client();
	await client.connect();
	console.log((await client.query('select 1 as answer')).rows[0].answer);
	await client.end();
}

main();
